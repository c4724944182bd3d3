"""The independent checker: reads the sandbox's books and counts broken promises.

It knows nothing of our tables. Beside the books it is told only which units were passed as sellable, and which returns
have an open case. Orders tie the two systems together: a NetSuite sale carries the shop's order id, and so does the
return in Loop.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

CREDITS = ("CustCred", "CashRfnd")
ENDED = frozenset({"cancelled", "expired"})


@dataclass
class Verdict:
    """The counts, each 0 when its promise was kept, and in words what was found."""

    duplicates: int = 0
    uninspected_sellable: int = 0
    lost: int = 0
    cents_unexplained: int = 0
    card_operations: int = 0
    settled: int = 0
    findings: list[str] = field(default_factory=list)

    def promises_kept(self) -> bool:
        broken = (self.duplicates, self.uninspected_sellable, self.lost, self.cents_unexplained, self.card_operations)
        return not any(broken)


@dataclass
class Family:
    """All NetSuite documents of one shop order. Ids are unique within the account only."""

    account: str = ""
    sales: list[dict[str, Any]] = field(default_factory=list)
    rmas: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    credits: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)


def check_books(dump: Mapping[str, Any], *, passed: Mapping[str, int], with_case: Iterable[str]) -> Verdict:
    """passed: units judged sellable per Loop return id. with_case: Loop return ids that are in an open case."""
    verdict = Verdict()
    cases = set(with_case)
    families: dict[str, Family] = {}
    for account_id, account in dump["netsuite"].items():
        families |= group_by_order(account["transactions"], account_id=account_id)
        verdict.card_operations += int(account["card_operations"])
        _check_exchange_orders(account["transactions"], verdict)
    sellable = _sellable_units(dump)
    for shop in dump["loop"].values():
        for one in shop["returns"]:
            family = families.get(str(one["provider_order_id"]), Family())
            _check_duplicates(one, family, verdict)
            _check_sellable(one, family, sellable, passed.get(str(one["id"]), 0), verdict)
            _check_money(one, family, verdict)
            _check_completeness(one, family, has_case=str(one["id"]) in cases, verdict=verdict)
        _check_settlements(shop["log"], verdict)
    return verdict


def group_by_order(transactions: list[dict[str, Any]], *, account_id: str) -> dict[str, Family]:
    """Documents by the shop's order id, following «made from» upwards and applications sideways."""
    live = [one for one in transactions if not one["deleted"] and not one["voided"]]
    by_id = {one["id"]: one for one in live}
    families: dict[str, Family] = defaultdict(lambda: Family(account_id))
    for one in live:
        order = _order_of(one, by_id)
        if order:
            _file(families[order], one)
    return families


def _order_of(one: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> str:
    seen: set[str] = set()
    while one["id"] not in seen:
        seen.add(one["id"])
        source = by_id.get(one["createdfrom"] or "")
        if source is None and one["type"] == "CustRfnd" and one["applies"]:
            source = by_id.get(one["applies"][0]["doc"])
        if source is None:
            break
        one = source
    return str(one["externalid"] or "") if one["type"] == "SalesOrd" else ""


def _file(family: Family, one: dict[str, Any]) -> None:
    kind = one["type"]
    if kind in ("CustInvc", "CashSale"):
        family.sales.append(one)
    elif kind == "RtnAuth":
        family.rmas.append(one)
    elif kind == "ItemRcpt":
        family.receipts.append(one)
    elif kind in CREDITS:
        family.credits.append(one)
    elif kind == "CustRfnd":
        family.refunds.append(one)


def _units(documents: list[dict[str, Any]]) -> int:
    """Stock units on the lines; charges and differences are no units."""
    return sum(line["quantity"] for one in documents for line in one["lines"] if line["item_type"] == "InvtPart")


def _check_duplicates(one: dict[str, Any], family: Family, verdict: Verdict) -> None:
    """By units and by money, whatever the ids: nothing is authorised, received, credited or refunded twice."""
    returned = len(one["units"])
    for name, documents in (("authorised", family.rmas), ("received", family.receipts), ("credited", family.credits)):
        too_many = _units(documents) - returned
        if too_many > 0:
            verdict.duplicates += too_many
            verdict.findings.append(f"return {one['id']}: {too_many} unit(s) {name} too many")
    applied: Counter[str] = Counter()
    for refund in family.refunds:
        for row in refund["applies"]:
            applied[row["doc"]] += Decimal(row["amount"])  # type: ignore[assignment]
    for credit in family.credits:
        if credit["type"] == "CustCred" and Decimal(applied[credit["id"]]) > Decimal(credit["total"]):
            verdict.duplicates += 1
            verdict.findings.append(f"{credit['tranid']}: refunded more than it credits")


def _check_exchange_orders(transactions: list[dict[str, Any]], verdict: Verdict) -> None:
    names = Counter(
        one["otherrefnum"]
        for one in transactions
        if one["type"] == "SalesOrd" and str(one["otherrefnum"] or "").startswith("EXC-") and not one["deleted"]
    )
    for name, count in names.items():
        if count > 1:
            verdict.duplicates += count - 1
            verdict.findings.append(f"exchange order {name} exists {count} times")


def _check_settlements(log: list[dict[str, Any]], verdict: Verdict) -> None:
    settled = Counter(row["return_id"] for row in log if row["action"] == "settle")
    for return_id, count in settled.items():
        if count > 1:
            verdict.duplicates += count - 1
            verdict.findings.append(f"return {return_id}: settled {count} times in Loop")


def _sellable_units(dump: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Units that each document brought into a sellable location, by account and document."""
    brought: Counter[tuple[str, str]] = Counter()
    for account_id, account in dump["netsuite"].items():
        for row in account["ledger"]:
            if row["sellable"] and row["quantity"] > 0 and row["type"] != "InvAdjst":
                brought[account_id, row["transaction"]] += row["quantity"]
    return brought


def _check_sellable(
    one: dict[str, Any], family: Family, sellable: dict[tuple[str, str], int], passed: int, verdict: Verdict
) -> None:
    brought = sum(sellable.get((family.account, document["id"]), 0) for document in [*family.receipts, *family.credits])
    if brought > passed:
        verdict.uninspected_sellable += brought - passed
        verdict.findings.append(f"return {one['id']}: {brought} unit(s) made sellable, {passed} passed inspection")


def _check_money(one: dict[str, Any], family: Family, verdict: Verdict) -> None:
    """Where Loop settled and NetSuite credited: money back and store credit equal the credit to the cent."""
    if not family.credits or not one["processed_at"]:
        return
    paid = Decimal(one["amount_paid_out"]) + Decimal(one["gift_card_issued"] or 0)
    credited = sum((Decimal(credit["total"]) for credit in family.credits), Decimal(0))
    gap = int(abs(paid - credited) * 100)
    if gap:
        verdict.cents_unexplained += gap
        verdict.findings.append(f"return {one['id']}: Loop settled {paid}, NetSuite credits {credited}")


def _check_completeness(one: dict[str, Any], family: Family, *, has_case: bool, verdict: Verdict) -> None:
    """Every return is complete on both sides, ended, or in an open case that says why not."""
    missing = what_is_missing(one, family)
    if not missing and one["state"] not in ENDED:
        verdict.settled += 1
    if missing and not has_case:
        verdict.lost += 1
        verdict.findings.append(f"return {one['id']} ({one['scenario']}): {missing}, and no case says why")


def what_is_missing(one: dict[str, Any], family: Family) -> str:
    if one["state"] in ENDED:
        still_open = [rma["tranid"] for rma in family.rmas if rma["status"] not in ("G", "H", "C")]
        return f"{still_open[0]} is still open" if still_open else ""
    if one["state"] != "closed":
        return f"Loop shows it as {one['state']}"
    if not family.rmas:
        return "it has no Return Authorization"
    if any(rma["status"] not in ("G", "H") for rma in family.rmas):
        return f"{family.rmas[0]['tranid']} is {family.rmas[0]['status_label']}"
    if not family.credits:
        return "it has no credit"
    to_stay_open = Decimal(one["gift_card_issued"] or 0)
    left = sum((Decimal(credit["amountremaining"] or 0) for credit in family.credits), Decimal(0))
    return "" if left == to_stay_open else f"its credit has {left} open"
