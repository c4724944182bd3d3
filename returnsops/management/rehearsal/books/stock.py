"""Nothing sellable uninspected: units that documents brought into a sellable place, against units passed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

from returnsops.management.rehearsal.books.exempt import Exemption, count_exempt
from returnsops.management.rehearsal.books.families import Family, is_ours
from returnsops.management.rehearsal.books.found import ADJUSTMENT, TakenIn, units_taken_in
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
# Place in the ledger and units, by account and transaction: each way into or out of a sellable place.
Moves = Mapping[tuple[str, str], Sequence[tuple[int, int]]]


@dataclass(frozen=True)
class Stock:
    """What documents moved into sellable places, and which of them another hand has changed since."""

    moves: Moves
    edited: set[tuple[str, str]]
    taken_in: TakenIn

    @classmethod
    def of(cls, dump: Mapping[str, Any]) -> Self:
        return cls(sellable_moves(dump), edited_by_others(dump), units_taken_in(dump))

    def most_at_once(self, account: str, documents: Iterable[str]) -> int:
        """The most units that these documents ever held in sellable places together: undoing one later does not undo
        that it was offered, and one that takes the place of an undone one offers nothing more."""
        rows = sorted(row for document in documents for row in self.moves.get((account, document), ()))
        return max(accumulate((units for _, units in rows), initial=0))


def sellable_moves(dump: Mapping[str, Any]) -> Moves:
    """Of adjustments only our own: the opening stock is one of a person."""
    moves: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for account_id, account in dump["netsuite"].items():
        ours = {str(one["id"]) for one in account["transactions"] if one["type"] == ADJUSTMENT and is_ours(one)}
        for place, row in enumerate(account["ledger"]):
            if row["sellable"] and (row["type"] != ADJUSTMENT or str(row["transaction"]) in ours):
                moves[account_id, str(row["transaction"])].append((place, row["quantity"]))
    return moves


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
    untouched = [one for one in documents if is_ours(one) and (family.account, one["id"]) not in stock.edited]
    ours, in_all = (
        stock.most_at_once(family.account, (document["id"] for document in some)) for some in (untouched, documents)
    )
    exempt = max(0, min(ours - passed, count_exempt(one, family, exemption)))
    verdict.exempt += exempt
    words = f"return {one['id']}: {ours} unit(s) made sellable, {passed} passed inspection, {exempt} exempt"
    verdict.note("uninspected_sellable", ours - passed - exempt, words)
    if in_all > passed + exempt >= ours and not has_case:
        verdict.note("divergences_without_case", 1, f"return {one['id']}: made sellable by another hand")


def check_unnamed(dump: Mapping[str, Any], families: Mapping[str, Family], stock: Stock, verdict: Verdict) -> None:
    """What we made sellable by a document that belongs to no return at all."""
    named = {(family.account, one["id"]) for family in families.values() for one in _all_of(family)}
    for account_id, account in dump["netsuite"].items():
        for one in account["transactions"]:
            key = (account_id, one["id"])
            if is_ours(one) and key not in named:
                units = stock.most_at_once(account_id, [one["id"]])
                verdict.note("uninspected_sellable", units, f"{one['tranid']} belongs to no return: {units} unit(s)")


def _all_of(family: Family) -> list[Json]:
    return [*family.all_standing(), *family.undone]
