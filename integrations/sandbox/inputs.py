"""Reading what people send to the control API: every key known, every value in its range."""

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]
TEXT_MAX = 500
WHOLE_MAX = 10**15
MONEY_MAX = 10**9


class BadInputError(ValueError):
    """The control API was asked for something it cannot do; says what it can."""


class Fields:
    """The keys of one object, taken one by one; `done` refuses those nobody asked for."""

    def __init__(self, body: Mapping[str, Any], *, name: str = "") -> None:
        self._body = body
        self._name = name
        self._asked: list[str] = []

    def _take(self, key: str) -> Any:
        self._asked.append(key)
        return self._body.get(key)

    def _refusal(self, key: str, *, allowed: str) -> BadInputError:
        return BadInputError(f"{self._name}{key} is {allowed}; not {self._body.get(key)!r:.200}")

    def text(self, key: str, default: str | None = None, *, of: Collection[str] = ()) -> str | None:
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > TEXT_MAX or (of and value not in of):
            allowed = f"one of {', '.join(of)}" if of else f"a text of at most {TEXT_MAX} characters"
            raise self._refusal(key, allowed=allowed)
        return value

    def word(self, key: str, default: str | None = None, *, of: Collection[str] = ()) -> str:
        """A text that must be there, or has a default."""
        found = self.text(key, default, of=of)
        if found is None:
            raise self._refusal(key, allowed=f"one of {', '.join(of)}" if of else "a text that must be given")
        return found

    def number(self, key: str, default: float | None = None, *, low: float = 0, high: float = 1e9) -> float | None:
        """A number, or its decimal digits as text, as they come in an address."""
        value = _number_in(self._take(key))
        if value is None:
            return default
        if not isinstance(value, (int, float)) or not math.isfinite(value) or not low <= value <= high:
            raise self._refusal(key, allowed=f"a number from {low:g} to {high:g}")
        return value

    def whole(self, key: str, default: int | None = None, *, low: int = 0, high: int = WHOLE_MAX) -> int | None:
        value = _number_in(self._take(key))
        if value is None:
            return default
        if not isinstance(value, int) or not low <= value <= high:
            raise self._refusal(key, allowed=f"a whole number from {low} to {high}")
        return value

    def count(self, key: str, default: int, *, low: int = 0, high: int = WHOLE_MAX) -> int:
        found = self.whole(key, default, low=low, high=high)
        return default if found is None else found

    def moment(self, key: str) -> datetime | None:
        """A time in ISO form; without a zone it is UTC."""
        text = self.text(key)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise self._refusal(key, allowed="a time such as 2026-11-22T09:30:00Z") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._refusal(key, allowed="true or false")
        return value

    def object(self, key: str) -> Json:
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._refusal(key, allowed="an object")
        return value

    def has(self, key: str) -> bool:
        return key in self._body

    def names(self, key: str, *, of: Collection[str]) -> list[str]:
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(one, str) and one in of for one in value):
            raise self._refusal(key, allowed=f"a list of some of {', '.join(sorted(of))}")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._refusal(key, allowed="a list of texts")
        return value

    def rows(self, key: str) -> list["Fields"]:
        """A list of objects, each to be read on its own."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self._refusal(key, allowed="a list of objects")
        return [Fields(one, name=f"{key} {number}: ") for number, one in enumerate(value, 1)]

    def money(self, key: str, default: str = "0") -> Decimal:
        """An amount, best as text; as many places as its currency may have."""
        value = self._take(key)
        try:
            amount = Decimal(str(default if value is None else value))
        except InvalidOperation:
            raise self._refusal(key, allowed="an amount such as 12.50") from None
        if not amount.is_finite() or abs(amount) > MONEY_MAX or amount != round(amount, 3):
            raise self._refusal(key, allowed=f"an amount up to {MONEY_MAX}, with three places at most")
        return amount

    def done(self) -> None:
        unknown = [key for key in self._body if key not in self._asked]
        if unknown:
            raise BadInputError(
                f"unknown: {', '.join(unknown)[:200]}; known here: {', '.join(self._asked) or 'nothing'}"
            )


def _number_in(value: Any) -> Any:
    """bool is no number here; digits are."""
    if isinstance(value, bool):
        return "a flag"
    if not isinstance(value, str):
        return value
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= 15:
        return int(value)
    return _fraction_in(value)


def _fraction_in(value: str) -> Any:
    try:
        return float(value) if len(value) <= 30 else value
    except ValueError:
        return value
