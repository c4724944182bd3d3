"""Reading whole numbers out of what strangers send."""

from typing import Any

DIGITS_MAX = 18  # what fits a 64-bit integer, and so a column


def whole_number(value: Any) -> int | None:
    """The number in plain decimal digits, as text or as a JSON integer; None for everything else."""
    text = str(value)
    is_number = not isinstance(value, (bool, float)) and text.isascii() and text.isdigit()
    return int(text) if is_number and len(text) <= DIGITS_MAX else None
