"""One comparison of what we ask for with what NetSuite holds: for adopting a record and for reading back. Pure.

A difference is a plain sentence about the record: «line 3 has amount 72.00, 65.56 was sent».
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations.netsuite.parsing import read_ref_id, read_statuses
from integrations.netsuite.records import TransactionLine, TransactionRecord
from returnsops.lib.money import ZERO
from returnsops.returns.facts import VOIDED

WHOLE = "it"  # the name of a group of which only the sum is known

Request = Mapping[str, Any]
Difference = tuple[str, bool]  # the sentence; whether it is about units


def find_differences(request: Request, record: TransactionRecord | None, *, external_id: str = "") -> list[str]:
    """Every way in which the record differs from what the request asks for; empty when it is what we mean.

    external_id: the one we gave it. Without it the record is somebody else's, of which our id, memo and date are not
    expected, but every quantity, amount, place, source and application is.
    """
    if record is None:
        return ["NetSuite says it does not exist"]
    if request["operation"] == "update":
        return [] if holds_update(record, request) else ["the change did not take effect"]
    found = ["it is voided"] if record.status == VOIDED else []
    if external_id:
        found += _compare_own_marks(request, record, external_id)
    found += _compare_source(request, record) + _compare_route(request, record)
    found += compare_lines(request, record)
    return found + _compare_applications(request, record) + _compare_booking(request, record)


def find_unit_differences(request: Request, record: TransactionRecord | None) -> list[str]:
    """What no person can wave through: the record is not there, or holds other units than the request."""
    if record is None:
        return ["NetSuite says it does not exist"]
    found = ["it is voided"] if record.status == VOIDED else []
    return found + [words for words, is_about_units in _line_differences(request, record) if is_about_units]


def _compare_own_marks(request: Request, record: TransactionRecord, external_id: str) -> list[str]:
    found = []
    if (record.external_id or "").lower() != external_id:
        found.append(f"external id is {record.external_id or 'empty'}")
    sent = request["body"].get("tranDate")
    if sent and record.tran_date and record.tran_date.isoformat() != sent:
        found.append(f"it is dated {record.tran_date}, not {sent}")
    return found


def _compare_source(request: Request, record: TransactionRecord) -> list[str]:
    if request["operation"] == "transform" and record.created_from_id != request["source_id"]:
        return [f"it was made from {record.created_from_id or 'nothing'}, not from {request['source_id']}"]
    asked = _ref(request["body"], "entity") or _ref(request["body"], "customer")
    if asked and record.entity_id and record.entity_id != asked:
        return [f"it is on customer {record.entity_id}, not {asked}"]
    return []


def _compare_route(request: Request, record: TransactionRecord) -> list[str]:
    """From where to where a transfer moves its units; from where an order ships, if the record tells."""
    if request["target_type"] == "inventoryAdjustment":
        return _compare_signs(request, record)
    if request["target_type"] == "salesOrder":
        asked, told = _ref(request["body"], "location"), record.location_id
        return [f"it ships from location {told}, not from location {asked}"] if asked and told and told != asked else []
    if request["target_type"] != "inventoryTransfer":
        return []
    sent = _ref(request["body"], "location"), _ref(request["body"], "transferLocation")
    held = record.location_id or sent[0], read_ref_id(record.raw.get("transferLocation")) or sent[1]
    return [] if sent == held else [f"it moves {_way(*held)}, not {_way(*sent)}"]


def _way(origin: str, target: str) -> str:
    return f"from location {origin} to location {target}"


def _compare_signs(request: Request, record: TransactionRecord) -> list[str]:
    """An adjustment that adds what it should take out holds the same quantities; so does one the other way round."""
    sent = {_is_taken_out(row["adjustQtyBy"]) for row in sent_rows(request)}
    held = {_is_taken_out(line.raw["adjustQtyBy"]) for line in record.lines if line.raw.get("adjustQtyBy") is not None}
    if not held or held == sent:
        return []
    return ["it adds units instead of taking them out" if True in sent else "it takes units out instead of adding them"]


def _is_taken_out(quantity: object) -> bool:
    return Decimal(str(quantity)) < 0


# --- Lines -----------------------------------------------------------------------------------------


@dataclass
class Group:
    """Rows that cannot be told apart, summed up. amount None: a row has NetSuite's own price."""

    quantity: int = 0
    amount: Decimal | None = ZERO
    items: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)

    def add(self, *, quantity: int, amount: Decimal | None, item: str, place: str, status: str) -> None:
        self.quantity += quantity
        self.amount = None if amount is None or self.amount is None else self.amount + amount
        self.items |= {item} if item else set()
        self.places |= {place} if place else set()
        self.statuses |= {status} if status else set()


def sent_rows(request: Request) -> list[dict[str, Any]]:
    """The rows that say yes: a receipt lists the others too (netsuite.md §3.3). Stock moves have theirs elsewhere."""
    sublist = request["body"].get("item") or request["body"].get("inventory") or {}
    rows = sublist.get("items", [])
    return [row for row in rows if row.get("itemReceive", True)]


def held_lines(record: TransactionRecord) -> list[TransactionLine]:
    """Rows that hold something; a kit's parts stand beside the kit on rows of their own (netsuite.md §4.2)."""
    return [line for line in record.lines if line.kit_member_of is None and (line.quantity or line.amount)]


def compare_lines(request: Request, record: TransactionRecord) -> list[str]:
    """Line by line, where the record names the lines of its source; else item by item, else in sum."""
    return [words for words, _ in _line_differences(request, record)]


def _line_differences(request: Request, record: TransactionRecord) -> list[Difference]:
    rows, lines = sent_rows(request), held_lines(record)
    if not rows:
        return []
    # Its amounts may have the sign of its side of the books, where what is taken off is added. They have the one under
    # which more of it is as we sent it: a sum would not tell, as rows may cancel each other.
    return min((_differences_on(side, rows, lines) for side in (1, -1)), key=len)


def _differences_on(side: int, rows: list[dict[str, Any]], lines: list[TransactionLine]) -> list[Difference]:
    name_of = _naming(rows, lines)
    sent: dict[str, Group] = defaultdict(Group)
    held: dict[str, Group] = defaultdict(Group)
    for row in rows:
        sent[name_of(row.get("orderLine"), _ref(row, "item"))].add(**_of_row(row))
    for line in lines:
        held[name_of(line.order_line, line.item_id)].add(**_of_line(line, side=side))
    names = dict.fromkeys([*sent, *held])
    return [one for name in names for one in _compare_group(name, sent.get(name), held.get(name))]


def _naming(rows: list[dict[str, Any]], lines: list[TransactionLine]) -> Callable[[object, object], str]:
    """By what a row of either side is known: its source's line, its item, or nothing."""
    keyed = {str(row["orderLine"]) for row in rows if "orderLine" in row}
    by_line = any(str(line.order_line) in keyed for line in lines)
    by_item = by_line or all("item" in row for row in rows)

    def name(order_line: object, item: object) -> str:
        if by_line and str(order_line) in keyed:
            return f"line {order_line}"
        return f"item {item}" if by_item else WHOLE

    return name


def _of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    amount = row.get("amount")
    return {
        "quantity": abs(int(row.get("quantity", row.get("adjustQtyBy")))),
        "amount": None if amount is None else Decimal(str(amount)),
        "item": _ref(row, "item"),
        "place": _ref(row, "location"),
        "status": _status_in(row),
    }


def _of_line(line: TransactionLine, *, side: int) -> dict[str, Any]:
    return {
        "quantity": line.quantity,
        "amount": None if line.amount is None else side * line.amount,
        "item": line.item_id or "",
        "place": line.location_id or "",
        "status": _status_in(line.raw),
    }


def _status_in(row: Mapping[str, Any]) -> str:
    """Of an inventory detail, in words: «status 2», or of a move «status 2 to status 1»."""
    sides = [read_statuses(row), read_statuses(row, side="toInventoryStatus")]
    return " to ".join(f"status {', '.join(sorted(side))}" for side in sides if side)


def _compare_group(name: str, sent: Group | None, held: Group | None) -> list[Difference]:
    if held is None:
        return [(f"{name} is missing" if name != WHOLE else "it holds nothing", True)]
    if sent is None:
        return [(f"{name} was not sent: {_words_of(held)}", True)]
    found: list[Difference] = []
    if held.quantity != sent.quantity and (held.quantity or sent.amount is None):
        found.append((f"{name} holds {held.quantity}, {sent.quantity} were sent", True))
    if sent.amount is not None and held.amount != sent.amount:
        found.append((f"{name} has amount {held.amount}, {sent.amount} was sent", False))
    if sent.items and held.items and sent.items != held.items:
        found.append((f"{name} is item {_joined(held.items)}, not {_joined(sent.items)}", True))
    if sent.places and held.places and sent.places != held.places:
        found.append((f"{name} is at {_places(held)}, not {_places(sent)}", False))
    if sent.statuses and sent.statuses != held.statuses:
        in_which = _joined(held.statuses) or "no status that NetSuite tells"
        found.append((f"{name} is in {in_which}, not {_joined(sent.statuses)}", False))
    return found


def _words_of(group: Group) -> str:
    parts = [f"{group.quantity} of item {_joined(group.items)}" if group.items else f"{group.quantity}"]
    parts += [f"at {_places(group)}"] if group.places else []
    parts += [f"in {_joined(group.statuses)}"] if group.statuses else []
    parts += [f"amount {group.amount}"] if group.amount else []
    return ", ".join(parts)


def describe_request(request: Request) -> str:
    """What we would send, in one sentence: for the person who has to compare it with what is there."""
    applied = _sent_applications(request)
    if applied:
        return "; ".join(f"{amount} of {doc_id}" for doc_id, amount in applied.items())
    sent: dict[str, Group] = defaultdict(Group)
    for row in sent_rows(request):
        sent[f"line {row['orderLine']}" if "orderLine" in row else f"item {_ref(row, 'item')}"].add(**_of_row(row))
    return "; ".join(f"{name}: {_words_of(group)}" for name, group in sent.items())


# --- Money -----------------------------------------------------------------------------------------


def _sent_applications(request: Request) -> dict[str, Decimal]:
    rows = request["body"].get("apply", {}).get("items", [])
    return {_ref(row, "doc"): Decimal(str(row["amount"])) for row in rows if row.get("apply", True)}


def _compare_applications(request: Request, record: TransactionRecord) -> list[str]:
    """A refund pays what it was told to; a credit that was to stay open is applied to nothing (netsuite.md §4.7)."""
    sent = _sent_applications(request)
    stays_open = request["body"].get("autoApply") is False
    if not sent and not stays_open:
        return []
    held = _held_applications(record)
    return _missing_applications(request, record) + [
        f"it is applied to {doc_id} with {held[doc_id]}" for doc_id in held if doc_id not in sent
    ]


def _held_applications(record: TransactionRecord) -> dict[str, Decimal]:
    return {row.doc_id: row.amount for row in record.applies if row.apply and row.amount}


def _missing_applications(request: Request, record: TransactionRecord) -> list[str]:
    held = _held_applications(record)
    return [
        f"it pays {held.get(doc_id, ZERO)} of {doc_id}, {amount} was sent"
        for doc_id, amount in _sent_applications(request).items()
        if held.get(doc_id) != amount
    ]


def _compare_booking(request: Request, record: TransactionRecord) -> list[str]:
    """Where the money is booked, if the record tells."""
    sent, held = _ref(request["body"], "account"), read_ref_id(record.raw.get("account"))
    return [f"it is booked on account {held}, not {sent}"] if sent and held and sent != held else []


# --- Updates ---------------------------------------------------------------------------------------


def holds_update(record: TransactionRecord, request: Request) -> bool:
    """Whether every row of an update stands on the record: a changed line as sent, an added one beside those like it.

    A credit that was applied is held to be so by its rows alone; fields of the header by their text.
    """
    if "apply" in request["body"]:
        return not _missing_applications(request, record)
    if "item" not in request["body"]:
        return all(str(record.raw.get(name) or "") == value for name, value in request["body"].items())
    stood = request.get("lines_like_it", 0)
    return all(_holds_row(record, row, stood=stood) for row in request["body"]["item"]["items"])


def _holds_row(record: TransactionRecord, row: Mapping[str, Any], *, stood: int) -> bool:
    if "line" not in row:
        item_id, amount = _ref(row, "item"), Decimal(row["amount"])
        return sum(line.item_id == item_id and line.amount == amount for line in record.lines) > stood
    line = next((line for line in record.lines if line.line == row["line"]), None)
    if line is None:
        return False
    return line.is_closed if row.get("isClosed") else line.quantity == row["quantity"]


def _ref(body: Mapping[str, Any], name: str) -> str:
    return str((body.get(name) or {}).get("id", ""))


def _places(group: Group) -> str:
    return ", ".join(f"location {place}" for place in sorted(group.places))


def _joined(names: set[str]) -> str:
    return ", ".join(sorted(names))
