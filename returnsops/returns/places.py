"""A place of the rules: a location of NetSuite and, where the account keeps stock apart so, an inventory status. Pure.

It is one text, «31» or «31/2» for status 2 at location 31, so that whatever goes by places goes by both. Several
statuses on one row, which nobody asks for and a person may enter, are «31/several», which is no place of any rule.
"""

from collections.abc import Collection, Mapping
from typing import Any

BETWEEN, SEVERAL = "/", "several"


def place_at(location: str, statuses: Collection[str] = ()) -> str:
    status = SEVERAL if len(statuses) > 1 else "".join(statuses)
    return f"{location}{BETWEEN}{status}" if status else location


def location_of(place: str) -> str:
    return place.partition(BETWEEN)[0]


def status_of(place: str) -> str:
    """Empty: none is named, and NetSuite gives its default, which is sellable (netsuite.md 4.13)."""
    return place.partition(BETWEEN)[2]


def place_words(place: str) -> str:
    status = status_of(place)
    return f"location {location_of(place)}" + (f" in status {status}" if status else "")


def status_detail(count: int, *, status: str, to_status: str = "") -> dict[str, Any]:
    """What a row of goods says of the status of its units; nothing where the rules name none."""
    named = {"inventoryStatus": status, "toInventoryStatus": to_status}
    told = {name: {"id": one} for name, one in named.items() if one}
    rows = [told | {"quantity": count}]
    return {"inventoryDetail": {"inventoryAssignment": {"items": rows}}} if told else {}


def place_of_row(location: str, row: Mapping[str, Any], *, side: str = "inventoryStatus") -> str:
    """Where a row that we sent puts its units, or, by `toInventoryStatus`, moves them."""
    assigned = row.get("inventoryDetail", {}).get("inventoryAssignment", {}).get("items", [])
    return place_at(location, {one[side]["id"] for one in assigned if side in one})
