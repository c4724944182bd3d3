"""Reading single values of Loop's JSON; source: Loop API documentation and captures of mid 2026."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

ZERO = Decimal("0")

# Loop writes "N/A" where other systems write null, in texts and in dates.
ABSENT_WORDS = {"", "n/a"}

UTC_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")
NOT_OF_A_NUMBER = re.compile(r"[^0-9.\-]")

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
    return read_text(value)


def read_money(value: object) -> Decimal | None:
    """An amount in major units, from the sender's own digits; None when there is none."""
    text = read_text(value)
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not an amount") from None
    if not amount.is_finite():
        raise ValueError(f"{value!r} is not an amount")
    return amount


def read_fee(value: object) -> Decimal | None:
    """handling_fee has been seen with a currency sign in front and other stray characters."""
    text = read_text(value)
    return None if text is None else read_money(NOT_OF_A_NUMBER.sub("", text.replace(",", "")))


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
