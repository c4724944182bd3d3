"""The merge rules of keyed sublists (netsuite.md 2.4)."""

import copy
from collections.abc import Sequence
from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.bodies import apply_row
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.errors import invalid_value, missing_values, user_error
from integrations.sandbox.netsuite.inputs import reference
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]


def merge_rows(
    account: Account, document: Document, *, rows: Sequence[Json], keys: Sequence[str], replace: bool
) -> None:
    """Match rows to the document's lines by the first key they carry; keep, change, drop or add lines.

    keys: "orderline" (names the source's line, in transforms) and/or "line" (the line's own number).
    """
    merged: list[Line] = []
    touched: set[int] = set()
    for number, row in enumerate(rows):
        path = f"{document.kind.sublist}.items[{number}]"
        line = _matching_line(document, row=row, keys=keys, path=path)
        if line is None:
            line = _new_line(account, document, row=row, path=path, number=_free_number(account, document, merged))
        elif line.line in touched:
            raise user_error("The same line is given twice; a line has one quantity and one location.", path=path)
        else:
            line = copy.deepcopy(line)
        touched.add(line.line)
        apply_row(account, document, line, row=row, path=path)
        merged.append(line)
    kept = [] if replace else [line for line in document.lines if line.line not in touched]
    document.lines = sorted([*kept, *merged], key=lambda line: line.line)


def _matching_line(document: Document, *, row: Json, keys: Sequence[str], path: str) -> Line | None:
    for key in keys:
        if row.get(key) is None:
            continue
        number = whole_number(row[key])
        attribute = "order_line" if key == "orderline" else "line"
        for line in document.lines:
            if number is not None and getattr(line, attribute) == number:
                return line
        if key == "orderline" or len(keys) > 1 or "item" not in row:
            name = key.replace("orderline", "orderLine")
            raise invalid_value(row[key], field=name, path=f"{path}.{name}")
    return None


def _free_number(account: Account, document: Document, merged: Sequence[Line]) -> int:
    taken = [line.line for line in (*document.lines, *merged)]
    return max(taken) + int(account.settings.number("netsuite.line_step")) if taken else 1


def _new_line(account: Account, document: Document, *, row: Json, path: str, number: int) -> Line:
    if row.get("item") is None:
        raise missing_values("Item", path=f"{path}.item")
    item = reference(account, value=row["item"], field="item", path=f"{path}.item")
    item_type = account.item_type(item, path=f"{path}.item")
    tax_rate = account.tax_rate(entity=document.entity, item_type=item_type)
    line = Line(line=number, item=item, item_type=item_type, tax_rate=tax_rate, decimals=document.decimals)
    if document.kind.has_amounts and row.get("rate") is None and row.get("amount") is None:
        price = account.store.row("SELECT baseprice, rate FROM item WHERE id = ?", (item,))
        usual = (price["rate"] or price["baseprice"] or 0) if price else 0
        apply_row(account, document, line, row={"rate": usual}, path=path)
    return line
