"""What happened: the mirrors of both systems, what the warehouse saw, what people decided, under which policy."""

from returnsops.returns.models.decisions import Approval, Override
from returnsops.returns.models.inspection import Arrival, FoundGoods, InspectedUnit, Inspection
from returnsops.returns.models.items import Item, ItemStock, KitMember, SkuMapping
from returnsops.returns.models.mirror import (
    ExchangeItem,
    FactChange,
    LoopReturn,
    NetSuiteLine,
    NetSuiteRecord,
    ReturnLine,
)
from returnsops.returns.models.policy_version import PolicyVersion
from returnsops.returns.models.shadow import ShadowVerdict

__all__ = [
    "Approval",
    "Arrival",
    "ExchangeItem",
    "FactChange",
    "FoundGoods",
    "InspectedUnit",
    "Inspection",
    "Item",
    "ItemStock",
    "KitMember",
    "LoopReturn",
    "NetSuiteLine",
    "NetSuiteRecord",
    "Override",
    "PolicyVersion",
    "ReturnLine",
    "ShadowVerdict",
    "SkuMapping",
]
