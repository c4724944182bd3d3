"""From rules as stored (JSON) to a policy. Nonsense and contradictions are refused, in sentences one can act on."""

import re
from collections.abc import Collection
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from returnsops.returns.places import BETWEEN
from returnsops.returns.policy import (
    ITEM_KEYS,
    JUDGED,
    OUTCOMES,
    RECORD_KINDS,
    WRONG_ITEM,
    Assessment,
    CreditLines,
    Deadlines,
    ExchangeAddress,
    ExchangeForm,
    ExchangeOrder,
    ExchangeSettlement,
    ExchangeStock,
    ExchangeTiming,
    Grade,
    KeptItems,
    Locations,
    Ownership,
    PlaceRule,
    Policy,
    ReadBack,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
    RestockExemption,
    RmaSource,
    RmaTrigger,
    Tender,
)
from returnsops.returns.policy_contradictions import find_contradictions, find_unfit

WITH_STATUS = re.compile(r"\d+/\d+")


def parse_policy(rules: dict[str, Any]) -> Policy:
    """New rules (JSON) → Policy. Raises ValidationError naming every setting that is wrong."""
    policy, wrong = _read(rules)
    wrong += find_unfit(policy)
    if wrong:
        raise ValidationError(wrong)
    return policy


def parse_stored(rules: dict[str, Any]) -> Policy:
    """Rules that are followed already: what only new ones may not say is left to the plan."""
    policy, wrong = _read(rules)
    if wrong:
        raise ValidationError(wrong)
    return policy


def _read(rules: dict[str, Any]) -> tuple[Policy, list[str]]:
    wrong: list[str] = []
    values: dict[str, Any] = {}
    unknown = set(rules) - {setting.name for setting in fields(Policy)}
    wrong += [f"There is no setting «{name}»." for name in sorted(unknown)]
    for name, read in READERS.items():
        if name in rules:
            try:
                values[name] = read(rules[name])
            except (ValueError, TypeError, ArithmeticError, KeyError, AttributeError):
                wrong.append(f"«{name}» cannot be {rules[name]!r}.")
    policy = Policy(**values)
    return policy, wrong + find_contradictions(policy)


def read_place_rules(value: list[dict[str, str]]) -> tuple[PlaceRule, ...]:
    rules = tuple(PlaceRule(**{name: str(one) for name, one in row.items()}) for row in value)
    for one in rules:
        read_place(one.place)
        if one.outcome not in OUTCOMES or not one.place or not _names_units(one):
            raise ValueError(f"{one} names no units or no place")
    return rules


def _names_units(rule: PlaceRule) -> bool:
    return bool(rule.sku.rstrip("*") or rule.destination or rule.category.rstrip("*"))


def read_place(place: str) -> str:
    """A location, or a location and one status in it."""
    if BETWEEN in place and not WITH_STATUS.fullmatch(place):
        raise ValueError(f"{place} is neither a location nor a status in one")
    return place


def read_location(value: Any) -> str:
    """Of orders, which name no status."""
    location = str(value).strip()
    if BETWEEN in location:
        raise ValueError("not a location alone")
    return location


def read_exemption(value: dict[str, Any]) -> RestockExemption:
    unknown = set(value) - {setting.name for setting in fields(RestockExemption)}
    if unknown:
        raise ValueError(f"unknown parts {unknown}")
    skus = tuple(str(one).strip() for one in value.get("skus", []))
    if any(not one.rstrip("*") for one in skus):
        raise ValueError("an exemption names SKUs, never all of them")
    until = date.fromisoformat(value["until"]) if value.get("until") else None
    return RestockExemption(str(value.get("reason", "")).strip(), until, skus)


def read_ownership(value: dict[str, str]) -> dict[str, Ownership]:
    unknown = set(value) - set(RECORD_KINDS)
    if unknown:
        raise ValueError(f"unknown record kinds {unknown}")
    return {kind: Ownership(value.get(kind, Ownership.OBSERVE)) for kind in RECORD_KINDS}


def read_items(value: dict[str, str]) -> dict[str, str]:
    unknown = set(value) - set(ITEM_KEYS)
    if unknown:
        raise ValueError(f"unknown items {unknown}")
    return {key: str(item) for key, item in value.items()}


def read_grades(value: dict[str, str]) -> dict[str, Grade]:
    return {_known(outcome, (*JUDGED, WRONG_ITEM)): Grade(word) for outcome, word in value.items()}


def read_assessments(value: dict[str, str]) -> dict[str, Assessment]:
    return {_known(outcome, JUDGED): Assessment(word) for outcome, word in value.items()}


def _known(name: str, names: Collection[str]) -> str:
    if name not in names:
        raise ValueError(f"unknown outcome {name}")
    return name


def read_currencies(value: dict[str, str]) -> dict[str, str]:
    if any(len(code) != 3 or not code.isalpha() for code in value.values()):
        raise ValueError("a currency has a code of three letters")
    return {str(name): code.upper() for name, code in value.items()}


def read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def read_name(value: Any) -> str:
    """Of a key in another system's answer: letters, digits and underscores."""
    name = str(value).strip()
    if name and not name.isidentifier():
        raise ValueError("not a name")
    return name


def read_amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError("not an amount")
    return amount


def read_part(value: Any) -> Decimal:
    part = read_amount(value)
    if part > 1:
        raise ValueError("more than the whole")
    return part


def read_deadlines(value: dict[str, float]) -> Deadlines:
    """Seconds by name, as JSON has no durations."""
    deadlines = Deadlines(**{name: timedelta(seconds=float(seconds)) for name, seconds in value.items()})
    if any(getattr(deadlines, name) < timedelta(0) for name in value):
        raise ValueError("a deadline before its moment")
    return deadlines


READERS: dict[str, Any] = {
    "ownership": read_ownership,
    "rma_trigger": RmaTrigger,
    "rma_source": RmaSource,
    "receipt_trigger": ReceiptTrigger,
    "receipt_shape": ReceiptShape,
    "restock_exemption": read_exemption,
    "refund_authority": RefundAuthority,
    "credit_lines": CreditLines,
    "exchange_order": ExchangeOrder,
    "exchange_form": ExchangeForm,
    "exchange_timing": ExchangeTiming,
    "exchange_link_field": read_name,
    "exchange_settlement": ExchangeSettlement,
    "exchange_stock": ExchangeStock,
    "exchange_location": read_location,
    "exchange_address": ExchangeAddress,
    "tolerance_per_line": read_amount,
    "tolerance_share": read_amount,
    "approval_above": lambda value: None if value is None else read_amount(value),
    "place_rules": read_place_rules,
    "locations": lambda value: Locations(**{name: read_place(str(place)) for name, place in value.items()}),
    "scrap_account": str,
    "found_account": str,
    "items": read_items,
    "tenders": lambda value: {gateway: Tender(**tender) for gateway, tender in value.items()},
    "currencies": read_currencies,
    "prices_include_tax": read_flag,
    "duties_field": read_name,
    "kept_items": KeptItems,
    "read_back": ReadBack,
    "read_back_share": read_part,
    "grades": read_grades,
    "assessments": read_assessments,
    "grades_when_ended": read_flag,
    "deadlines": read_deadlines,
}
