"""Nothing lost: every return is complete on both sides, ended, or in an open case that says why not."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from returnsops.management.rehearsal.books.families import Family
from returnsops.management.rehearsal.books.money import given_as_credit
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
ENDED = frozenset({"cancelled", "expired"})
CLOSED_RMA = ("G", "H", "C")  # pending refund is past once it is refunded, closed or cancelled
BILLED_RMA = ("G", "H")


def check_completeness(one: Json, family: Family, *, has_case: bool, verdict: Verdict) -> None:
    """What is missing because somebody else laid hands on it is a divergence; all else is lost."""
    missing = what_is_missing(one, family)
    if not missing and one["state"] not in ENDED:
        verdict.settled += 1
    if missing and not has_case:
        invariant = "divergences_without_case" if family.has_foreign_hand() else "lost"
        verdict.note(invariant, 1, f"return {one['id']} ({one['scenario']}): {missing}, and no case says why")


def what_is_missing(one: Mapping[str, Any], family: Family) -> str:
    if one["state"] in ENDED:
        still_open = [rma["tranid"] for rma in family.rmas if rma["status"] not in CLOSED_RMA]
        return f"{still_open[0]} is still open" if still_open else ""
    if one["state"] != "closed":
        return f"Loop shows it as {one['state']}"
    if not family.rmas:
        return "it has no Return Authorization"
    unbilled = [rma for rma in family.rmas if rma["status"] not in BILLED_RMA]
    if unbilled:
        return f"{unbilled[0]['tranid']} is {unbilled[0]['status_label']}"
    if not family.credits:
        return "it has no credit"
    to_stay_open = given_as_credit(one)
    left = sum((Decimal(credit["amountremaining"] or 0) for credit in family.credits), Decimal(0))
    return "" if left == to_stay_open else f"its credit has {left} open"
