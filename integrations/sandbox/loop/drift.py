"""Shapes Loop has been seen or suspected to change to (loop.md 7 and 10); each behind a switch of its own."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from integrations.sandbox.settings import Reading

Json = dict[str, Any]
FEES: dict[str, Callable[[str], str]] = {
    "plain": lambda fee: fee,
    "sign": lambda fee: f"${fee}",
    "word": lambda fee: f"Rs. {fee}",
    "comma": lambda fee: f"{fee.replace('.', ',')} €",
}


def drifted(row: Json, *, rules: Reading, is_list: bool) -> Json:
    """The row of a list or of details as the switches in force would have it."""
    row = _with_other_values(row, rules=rules, is_list=is_list)
    if rules.flag("loop.drift.extra_fields"):
        row = {**row, "loop_score": 0.5, "experiments": [{"name": "later"}]}
        row["line_items"] = [{**unit, "tags": ["new"]} for unit in row["line_items"]]
    if rules.text("loop.drift.removed_lines") == "gone":
        row = {**row, "line_items": [unit for unit in row["line_items"] if unit["returned_at"] is not None]}
    if rules.text("loop.drift.refund_amounts") == "number" and "refunds" in row:
        row = {**row, "refunds": [{**one, "amount": float(Decimal(one["amount"]))} for one in row["refunds"]]}
    return row


def _with_other_values(row: Json, *, rules: Reading, is_list: bool) -> Json:
    if "handling_fee" in row:
        row = {**row, "handling_fee": FEES[rules.text("loop.drift.fee")](row["handling_fee"])}
    if rules.flag("loop.drift.null_for_na"):
        row = {key: None if value == "N/A" else value for key, value in row.items()}
    if rules.text("loop.drift.outcome"):
        row = {**row, "outcome": rules.text("loop.drift.outcome")}
    if rules.text("loop.drift.label_status") and row["labels"]:
        row = {**row, "label_status": rules.text("loop.drift.label_status")}
    numbers = rules.text("loop.drift.order_number")
    if numbers != "as_is" and is_list:
        row = {**row, "order_number": None if numbers == "null" else ""}
    return row


def ordered(rows: list[Json], *, rules: Reading, draw: random.Random) -> list[Json]:
    if rules.flag("loop.drift.unsorted_list"):
        draw.shuffle(rows)
    return rows
