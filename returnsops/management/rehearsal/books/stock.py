"""Nothing sellable uninspected: units that documents brought into a sellable place, against units passed."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from returnsops.management.rehearsal.books.exempt import Exemption, count_exempt
from returnsops.management.rehearsal.books.families import Family, is_ours
from returnsops.management.rehearsal.books.found import ADJUSTMENT, TakenIn, units_taken_in
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
Brought = Mapping[tuple[str, str], int]  # units by account and transaction


@dataclass(frozen=True)
class Stock:
    """What documents brought into sellable places, and which of them another hand has changed since."""

    brought: Brought
    edited: set[tuple[str, str]]
    taken_in: TakenIn

    @classmethod
    def of(cls, dump: Mapping[str, Any]) -> Self:
        return cls(units_made_sellable(dump), edited_by_others(dump), units_taken_in(dump))


def units_made_sellable(dump: Mapping[str, Any]) -> Brought:
    """The most that each document ever held in sellable places: undoing it later does not undo that it was offered.

    Of adjustments only our own: the opening stock is one of a person.
    """
    held: Counter[tuple[str, str]] = Counter()
    most: dict[tuple[str, str], int] = defaultdict(int)
    for account_id, account in dump["netsuite"].items():
        ours = {str(one["id"]) for one in account["transactions"] if one["type"] == ADJUSTMENT and is_ours(one)}
        for row in account["ledger"]:
            if row["sellable"] and (row["type"] != ADJUSTMENT or str(row["transaction"]) in ours):
                key = (account_id, str(row["transaction"]))
                held[key] += row["quantity"]
                most[key] = max(most[key], held[key])
    return most


def edited_by_others(dump: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Account and id of every document that a person or another connector has changed, by NetSuite's own log."""
    return {
        (account_id, str(row["record_id"]))
        for account_id, account in dump["netsuite"].items()
        for row in account["log"]
        if row["who"] != "api" and row["action"] == "update"
    }


def units_passed(account: Json, passed: Mapping[str, int]) -> int:
    """How many units of stock those judged sellable are: a kit is judged as one, and lies there as what is in it.

    passed: how many of each SKU.
    """
    size_of: dict[str, int] = {
        kit["sku"]: sum(member["quantity"] for member in kit["members"]) for kit in account["kits"]
    }
    return sum(size_of.get(sku, 1) * count for sku, count in passed.items())


def check_sellable(
    one: Json,
    family: Family,
    stock: Stock,
    *,
    passed: int,
    exemption: Exemption | None,
    has_case: bool,
    verdict: Verdict,
) -> None:
    """What a person makes sellable by hand is theirs to answer for, but never in silence. What an administrator let
    through is counted apart."""
    documents = [*family.receipts, *family.credits, *family.others, *family.undone]
    units = {document["id"]: stock.brought.get((family.account, document["id"]), 0) for document in documents}
    untouched = [one for one in documents if is_ours(one) and (family.account, one["id"]) not in stock.edited]
    ours = sum(units[document["id"]] for document in untouched)
    exempt = max(0, min(ours - passed, count_exempt(one, family, exemption)))
    verdict.exempt += exempt
    words = f"return {one['id']}: {ours} unit(s) made sellable, {passed} passed inspection, {exempt} exempt"
    verdict.note("uninspected_sellable", ours - passed - exempt, words)
    if sum(units.values()) > passed + exempt >= ours and not has_case:
        verdict.note("divergences_without_case", 1, f"return {one['id']}: made sellable by another hand")


def check_unnamed(dump: Mapping[str, Any], families: Mapping[str, Family], stock: Stock, verdict: Verdict) -> None:
    """What we made sellable by a document that belongs to no return at all."""
    named = {(family.account, one["id"]) for family in families.values() for one in _all_of(family)}
    for account_id, account in dump["netsuite"].items():
        for one in account["transactions"]:
            key = (account_id, one["id"])
            if is_ours(one) and key not in named:
                units = stock.brought.get(key, 0)
                verdict.note("uninspected_sellable", units, f"{one['tranid']} belongs to no return: {units} unit(s)")


def _all_of(family: Family) -> list[Json]:
    return [*family.all_standing(), *family.undone]
