"""One way to turn values into JSON and into a hash, so that equal content has an equal hash everywhere."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any

PLAIN_ALREADY = frozenset({str, int, float, bool, NoneType})


def plain(value: Any) -> Any:
    """Dataclasses, Decimals, times and tuples as JSON values. Decimal keeps its digits as text, spans are seconds."""
    if type(value) in PLAIN_ALREADY:  # most values by far, and this runs for every one of every plan
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names_of(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@cache
def _names_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def content_hash(value: Any) -> str:
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
