"""How many of an order's row are set aside for it: what earlier orders left of the stock that can be sold."""

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.views import AVAILABLE, PLACES

WAITS = ("B", "D", "E")  # statuses of an order of which something is still to be shipped
FIRST_PLACE = "(SELECT min(id) FROM location WHERE makeinventoryavailable = 'T')"
FREE = f"SELECT coalesce(sum({AVAILABLE}), 0) {PLACES} WHERE s.item = ? AND s.location = coalesce(?, {FIRST_PLACE})"
TAKEN = (
    "SELECT coalesce(sum(o.quantity - coalesce(o.received, 0)), 0) FROM txn_line o JOIN txn t ON t.id = o.txn"
    " WHERE o.type = 'SalesOrd' AND o.role = 'item' AND o.item = ? AND o.isclosed = 'F' AND o.deleted = 0"
    " AND t.status IN ('B', 'D', 'E') AND t.deleted = 0 AND t.voided = 0 AND (t.id < ? OR (t.id = ? AND o.id < ?))"
    f" AND coalesce(o.location, t.location, {FIRST_PLACE}) = coalesce(?, {FIRST_PLACE})"
)


def quantity_committed(account: Account, document: Document, line: Line) -> int:
    """None once the row is shipped, and of what NetSuite keeps no stock of."""
    waiting = line.quantity - line.received
    if document.status not in WAITS or line.is_closed or not line.is_stock or waiting <= 0:
        return 0
    place = line.location or document.location
    free = account.store.value(FREE, (line.item, place))
    taken = account.store.value(TAKEN, (line.item, document.id, document.id, line.line, place))
    return int(min(max(free - taken, 0), waiting))
