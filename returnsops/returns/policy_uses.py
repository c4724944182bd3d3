"""Every id of NetSuite that a shop's rules name. Pure."""

from collections.abc import Iterator

from integrations.discovery.configured import Purpose, Use
from returnsops.returns.policy import Policy


def uses_of(policy: Policy, *, shop: str) -> Iterator[Use]:
    places = policy.locations
    named = ((Purpose.HOLDING, places.holding), (Purpose.SELLABLE, places.sellable), (Purpose.DAMAGED, places.damaged))
    for purpose, place in named:
        if place:
            yield Use(purpose, place, f"locations.{purpose}", shop)
    for place in sorted({one.place for one in policy.place_rules} - {place for _, place in named}):
        purpose = Purpose.SELLABLE if place in policy.sellable_places else Purpose.DAMAGED
        yield Use(purpose, place, "place_rules", shop)
    if policy.exchange_location:
        yield Use(Purpose.SHIPPING, policy.exchange_location, "exchange_location", shop)
    if policy.scrap_account:
        yield Use(Purpose.ACCOUNT, policy.scrap_account, "scrap_account", shop)
    if policy.found_account:
        yield Use(Purpose.ACCOUNT, policy.found_account, "found_account", shop)
    for key, item in policy.items.items():
        yield Use(Purpose.ITEM, item, f"items.{key}", shop)
    for gateway, tender in policy.tenders.items():
        yield Use(Purpose.ACCOUNT, tender.account_id, f"tenders.{gateway}.account_id", shop)
        if tender.payment_option_id:
            yield Use(Purpose.METHOD, tender.payment_option_id, f"tenders.{gateway}.payment_option_id", shop)
