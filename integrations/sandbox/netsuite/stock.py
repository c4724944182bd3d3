"""The stock ledger: an append-only list of moves, and the quantity on hand per item and location."""

from collections import Counter

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.store import Store

Place = tuple[int, int]  # item, location


def post_stock(store: Store, document: Document, *, at: str, credits_move_stock: bool) -> None:
    """Bring the ledger of this document to what it should say now; an edit or a void appends the difference."""
    wanted = _effect(store, document, credits_move_stock=credits_move_stock)
    booked: Counter[Place] = Counter()
    sql = "SELECT item, location, SUM(quantity) AS quantity FROM stock_ledger WHERE txn = ? GROUP BY item, location"
    for row in store.rows(sql, (document.id,)):
        booked[row["item"], row["location"]] = row["quantity"]
    for place in sorted(wanted.keys() | booked.keys()):
        difference = wanted[place] - booked[place]
        if difference:
            _append(store, document, place=place, quantity=difference, at=at)


def _append(store: Store, document: Document, *, place: Place, quantity: int, at: str) -> None:
    store.execute(
        "INSERT INTO stock_ledger (at, txn, type, item, location, quantity) VALUES (?, ?, ?, ?, ?, ?)",
        (at, document.id, document.kind.code, *place, quantity),
    )
    store.execute(
        "INSERT INTO stock (item, location, on_hand) VALUES (?, ?, ?)"
        " ON CONFLICT (item, location) DO UPDATE SET on_hand = on_hand + excluded.on_hand",
        (*place, quantity),
    )


def _effect(store: Store, document: Document, *, credits_move_stock: bool) -> Counter[Place]:
    effect: Counter[Place] = Counter()
    if document.deleted or document.voided:
        return effect
    for line in document.lines:
        location = line.location or document.location
        if not line.is_stock or location is None:
            continue
        if document.kind == kinds.INVENTORY_TRANSFER:
            effect[line.item, location] -= line.quantity
            effect[line.item, int(document.extra["transferLocation"])] += line.quantity
        else:
            sign = _sign(store, document, line=line, credits_move_stock=credits_move_stock)
            effect[line.item, location] += sign * line.quantity
    return effect


def _sign(store: Store, document: Document, *, line: Line, credits_move_stock: bool) -> int:
    if document.kind == kinds.FULFILLMENT:
        return -1
    if document.kind == kinds.ITEM_RECEIPT:
        return 1 if line.is_restocked else 0
    if document.kind == kinds.INVENTORY_ADJUSTMENT:
        return 1
    if document.kind in kinds.CREDITS and credits_move_stock:
        # A credited line of a return came in with its receipt. Any other stock line on a credit comes back
        # into stock with the credit itself, inspected or not (netsuite.md 4.9).
        source = store.value("SELECT type FROM txn WHERE id = ?", (line.order_doc,)) if line.order_doc else None
        return 0 if source == kinds.RETURN_AUTHORIZATION.code else 1
    return 0
