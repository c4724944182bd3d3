"""Checks of connections, with what the policies rely on: which ids they name, and what ReturnsOps is to write."""

from typing import Any

from integrations.discovery.check import check_account, check_shop
from integrations.discovery.configured import Configured
from integrations.models import NetSuiteAccount, Shop
from integrations.profile import Profile
from returnsops.returns.policies import active_policies
from returnsops.returns.policy import RECORD_KINDS
from returnsops.returns.policy_uses import uses_of

EXTERNAL_IDS = "loop-{code}-"  # how those of a shop begin


def check_connection(connection: Shop | NetSuiteAccount) -> Profile[Any] | None:
    """Ask the other side, store what was found. None when a check is running already."""
    if isinstance(connection, Shop):
        return check_shop(connection)
    return check_account(connection, read_configured(connection))


def read_configured(account: NetSuiteAccount) -> Configured:
    policies = active_policies(account)
    return Configured(
        uses=tuple(use for shop, policy in policies.items() for use in uses_of(policy, shop=shop.name)),
        writes=frozenset(kind for policy in policies.values() for kind in RECORD_KINDS if policy.writes(kind)),
        own_marks=tuple(EXTERNAL_IDS.format(code=shop.code) for shop in policies),
    )
