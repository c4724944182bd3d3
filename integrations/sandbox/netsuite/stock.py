"""The stock ledger: an append-only list of moves, and the quantity on hand per item, location, bin and status."""

from collections import Counter
from collections.abc import Iterator

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Assignment, Document, Line
from integrations.sandbox.store import Store

Place = tuple[int, int, int, int]  # item, location, bin, status
GOOD = 1  # the status that is always there, and the default (netsuite.md 4.13)
Move = tuple[Place, int]


def post_stock(account: Account, document: Document, *, at: str) -> None:
    """Bring the ledger of this document to what it should say now; an edit or a void appends the difference."""
    store = account.store
    wanted: Counter[Place] = Counter()
    for place, quantity in _effect(account, document):
        wanted[place] += quantity
    booked: Counter[Place] = Counter()
    sql = (
        "SELECT item, location, bin, status, SUM(quantity) AS quantity FROM stock_ledger WHERE txn = ?"
        " GROUP BY item, location, bin, status"
    )
    for row in store.rows(sql, (document.id,)):
        booked[row["item"], row["location"], row["bin"], row["status"]] = row["quantity"]
    for place in sorted(wanted.keys() | booked.keys()):
        difference = wanted[place] - booked[place]
        if difference:
            _append(store, document, place=place, quantity=difference, at=at)


def _append(store: Store, document: Document, *, place: Place, quantity: int, at: str) -> None:
    store.execute(
        "INSERT INTO stock_ledger (at, txn, type, item, location, bin, status, quantity)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (at, document.id, document.kind.code, *place, quantity),
    )
    store.execute(
        "INSERT INTO stock (item, location, bin, status, on_hand) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (item, location, bin, status) DO UPDATE SET on_hand = on_hand + excluded.on_hand",
        (*place, quantity),
    )


def _effect(account: Account, document: Document) -> Iterator[Move]:
    if document.deleted or document.voided or document.kind not in MOVERS:
        return
    if document.kind == kinds.FULFILLMENT and document.status != "C":
        return  # picked and packed goods still lie in the warehouse
    for line in document.lines:
        location = line.location or document.location
        if location is None:
            continue
        if document.kind in (kinds.INVENTORY_TRANSFER, kinds.BIN_TRANSFER):
            yield from _transferred(account, document, line=line, location=location)
        else:
            sign = _sign(account, document, line=line)
            yield from _moved(account, document, line=line, location=location, sign=sign)


def default_status(account: Account) -> int:
    return GOOD if account.settings.flag("netsuite.inventory_status") else 0


def _moved(account: Account, document: Document, *, line: Line, location: int, sign: int) -> Iterator[Move]:
    if not sign:
        return
    usual = default_status(account)
    if line.is_stock:
        for one in line.assignments or (Assignment(line.quantity),):
            yield (line.item, location, one.bin, one.status or usual), sign * one.quantity
    elif line.item_type == "Kit" and document.kind not in (kinds.FULFILLMENT, kinds.ITEM_RECEIPT):
        # Receipts and fulfilments show the members as rows of their own; other documents do not.
        members = account.store.rows(
            "SELECT m.item, m.quantity FROM itemmember m JOIN item i ON i.id = m.item"
            " WHERE m.parentitem = ? AND i.itemtype IN ('InvtPart', 'Assembly')",
            (line.item,),
        )
        for member in members:
            yield (member["item"], location, 0, usual), sign * line.quantity * member["quantity"]


def _transferred(account: Account, document: Document, *, line: Line, location: int) -> Iterator[Move]:
    usual = default_status(account)
    target = int(document.extra.get("transferLocation") or location)
    is_bin_transfer = document.kind == kinds.BIN_TRANSFER
    for one in line.assignments or (Assignment(line.quantity),):
        status = one.status or usual
        to_bin = one.to_bin or (one.bin if is_bin_transfer else 0)
        yield (line.item, location, one.bin, status), -one.quantity
        yield (line.item, target, to_bin, one.to_status or status), one.quantity


def _sign(account: Account, document: Document, *, line: Line) -> int:
    if document.kind == kinds.FULFILLMENT:
        return -1
    if document.kind == kinds.ITEM_RECEIPT:
        return 1 if line.is_restocked else 0
    if document.kind == kinds.INVENTORY_ADJUSTMENT:
        return 1
    if document.kind in (kinds.INVOICE, kinds.CASH_SALE):
        return 0 if line.order_doc is not None else -1  # what was ordered left with its fulfilment
    return _credit_sign(account, line=line)


def _credit_sign(account: Account, *, line: Line) -> int:
    """A credited line of a return came in with its receipt, where there are receipts. Any other stock line on a
    credit comes back into stock with the credit itself, inspected or not (netsuite.md 4.9)."""
    if not account.settings.flag("netsuite.credits_move_stock"):
        return 0
    if not account.settings.flag("netsuite.advanced_receiving"):
        return 1
    source = account.store.value("SELECT type FROM txn WHERE id = ?", (line.order_doc,)) if line.order_doc else None
    return 0 if source == kinds.RETURN_AUTHORIZATION.code else 1


MOVERS = (*kinds.STOCK_MOVERS, kinds.BIN_TRANSFER, kinds.INVOICE, kinds.CASH_SALE)
