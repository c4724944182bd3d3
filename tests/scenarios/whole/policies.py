"""The policy of a story in the ids of the sandbox, and the way back."""

from dataclasses import dataclass
from typing import Any

from returnsops.returns.places import location_of, place_at, status_of
from tests.builders import DAMAGED, HOLDING, SELLABLE
from tests.builders import policy as read_policy

Json = dict[str, Any]
LENT = {"several": "manual", "exchange_clearing": "paypal"}  # the sandbox has no gateways of these names


@dataclass(frozen=True)
class Places:
    """world: what the sandbox calls its three; further: by the story's id."""

    world: dict[str, str]
    further: dict[str, str]

    @property
    def ids(self) -> dict[str, str]:
        """By the story's."""
        known = {HOLDING: "holding", SELLABLE: "sellable", DAMAGED: "damaged"}
        return {place: self.world[name] for place, name in known.items()} | self.further

    @property
    def names(self) -> dict[str, str]:
        """What the story calls them, by id of the sandbox."""
        return {place: name for name, place in self.world.items()} | {real: told for told, real in self.further.items()}


def rules_of(told: Json, world: Json, places: Places) -> Json:
    """What a story says of the policy, besides what every story follows."""
    whole = read_policy(**told)
    return told | {
        "scrap_account": world["adjustment_account_id"] if whole.scrap_account else "",
        "found_account": world["adjustment_account_id"] if whole.found_account else "",
        "exchange_location": places.ids.get(whole.exchange_location, ""),
        "locations": {name: _place(places, place) for name, place in _locations(told).items()},
        "items": {key: world["items"][key] for key in whole.items},
        "tenders": {gateway: account_of(gateway, world) for gateway in whole.tenders},
        "place_rules": [rule | {"place": _place(places, rule["place"])} for rule in told.get("place_rules", [])],
    }


def _place(places: Places, told: str) -> str:
    location = places.ids.get(location_of(told), "")
    return place_at(location, {status_of(told)} - {""})


def _locations(told: Json) -> dict[str, str]:
    named: dict[str, str] = told.get("locations", {"holding": HOLDING, "sellable": SELLABLE, "damaged": DAMAGED})
    return named


def account_of(gateway: str, world: Json) -> dict[str, str]:
    methods: dict[str, dict[str, str]] = world["refund_methods"]
    return dict(methods[LENT.get(gateway, gateway)])
