"""Reconcile: end a lost answer by looking, and read back what was posted.

A request can run at NetSuite for 15 minutes (netsuite.md §0.2, fact 6), so «not found» counts only after that window.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from integrations.connections import loop_client, netsuite_client, watched
from integrations.netsuite.records import RecordRef, TransactionRecord
from returnsops.lib import clock
from returnsops.lib.moves import move_row
from returnsops.posting.claim import ATTEMPTS_MAX
from returnsops.posting.facts import settled_at
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import DIED, mark_posted, mark_rejected, mark_uncertain, note_dead_sender
from returnsops.returns.mirror import apply_return, fetch_record
from returnsops.returns.replan import ask_for_plan, hold_return

Status = Posting.Status
LOOK_AGAIN_S = 5.0
DEAD_LEASES_MAX = 100
LOOK_AGAIN_S_MAX = 120.0
DEATHS_MAX = 3
# Which records change by themselves when one of ours is posted: read them again as well.
ALSO_CHANGED = {
    "receipt": "returnAuthorization",
    "credit": "returnAuthorization",
    "cash_refund": "returnAuthorization",
    "customer_refund": "creditMemo",
    "credit_fix": "",
    "rma_close": "",
    "rma": "",
    "exchange_order": "",
}


def postings_in_doubt() -> QuerySet[Posting]:
    return Posting.objects.filter(status=Status.UNCERTAIN, not_before__lte=clock.now())


def give_up_dead_leases() -> int:
    """A posting that is being sent for too long lost its sender: it may be over there or not."""
    lost_since = clock.now() - settings.SENDING_LEASE
    overdue = list(Posting.objects.filter(status=Status.SENDING, sending_since__lt=lost_since)[:DEAD_LEASES_MAX])
    for posting in overdue:
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            note_dead_sender(posting)
            mark_uncertain(posting)
    return len(overdue)


def settle(posting: Posting) -> None:
    """Look whether an uncertain posting was carried out. Raises the errors of `integrations.errors`."""
    if posting.status != Status.UNCERTAIN:
        return
    if posting.system == Posting.System.LOOP:
        _settle_in_loop(posting)
    elif posting.request["operation"] == "update":
        _settle_update(posting)
    else:
        _settle_by_external_id(posting)


def _settle_by_external_id(posting: Posting) -> None:
    with watched(posting.account):
        found = netsuite_client(posting.account).find_by_external_ids([posting.external_id])
    if not found:
        _absent(posting)
        return
    ref = found[0]
    if ref.record_type != posting.request["target_type"]:
        detail = f"External id {posting.external_id} is on a {ref.record_type} ({ref.tran_id})."
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            mark_rejected(posting, {"family": "other_content", "detail": detail})
        return
    _adopt(posting, ref)


def _adopt(posting: Posting, ref: RecordRef) -> None:
    """Found under our id: it is ours if it holds what we sent; the read-back compares every field."""
    with transaction.atomic():
        hold_return(posting.loop_return_id)
        mark_posted(posting, ref.internal_id, adopted=True)


def _settle_update(posting: Posting) -> None:
    """An update has no external id to look for, so the record itself tells whether it holds what was sent."""
    record = fetch_record(posting.account, posting.request["target_type"], posting.request["target_id"])
    if record and holds_update(record, posting.request):
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            mark_posted(posting, record.internal_id, adopted=True)
    else:
        _absent(posting)


def _settle_in_loop(posting: Posting) -> None:
    """Loop has no idempotency key: whether it took our word shows in the return itself (loop.md §1.6)."""
    started_at = clock.now() - clock.offset()
    with watched(posting.shop):
        record = loop_client(posting.shop).get_return(str(posting.request["return_id"]))
    if record is None:
        _absent(posting)
        return
    apply_return(posting.shop, record, fetched_at=started_at)
    if settled_at(record) or record.state != "open":
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            mark_posted(posting, record.id, adopted=True)
    else:
        _absent(posting)


def _absent(posting: Posting) -> None:
    """Not there now. After the window that is final and it may be sent again, under the same external id."""
    assert posting.uncertain_since is not None, "an uncertain posting has a start"
    now = clock.now()
    age = now - posting.uncertain_since
    if age >= settings.NETSUITE_COMMIT_WINDOW:
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            _send_again_or_give_up(posting, now)
        return
    longest = max(LOOK_AGAIN_S, min(age.total_seconds(), LOOK_AGAIN_S_MAX))
    wait = min(timedelta(seconds=longest), settings.NETSUITE_COMMIT_WINDOW / 3)
    Posting.objects.filter(pk=posting.pk, status=Status.UNCERTAIN).update(not_before=now + wait)


def _send_again_or_give_up(posting: Posting, now: datetime) -> None:
    """Surely not over there. What took three senders with it, or failed too often, is for a person."""
    last = list(posting.tries.order_by("-id").values_list("outcome", flat=True)[:DEATHS_MAX])
    if posting.attempts >= DEATHS_MAX and last == [DIED] * DEATHS_MAX:
        mark_rejected(posting, {"family": "set_aside", "detail": f"{DEATHS_MAX} senders in a row died on it."})
    elif posting.attempts >= ATTEMPTS_MAX:
        mark_rejected(posting, {"family": "gave_up", "detail": f"No answer after {posting.attempts} tries."})
    else:
        move_row(
            posting, field="status", target=Status.PENDING, moves=Posting.MOVES,
            uncertain_since=None, sending_since=None, not_before=now, claimed_by="",
        )  # fmt: skip
        ask_for_plan([posting.loop_return_id])


def holds_update(record: TransactionRecord, request: dict[str, Any]) -> bool:
    """Whether every row of an update stands on the record: a changed line as sent, an added one with its amount."""
    return all(_holds_row(record, row) for row in request["body"]["item"]["items"])


def _holds_row(record: TransactionRecord, row: dict[str, Any]) -> bool:
    if "line" not in row:
        return any(line.item_id == row["item"]["id"] and line.amount == Decimal(row["amount"]) for line in record.lines)
    line = next((line for line in record.lines if line.line == row["line"]), None)
    if line is None:
        return False
    return line.is_closed if row.get("isClosed") else line.quantity == row["quantity"]


# --- Read back -------------------------------------------------------------------------------------


def postings_to_read_back(*, posted_before: datetime) -> QuerySet[Posting]:
    return Posting.objects.filter(
        status=Status.POSTED, read_back_at=None, system=Posting.System.NETSUITE, posted_at__lte=posted_before
    )


def read_back(posting: Posting) -> None:
    """Compare what NetSuite holds with what we sent; mirror it and what changed with it.

    Raises the errors of `integrations.errors`; the sweep comes back for what failed.
    """
    if posting.status != Status.POSTED or posting.read_back_at or posting.system != Posting.System.NETSUITE:
        return
    record = fetch_record(posting.account, posting.request["target_type"], posting.their_id)
    _fetch_changed_with(posting)
    differences = compare_record(posting.request, record, posting.external_id)
    with transaction.atomic():
        hold_return(posting.loop_return_id)
        Posting.objects.filter(pk=posting.pk).update(read_back_at=clock.now(), differences=differences)
        mirrored = posting.account.records.filter(internal_id=posting.their_id)
        posting.loop_return.records.add(*mirrored)
        ask_for_plan([posting.loop_return_id])


def _fetch_changed_with(posting: Posting) -> None:
    parent_type = ALSO_CHANGED[posting.kind]
    if not parent_type:
        return
    parent_id = posting.request.get("source_id") or posting.request["body"]["apply"]["items"][0]["doc"]["id"]
    fetch_record(posting.account, parent_type, str(parent_id))


def compare_record(request: dict[str, Any], record: TransactionRecord | None, external_id: str) -> list[str]:
    """Every way in which the record differs from what was sent, as sentences; empty when it is what we meant."""
    if record is None:
        return ["NetSuite says it does not exist"]
    if request["operation"] == "update":
        return [] if holds_update(record, request) else ["the change did not take effect"]
    found = []
    if (record.external_id or "").lower() != external_id:
        found.append(f"external id is {record.external_id or 'empty'}")
    if request["operation"] == "transform" and record.created_from_id != request["source_id"]:
        found.append(f"it was made from {record.created_from_id or 'nothing'}, not from {request['source_id']}")
    return found + _compare_lines(request, record)


def _compare_lines(request: dict[str, Any], record: TransactionRecord) -> list[str]:
    sent = [row for row in request["body"].get("item", {}).get("items", []) if row.get("itemReceive", True)]
    if not sent:
        return []
    units_sent = sum(int(row["quantity"]) for row in sent)
    # A kit's parts stand beside the kit on rows of their own (netsuite.md §4.2).
    units_held = sum(line.quantity for line in record.lines if line.kit_member_of is None)
    found = [] if units_sent == units_held else [f"it holds {units_held} units, {units_sent} were sent"]
    places_sent = {str(row["location"]["id"]) for row in sent if "location" in row}
    places_held = {line.location_id for line in record.lines if line.location_id and line.quantity}
    if places_sent and places_held and places_sent != places_held:
        found.append(f"it is at location {', '.join(sorted(places_held))}, not {', '.join(sorted(places_sent))}")
    return found + _compare_amounts(sent, record)


def _compare_amounts(sent: list[dict[str, Any]], record: TransactionRecord) -> list[str]:
    by_item: dict[str, Decimal] = {}
    for line in record.lines:
        if line.item_id and line.amount is not None:
            by_item[line.item_id] = by_item.get(line.item_id, Decimal(0)) + abs(line.amount)
    found = []
    for item, amount in _amounts_sent(sent).items():
        if by_item.get(item) != amount:
            found.append(f"item {item} has amount {by_item.get(item)}, {amount} was sent")
    return found


def _amounts_sent(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    """By item, as lines of one item cannot be told apart; without the items that have a row at NetSuite's own price."""
    sums: dict[str, Decimal] = {}
    unpriced = set()
    for row in rows:
        item = str(row.get("item", {}).get("id", ""))
        if row.get("amount") is None:
            unpriced.add(item)
        else:
            sums[item] = sums.get(item, Decimal(0)) + abs(Decimal(str(row["amount"])))
    return {item: amount for item, amount in sums.items() if item not in unpriced}
