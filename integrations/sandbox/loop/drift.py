"""Shapes Loop has been seen or suspected to change to (loop.md 7 and 10); each behind a switch of its own."""

import random
from typing import Any

from integrations.sandbox.settings import Reading

Json = dict[str, Any]


def drifted(row: Json, *, settings: Reading) -> Json:
    """The row of a list or of details as the switches in force would have it."""
    if settings.flag("loop.drift.extra_fields"):
        row = {**row, "loop_score": 0.5, "experiments": [{"name": "later"}]}
        row["line_items"] = [{**unit, "tags": ["new"]} for unit in row["line_items"]]
    if settings.flag("loop.drift.fee_with_sign"):
        row = {**row, "handling_fee": f"${row['handling_fee']}"}
    if settings.flag("loop.drift.null_for_na"):
        row = {key: None if value == "N/A" else value for key, value in row.items()}
    if settings.text("loop.drift.outcome"):
        row = {**row, "outcome": settings.text("loop.drift.outcome")}
    if settings.text("loop.drift.label_status") and row["labels"]:
        row = {**row, "label_status": settings.text("loop.drift.label_status")}
    return row


def ordered(rows: list[Json], *, settings: Reading, draw: random.Random) -> list[Json]:
    if settings.flag("loop.drift.unsorted_list"):
        draw.shuffle(rows)
    return rows
