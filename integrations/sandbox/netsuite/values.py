"""The syntax of values by the type of their field: what a value may look like before any rule sees it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.netsuite.errors import invalid_value

Json = dict[str, Any]
SUBLISTS = ("item", "apply", "inventory")
DATES = frozenset(["trandate", "shipdate", "duedate", "saleseffectivedate", "applydate", "shippeddate"])
MOMENTS = frozenset(["createddate", "lastmodifieddate"])
NUMBERS = frozenset(
    [
        "exchangerate",
        "total",
        "subtotal",
        "taxtotal",
        "shippingcost",
        "handlingcost",
        "quantity",
        "rate",
        "amount",
        "grossamt",
        "taxamount",
        "adjustqtyby",
        "unitcost",
        "line",
        "orderline",
        "payment",
    ]
)
TRUTHS = frozenset(
    [
        "tobeemailed",
        "tobeprinted",
        "tobefaxed",
        "shipcomplete",
        "autoapply",
        "isclosed",
        "itemreceive",
        "apply",
        "restock",
        "shippingcostoverridden",
    ]
)


def check_values(body: Json, *, mode: str) -> list[str]:
    """Refuse values of a wrong form in mode error; in the others take them out and name them.

    Ids that do not exist are refused in every mode, by the rules (netsuite.md 2.2).
    """
    dropped: list[str] = []
    _check_fields(body, path="", mode=mode, dropped=dropped)
    for sublist in SUBLISTS:
        value = body.get(sublist)
        rows = value.get("items") if isinstance(value, dict) else None
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            _check_fields(row, path=f"{sublist}.items[{number}].", mode=mode, dropped=dropped)
    return dropped


def _check_fields(fields: Json, *, path: str, mode: str, dropped: list[str]) -> None:
    for name in list(fields):
        is_fine = _check_of(name, in_row=bool(path))
        value = fields[name]
        if is_fine is None or value is None or is_fine(value):
            continue
        if mode == "error":
            raise invalid_value(_short(value), field=name, path=path + name)
        dropped.append(path + name)
        del fields[name]


def _check_of(name: str, *, in_row: bool) -> Callable[[Any], bool] | None:
    if name in DATES:
        return _is_date
    if name in MOMENTS:
        return _is_moment
    if name in NUMBERS:
        return _is_number
    if name in TRUTHS and (in_row or name != "apply"):  # on the body, apply is a sublist
        return _is_truth
    return None


def _short(value: Any) -> str:
    return str(value)[:100]


def _is_date(value: Any) -> bool:
    try:
        date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return False
    return isinstance(value, str) and (len(value) == 10 or _is_moment(value))


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in ("true", "false", "t", "f")


def keep_selected(body: Json, *, replace: frozenset[str]) -> None:
    """With replaceSelectedFields only what `replace` names is cleared: other nulls are as if not sent."""
    for name in list(body):
        value = body[name]
        is_cleared = value is None or (isinstance(value, dict) and "items" in value and value["items"] is None)
        if is_cleared and name not in replace:
            del body[name]
