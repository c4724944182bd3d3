"""Every id of NetSuite that a shop's rules name. Pure."""

from collections.abc import Iterator

from integrations.discovery.configured import Purpose, Use
from returnsops.returns.places import location_of, status_of
from returnsops.returns.policy import Policy


def uses_of(policy: Policy, *, shop: str) -> Iterator[Use]:
    places = policy.locations
    named = ((Purpose.HOLDING, places.holding), (Purpose.SELLABLE, places.sellable), (Purpose.DAMAGED, places.damaged))
    for purpose, place in named:
        if place:
            yield from _uses_of_place(policy, place, purpose, name=f"locations.{purpose}", shop=shop)
    for place in sorted({one.place for one in policy.place_rules} - {place for _, place in named}):
        purpose = Purpose.SELLABLE if place in policy.sellable_places else Purpose.DAMAGED
        yield from _uses_of_place(policy, place, purpose, name="place_rules", shop=shop)
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


def _uses_of_place(policy: Policy, place: str, purpose: Purpose, *, name: str, shop: str) -> Iterator[Use]:
    status, is_sold = status_of(place), place in policy.sellable_places
    # Where units wait in a status of their own, it is the status that keeps them from being sold.
    yield Use(Purpose.PLACE if status and not is_sold else purpose, location_of(place), name, shop)
    if status:
        yield Use(Purpose.STATUS_SOLD if is_sold else Purpose.STATUS, status, name, shop)
