"""Goods that were on no return: what we took into stock of them, against what people said should be taken in."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from returnsops.management.rehearsal.books.families import Family, is_ours
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
ADJUSTMENT = "InvAdjst"
TakenIn = Mapping[tuple[str, str], Counter[str]]  # by account and transaction, how many of each item came in


def units_taken_in(dump: Mapping[str, Any]) -> TakenIn:
    """What adjustments brought into stock; what they took out was written off and is no matter of this."""
    taken: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for account_id, account in dump["netsuite"].items():
        for row in account["ledger"]:
            if row["type"] == ADJUSTMENT and row["quantity"] > 0:
                taken[account_id, str(row["transaction"])][str(row["item"])] += row["quantity"]
    return taken


def items_in(account: Json, goods: Mapping[str, int]) -> Counter[str]:
    """By item what lies in stock of so many of each SKU: of a kit what it is made of."""
    item_of = {row["sku"]: str(row["item"]) for row in account["stock"]}
    kits = {kit["sku"]: kit["members"] for kit in account["kits"]}
    found: Counter[str] = Counter()
    for sku, count in goods.items():
        for item, each in [(one["item"], one["quantity"]) for one in kits.get(sku, [])] or [(item_of.get(sku, sku), 1)]:
            found[item] += each * count
    return found


def check_found(
    one: Json, family: Family, taken_in: TakenIn, *, wanted: Counter[str], has_case: bool, verdict: Verdict
) -> None:
    """wanted: by item how many people said should come into stock."""
    ours = [document for document in family.others if document["type"] == ADJUSTMENT and is_ours(document)]
    taken: Counter[str] = Counter()
    for document in ours:
        taken += taken_in.get((family.account, document["id"]), Counter())
    over, short = (taken - wanted).total(), (wanted - taken).total()
    verdict.note("duplicates", over, f"return {one['id']}: {over} unit(s) taken into stock beyond what was found")
    if short and not has_case:
        verdict.note("lost", 1, f"return {one['id']}: {short} unit(s) that were found are not in stock")
