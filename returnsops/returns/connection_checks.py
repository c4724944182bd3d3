"""Checks of connections, with what the policies rely on: which ids they name, and what ReturnsOps is to write."""

from collections.abc import Iterator
from typing import Any

from integrations.discovery.check import check_account, check_shop
from integrations.discovery.configured import Configured, Purpose, Use
from integrations.models import NetSuiteAccount, Shop
from integrations.profile import Profile
from returnsops.returns.policies import active_policies
from returnsops.returns.policy import RECORD_KINDS, Policy

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


def uses_of(policy: Policy, *, shop: str) -> Iterator[Use]:
    """Every id of NetSuite that these rules name."""
    places = policy.locations
    for purpose, place in (
        (Purpose.HOLDING, places.holding),
        (Purpose.SELLABLE, places.sellable),
        (Purpose.DAMAGED, places.damaged),
    ):
        if place:
            yield Use(purpose, place, f"locations.{purpose}", shop)
    for key, item in policy.items.items():
        yield Use(Purpose.ITEM, item, f"items.{key}", shop)
    for gateway, tender in policy.tenders.items():
        yield Use(Purpose.ACCOUNT, tender.account_id, f"tenders.{gateway}.account_id", shop)
        if tender.payment_option_id:
            yield Use(Purpose.METHOD, tender.payment_option_id, f"tenders.{gateway}.payment_option_id", shop)
