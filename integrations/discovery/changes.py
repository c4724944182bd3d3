"""What differs between two checks, in words."""

from dataclasses import fields
from typing import Any

from integrations.profile import Finding, Profile, Severity

CHANGES_MAX = 30
COUNTED = {"sales", "writers", "clock_differs_s"}  # differ at every check and mean nothing by that

UNTOLD: tuple[object, ...] = (None, "", (), {}, [])

# Facts whose name in the code is not how people call them; the rest is read as it stands.
NAMES = {
    "advanced_receiving": "Advanced Receiving",
    "one_world": "OneWorld",
    "suite_tax": "SuiteTax",
    "suiteql": "SuiteQL",
    "inventory_status": "Inventory Status",
    "restock": "the restock box of receipt rows",
    "create_form": "create-form",
    "deleted_readable": "the list of deleted records",
    "links_readable": "the links between records",
    "status_form": "the form of statuses",
    "access": "the rights of the role",
    "previewed": "which documents can be previewed",
    "receipt_row_keys": "what names a receipt's row",
    "refund_method_fields": "the field of the refund method",
    "database_offset_min": "the database's clock, in minutes from UTC",
    "full_lists": "which lists are complete",
    "missing_fields": "the fields we miss",
    "required_fields": "your mandatory fields",
    "period": "the accounting period of today",
    "list_shape": "the shape of lists",
    "details_shape": "the shape of details",
    "notes_shape": "the shape of notes",
    "calls_a_minute": "how many calls a minute are allowed",
    "shipping_notice": "the right to shipping notices",
    "line_fields": "the field of the shop's line ids",
    "sku_fields": "the field of the SKU",
}


def describe_changes(before: Profile[Any], after: Profile[Any]) -> tuple[str, ...]:
    told = [*_changed_facts(before.facts, after.facts), *_changed_findings(before.findings, after.findings)]
    return tuple(told[:CHANGES_MAX])


def _changed_facts(before: Any, after: Any) -> list[str]:
    return [
        sentence
        for one in fields(after)
        if one.name not in COUNTED
        for sentence in _change(one.name, getattr(before, one.name), getattr(after, one.name))
    ]


def _change(name: str, before: Any, after: Any) -> list[str]:
    label = NAMES.get(name, name.replace("_", " "))
    if before == after or after in UNTOLD:
        return []  # what could not be told this time did not change
    if before in UNTOLD:
        return [f"{_begin(label)} is known now{_value(after)}."]
    if isinstance(after, bool):
        return [f"{_begin(label)} {'became available' if after else 'is no longer available'}."]
    if isinstance(after, dict):
        return _changed_keys(label, before, after)
    return [f"{_begin(label)} changed{_value(after)}."]


def _value(after: Any) -> str:
    """Short ones in words; a list of locations would be no help."""
    if isinstance(after, bool):
        return ": yes" if after else ": no"
    return f": {after}" if isinstance(after, str | int | float) else ""


def _changed_keys(label: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        [f"{_begin(label)} changed: {', '.join(sorted(names)[:5])}{', …' if len(names) > 5 else ''}."] if names else []
    )


def _changed_findings(before: tuple[Finding, ...], after: tuple[Finding, ...]) -> list[str]:
    serious = (Severity.BLOCKS, Severity.WARNS)
    old = {one.code: one for one in before if one.severity in serious}
    new = {one.code: one for one in after if one.severity in serious}
    came = [f"New: {one.words}" for code, one in new.items() if code not in old]
    went = [f"Settled: {one.words}" for code, one in old.items() if code not in new]
    return came + went


def _begin(label: str) -> str:
    return label[:1].upper() + label[1:]
