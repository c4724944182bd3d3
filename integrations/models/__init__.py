"""The edge: which shops and accounts there are, their secrets, what came in, how far we have read."""

from integrations.models.connection import Connection
from integrations.models.credential import Credential
from integrations.models.inbox import InboundEvent
from integrations.models.loop import MORE_WEBHOOKS, CallBudget, Shop, validate_more_webhooks
from integrations.models.netsuite import AccessToken, Lane, LaneDemand, LaneHours, LaneLimit, NetSuiteAccount
from integrations.models.profile import ConnectionProfile
from integrations.models.refusal_rule import RefusalRule
from integrations.models.sync import SyncCursor, SyncRun, UnreadRecord

__all__ = [
    "MORE_WEBHOOKS",
    "AccessToken",
    "CallBudget",
    "Connection",
    "ConnectionProfile",
    "Credential",
    "InboundEvent",
    "Lane",
    "LaneDemand",
    "LaneHours",
    "LaneLimit",
    "NetSuiteAccount",
    "RefusalRule",
    "Shop",
    "SyncCursor",
    "SyncRun",
    "UnreadRecord",
    "validate_more_webhooks",
]
