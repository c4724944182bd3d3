"""Reading single values of Loop's JSON; source: Loop API documentation and captures of mid 2026."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZERO = Decimal("0")

# Loop writes "N/A" where other systems write null, in texts and in dates.
ABSENT_WORDS = {"", "n/a"}

UTC_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
FIGURE = re.compile(r"-?\d[\d.,]*", re.ASCII)  # within a text

ID_CHARS_MAX = 60
AMOUNT_DIGITS_MAX = 9  # before the point; more is not money of a return
AMOUNT_DECIMALS_MAX = 6
NESTING_MAX = 100

Raw = Mapping[str, Any]


def first_of(raw: Raw, *names: str) -> Any:
    """The value of the first of these keys that is there and not null; list and details name things apart."""
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def read_text(value: object) -> str | None:
    if value is None or isinstance(value, (Mapping, list)):
        return None
    text = str(value).strip()
    return None if text.lower() in ABSENT_WORDS else text


def read_id(value: object) -> str | None:
    """Ids are text in the list, integers in details, and both in webhooks."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not an id")
    text = read_text(value)
    if text is not None and len(text) > ID_CHARS_MAX:
        raise ValueError(f"{text[:20]}… is too long for an id")
    return text


def read_money(value: object) -> Decimal | None:
    """An amount in major units, from the sender's own digits; None when there is none."""
    text = read_text(value)
    if text is None:
        return None
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not an amount")
    amount = Decimal(text)
    decimals = -int(amount.as_tuple().exponent)
    if amount.adjusted() >= AMOUNT_DIGITS_MAX or decimals > AMOUNT_DECIMALS_MAX:
        raise ValueError(f"{text[:40]} is too large or too fine for an amount")
    return amount


def read_fee(value: object) -> Decimal | None:
    """handling_fee has been seen with a currency sign in front and other stray characters."""
    text = read_text(value)
    if text is None or NUMBER.fullmatch(text):
        return read_money(text)
    figure = FIGURE.search(text)
    amount = read_money(_with_a_point(figure[0].rstrip(".,"))) if figure else None
    return -abs(amount) if amount and text.startswith("-") else amount


def _with_a_point(figure: str) -> str:
    """1,234.50 and 1.234,50 are the same; a comma before three digits, and nothing else, parts thousands."""
    before, comma, after = figure.rpartition(",")
    if comma and after.isdecimal() and len(after) != 3:
        return f"{before.replace('.', '').replace(',', '')}.{after}"
    return figure.replace(",", "")


def read_time(value: object) -> datetime | None:
    """Aware UTC from any of Loop's three ways of writing a time.

    The list says 2026-05-27T16:30:36+00:00, details the same moment as 2026-05-27 16:30:36 without a
    zone, and outcomes_processed_at holds what PHP prints of a DateTime, with a zone of its own.
    """
    if isinstance(value, Mapping):
        return _read_php_time(value)
    text = read_text(value)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_php_time(value: Raw) -> datetime | None:
    text = read_text(value.get("date"))
    if text is None:
        return None
    zone = _read_zone(str(value.get("timezone") or "UTC"))
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def _read_zone(name: str) -> timezone | ZoneInfo:
    offset = UTC_OFFSET.match(name)
    if offset is None:
        return ZoneInfo(name)
    sign = -1 if offset[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))


def storable(value: Any, *, depth: int = 0) -> Any:
    """The same value, with what a database cannot hold (the NUL character, half of a surrogate pair) replaced.

    Raises ValueError for what is nested without end.
    """
    if depth > NESTING_MAX:
        raise ValueError(f"nested more than {NESTING_MAX} deep")
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, Mapping):
        return {_storable_text(str(key)): storable(one, depth=depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [storable(one, depth=depth + 1) for one in value]
    return value


def _storable_text(text: str) -> str:
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
