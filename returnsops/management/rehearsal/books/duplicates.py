"""Nothing twice: by units and by money, whatever the ids.

Who posted on top of what was there already is told by the order in which NetSuite numbered them. A document of ours
on top of anything is our duplicate, unless all it is on top of is foreign and younger than CROSSING_S: then both were
on their way at once, and nobody could have seen the other. A document of somebody else on top is not ours; that, and
a crossing, are divergences of which a case has to tell.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from returnsops.management.rehearsal.books.families import Family, is_ours
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
CROSSING_S = 10.0
GOODS = ("InvtPart", "Kit")


def removals_of(log: list[Json]) -> dict[str, datetime]:
    """When units were taken out of their returns, by line item."""
    return {
        str(unit): datetime.fromisoformat(row["at"])
        for row in log
        if row["action"] == "remove"
        for unit in row["content"]["line_item_ids"]
    }


def check_duplicates(
    one: Json, family: Family, *, removed_at: Mapping[str, datetime], has_case: bool, verdict: Verdict
) -> None:
    """A unit that left the return after it was authorised is no duplicate: whether its line was closed since is a
    matter of completeness."""
    returned = sum(not unit["removed"] for unit in one["units"])
    for name, documents, room in (
        ("authorised", family.rmas, returned + _left_later(one, family, removed_at)),
        ("received", family.receipts, returned),
        ("credited", family.credits, returned),
    ):
        for document, units, is_our_fault in _on_top(documents, room=room):
            words = f"return {one['id']}: {document['tranid']} has {units} unit(s) {name} too many"
            if is_our_fault:
                verdict.note("duplicates", units, words)
            elif not has_case:
                verdict.note("divergences_without_case", 1, f"{words}, by another hand")
    _check_refunds(family, verdict)


def _left_later(one: Json, family: Family, removed_at: Mapping[str, datetime]) -> int:
    moments = [removed_at[unit] for unit in (str(row["line_item_id"]) for row in one["units"]) if unit in removed_at]
    return sum(any(_made_at(rma) < moment for rma in family.rmas) for moment in moments)


def stock_units(document: Json) -> int:
    """Goods on the lines; charges and differences are no units, nor what an authorization has closed, nor the members
    that stand beside their kit."""
    is_rma = document["type"] == "RtnAuth"
    lines = [line for line in document["lines"] if line["item_type"] in GOODS and line["kit_member_of"] is None]
    return sum(line["received"] if is_rma and line["is_closed"] else line["quantity"] for line in lines)


def _on_top(documents: list[Json], *, room: int) -> Iterator[tuple[Json, int, bool]]:
    """Each document that goes beyond what was returned, by how many units, and whether the fault is ours."""
    before: list[Json] = []
    for document in sorted(documents, key=lambda one: int(one["id"])):
        units = stock_units(document)
        over = min(units, units - room)
        room = max(0, room - units)
        if over > 0:
            yield document, over, is_ours(document) and not _crossed(document, before)
        before.append(document)


def _crossed(document: Json, before: list[Json]) -> bool:
    return bool(before) and all(
        not is_ours(one) and (_made_at(document) - _made_at(one)).total_seconds() <= CROSSING_S for one in before
    )


def _made_at(document: Json) -> datetime:
    return datetime.fromisoformat(document["created_at"])


def _check_refunds(family: Family, verdict: Verdict) -> None:
    applied: dict[str, Decimal] = {}
    for refund in family.refunds:
        for row in refund["applies"]:
            applied[row["doc"]] = applied.get(row["doc"], Decimal(0)) + Decimal(row["amount"])
    for credit in family.credits:
        if credit["type"] == "CustCred" and applied.get(credit["id"], Decimal(0)) > Decimal(credit["total"]):
            verdict.note("duplicates", 1, f"{credit['tranid']}: refunded more than it credits")


def check_exchange_orders(transactions: list[Json], verdict: Verdict) -> None:
    names = Counter(
        one["otherrefnum"]
        for one in transactions
        if one["type"] == "SalesOrd" and str(one["otherrefnum"] or "").startswith("EXC-") and not one["deleted"]
    )
    for name, count in names.items():
        verdict.note("duplicates", count - 1, f"exchange order {name} exists {count} times")


def check_settlements(log: list[Json], verdict: Verdict) -> None:
    settled = Counter(row["return_id"] for row in log if row["action"] == "settle")
    for return_id, count in settled.items():
        verdict.note("duplicates", count - 1, f"return {return_id}: settled {count} times in Loop")


def check_judgements(log: list[Json], verdict: Verdict) -> None:
    """What was seen at one inspection is told once of each unit; what a later one saw is another thing."""
    told = Counter(
        (row["action"], str(item["line_item_id"]), item.get("inspected_at"))
        for row in log
        if row["action"] in ("grade", "assess")
        for item in row["content"]["items"]
    )
    for (action, unit, seen_at), count in told.items():
        verdict.note("duplicates", count - 1, f"unit {unit}: {action} of {seen_at} told {count} times")
