"""One JSON object of Loop's, read key by key."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from integrations.errors import UnreadableRecordError
from integrations.loop.values import ZERO, Raw, first_of, read_fee, read_id, read_money, read_text, read_time, storable

Value = TypeVar("Value")


class Fields:
    """One JSON object of Loop's, read key by key; a bad value is reported with the key and the object."""

    def __init__(self, raw: object, *, name: str, id_key: str) -> None:
        if not isinstance(raw, Mapping):
            raise unreadable(f"a {name} is not an object but {type(raw).__name__}", path="")
        self.raw: Raw = raw
        self._subject = f"{name} {str(raw.get(id_key))[:40]}"

    def text(self, *keys: str) -> str | None:
        return self._read(read_text, keys)

    def id(self, *keys: str) -> str | None:
        return self._read(read_id, keys)

    def money(self, *keys: str) -> Decimal:
        """Zero when absent: for amounts that are newer than some of Loop's answers."""
        amount = self._read(read_money, keys)
        return ZERO if amount is None else amount

    def amount(self, *keys: str) -> Decimal | None:
        """None when Loop does not say."""
        return self._read(read_money, keys)

    def fee(self, *keys: str) -> Decimal:
        amount = self._read(read_fee, keys)
        return ZERO if amount is None else amount

    def time(self, *keys: str) -> datetime | None:
        return self._read(read_time, keys)

    def flag(self, *keys: str) -> bool:
        return first_of(self.raw, *keys) in (True, 1, "1", "true")

    def rows(self, key: str) -> list[Any]:
        """The entries of a list; PHP writes one with gaps in its numbering as an object."""
        value = self.raw.get(key)
        if isinstance(value, Mapping):
            is_numbered = all(isinstance(entry, Mapping) for entry in value.values())
            return list(value.values()) if is_numbered else [value]
        return value if isinstance(value, list) else []

    def needed_rows(self, key: str) -> list[Any]:
        """The same of a list that has to be one: taken for an empty one, all that it held would be gone."""
        if not isinstance(self.raw.get(key), (Mapping, list)):
            raise self.unreadable("is no list", key=key)
        return self.rows(key)

    def require(self, *keys: str) -> None:
        """Refuse to read on when one of these keys is missing: zero or nothing would be a guess."""
        for key in keys:
            if key not in self.raw:
                raise self.unreadable("is missing", key=key)

    def needed(self, value: Value | None, *, key: str) -> Value:
        if value is None:
            raise self.unreadable("is empty", key=key)
        return value

    def unreadable(self, what: str, *, key: str) -> UnreadableRecordError:
        return unreadable(f"{self._subject}: {key} {what}", path=key)

    def _read(self, read: Callable[[object], Value | None], keys: tuple[str, ...]) -> Value | None:
        value = first_of(self.raw, *keys)
        try:
            return read(value)
        # A time zone that nobody knows raises a KeyError or an OSError, a time at the end of time overflows.
        except (ValueError, KeyError, OSError, OverflowError) as error:
            raise self.unreadable(f"cannot be read: {error}", key=keys[0]) from error


def storable_object(raw: object, *, name: str) -> object:
    """The object as a database can hold it; raises UnreadableRecordError if it is nested without end."""
    try:
        return storable(raw)
    except (ValueError, RecursionError) as error:
        raise unreadable(f"a {name} is {error}", path="") from error


def unreadable(detail: str, *, path: str) -> UnreadableRecordError:
    return UnreadableRecordError(system="loop", operation="read answer", detail=detail, family="unreadable", path=path)
