"""Nothing sellable uninspected: units that documents brought into a sellable place, against units passed."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from returnsops.management.rehearsal.books.families import Family, is_ours
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
Brought = Mapping[tuple[str, str], int]  # units by account and transaction
NOT_RETURNS = ("InvAdjst",)  # the opening stock


def units_made_sellable(dump: Mapping[str, Any]) -> Brought:
    """The most that each document ever held in sellable places: undoing it later does not undo that it was offered."""
    held: Counter[tuple[str, str]] = Counter()
    most: dict[tuple[str, str], int] = defaultdict(int)
    for account_id, account in dump["netsuite"].items():
        for row in account["ledger"]:
            if row["sellable"] and row["type"] not in NOT_RETURNS:
                key = (account_id, str(row["transaction"]))
                held[key] += row["quantity"]
                most[key] = max(most[key], held[key])
    return most


def check_sellable(
    one: Json, family: Family, brought: Brought, *, passed: int, has_case: bool, verdict: Verdict
) -> None:
    """What a person makes sellable by hand is theirs to answer for, but never in silence."""
    documents = [*family.receipts, *family.credits, *family.others, *family.undone]
    units = {document["id"]: brought.get((family.account, document["id"]), 0) for document in documents}
    ours = sum(units[document["id"]] for document in documents if is_ours(document))
    words = f"return {one['id']}: {ours} unit(s) made sellable, {passed} passed inspection"
    verdict.note("uninspected_sellable", ours - passed, words)
    if sum(units.values()) > passed >= ours and not has_case:
        verdict.note("divergences_without_case", 1, f"return {one['id']}: made sellable by another hand")


def check_unnamed(dump: Mapping[str, Any], families: Mapping[str, Family], brought: Brought, verdict: Verdict) -> None:
    """What we made sellable by a document that belongs to no return at all."""
    named = {(family.account, one["id"]) for family in families.values() for one in _all_of(family)}
    for account_id, account in dump["netsuite"].items():
        for one in account["transactions"]:
            key = (account_id, one["id"])
            if is_ours(one) and key not in named:
                units = brought.get(key, 0)
                verdict.note("uninspected_sellable", units, f"{one['tranid']} belongs to no return: {units} unit(s)")


def _all_of(family: Family) -> list[Json]:
    return [*family.all_standing(), *family.undone]
