"""Inventory detail: in which bin and which status the units of a row lie (netsuite.md 3.3, 4.10, 4.12)."""

from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Assignment, Document, Line
from integrations.sandbox.netsuite.errors import invalid_value
from integrations.sandbox.netsuite.inputs import reference, whole_quantity
from integrations.sandbox.netsuite.wording import worded

Json = dict[str, Any]
ROWS_MAX = 500


def apply_detail(account: Account, document: Document, line: Line, *, value: Any, path: str) -> None:
    mode = account.settings.text("netsuite.inventory_detail")
    if document.kind == kinds.ITEM_RECEIPT and document.writer == "api":
        if mode == "static":
            raise worded(account, "detail_static", path=path)
        if mode == "ignored":
            return
    line.assignments = tuple(
        _assignment(account, _lowered(row), path=f"{path}.inventoryAssignment.items[{number}]")
        for number, row in enumerate(_rows(value, path=path))
    )


def _rows(value: Any, *, path: str) -> list[Any]:
    detail = _lowered(value) if isinstance(value, dict) else {}
    inner = detail.get("inventoryassignment")
    rows = inner.get("items") if isinstance(inner, dict) else inner
    if rows is None:
        return []
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        raise invalid_value(rows, field="inventoryAssignment", path=path)
    return rows


def _lowered(value: Any) -> Json:
    return {str(key).lower(): inner for key, inner in value.items()} if isinstance(value, dict) else {}


def _assignment(account: Account, row: Json, *, path: str) -> Assignment:
    number = row.get("issueinventorynumber") or row.get("receiptinventorynumber") or ""
    return Assignment(
        quantity=whole_quantity(row.get("quantity", 1), path=f"{path}.quantity"),
        bin=_listed(account, row.get("binnumber"), table="bin", field="binNumber", path=path),
        status=_listed(
            account, row.get("inventorystatus"), table="inventorystatus", field="inventoryStatus", path=path
        ),
        to_bin=_listed(account, row.get("tobinnumber"), table="bin", field="toBinNumber", path=path),
        to_status=_listed(
            account, row.get("toinventorystatus"), table="inventorystatus", field="toInventoryStatus", path=path
        ),
        number=str(number.get("refName") or number.get("id") or "") if isinstance(number, dict) else str(number),
    )


def _listed(account: Account, value: Any, *, table: str, field: str, path: str) -> int:
    """Bins and statuses are named by internal id, never by name."""
    if value is None:
        return 0
    found = reference(account, value=value, field=field, path=f"{path}.{field}")
    if account.store.value(f"SELECT id FROM {table} WHERE id = ? AND isinactive = 'F'", (found,)) is None:
        raise invalid_value(found, field=field, path=f"{path}.{field}")
    return found


def check_details(account: Account, document: Document, before: Document | None) -> None:
    """Assignments add up to their row and lie in bins of its location; where bins are used, there must be some."""
    for number, line in enumerate(document.lines):
        path = f"{document.kind.sublist}.items[{number}].inventoryDetail"
        place = line.location or document.location
        if line.assignments and not line.is_stock:
            raise invalid_value(line.item_type, field="inventoryDetail", path=path)  # only stock lies anywhere
        if not line.is_stock or not line.is_restocked:
            continue
        if not line.assignments:
            line.assignments = _prefilled(account, document, line, place=place, path=path)
        elif sum(one.quantity for one in line.assignments) != line.quantity:
            raise worded(account, "detail_total", path=path, quantity=line.quantity)
        _check_bins(account, document, line, place=place, path=path)


def _prefilled(
    account: Account, document: Document, line: Line, *, place: int | None, path: str
) -> tuple[Assignment, ...]:
    """What comes in is put into the location's first bin; what goes out or moves has to be named."""
    if not uses_bins(account, place):
        return ()
    sql = "SELECT id FROM bin WHERE location = ? AND isinactive = 'F' ORDER BY id LIMIT 1"
    first = account.store.value(sql, (place,))
    if first is None or document.kind in (kinds.INVENTORY_TRANSFER, kinds.BIN_TRANSFER):
        raise worded(account, "detail_missing", path=path, line=line.line)
    return (Assignment(line.quantity, bin=first),)


def uses_bins(account: Account, location: int | None) -> bool:
    if not account.settings.flag("netsuite.bins") or location is None:
        return False
    return bool(account.store.value("SELECT usebins FROM location WHERE id = ?", (location,)) == "T")


def _check_bins(account: Account, document: Document, line: Line, *, place: int | None, path: str) -> None:
    target = int(document.extra.get("transferLocation") or place or 0)
    for one in line.assignments:
        for bin_id, location, field in ((one.bin, place, "binNumber"), (one.to_bin, target, "toBinNumber")):
            own = account.store.value("SELECT location FROM bin WHERE id = ?", (bin_id,)) if bin_id else location
            if own != location:
                raise invalid_value(bin_id, field=field, path=path)
