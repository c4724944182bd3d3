"""What a switch is: a name, a default, what it may be set to, and its meaning in one line."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

TEXT_MAX = 500
WORDS_MAX = 200
LARGE = 1_000_000_000


class UnknownSettingError(ValueError):
    """A name that is no switch, or a value it cannot take; says which would do."""


@dataclass(frozen=True)
class Switch:
    """`allowed` says in words what `check` lets through."""

    name: str
    default: Any
    meaning: str
    allowed: str

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]

    def check(self, value: Any) -> Any:
        if not self.takes(value):
            raise UnknownSettingError(f"{self.name} is {self.allowed}; not {value!r:.200}")
        return value

    def takes(self, value: Any) -> bool:
        raise NotImplementedError


@dataclass(frozen=True)
class _Flag(Switch):
    def takes(self, value: Any) -> bool:
        return isinstance(value, bool)


@dataclass(frozen=True)
class _Number(Switch):
    low: float
    high: float
    is_whole: bool = False

    def takes(self, value: Any) -> bool:
        return _is_number(value, whole=self.is_whole) and self.low <= value <= self.high


@dataclass(frozen=True)
class _Span(Switch):
    high: float

    def takes(self, value: Any) -> bool:
        if not isinstance(value, list) or len(value) != 2 or not all(_is_number(one) for one in value):
            return False
        return bool(0 <= value[0] <= value[1] <= self.high)


@dataclass(frozen=True)
class _Choice(Switch):
    values: tuple[Any, ...]

    def takes(self, value: Any) -> bool:
        return any(type(value) is type(one) and value == one for one in self.values)  # 1 is not True here


@dataclass(frozen=True)
class _Text(Switch):
    def takes(self, value: Any) -> bool:
        return isinstance(value, str) and len(value) <= TEXT_MAX


@dataclass(frozen=True)
class _Zone(Switch):
    def takes(self, value: Any) -> bool:
        return isinstance(value, str) and value in available_timezones()


@dataclass(frozen=True)
class _Words(Switch):
    values: tuple[str, ...]

    def takes(self, value: Any) -> bool:
        if not isinstance(value, list) or len(value) > WORDS_MAX or not all(isinstance(one, str) for one in value):
            return False
        return all(one in self.values if self.values else len(one) <= TEXT_MAX for one in value)


def flag(name: str, default: bool, meaning: str) -> Switch:
    return _Flag(name, default, meaning, "true or false")


def number(name: str, default: float, meaning: str, *, low: float = 0, high: float = LARGE) -> Switch:
    return _Number(name, default, meaning, f"a number from {_shown(low)} to {_shown(high)}", low, high)


def whole(name: str, default: int, meaning: str, *, low: int = 0, high: int = LARGE) -> Switch:
    allowed = f"a whole number from {_shown(low)} to {_shown(high)}"
    return _Number(name, default, meaning, allowed, low, high, is_whole=True)


def rate(name: str, meaning: str) -> Switch:
    """A chance, off unless set."""
    return number(name, 0.0, meaning, high=1)


def span(name: str, low: float, high: float, meaning: str, *, most: float = 86_400) -> Switch:
    """Two numbers, the second not below the first: from and to, or the median and the 95th percentile."""
    return _Span(name, [low, high], meaning, f"two numbers [from, to] between 0 and {_shown(most)}", most)


def choice(name: str, values: Sequence[Any], meaning: str) -> Switch:
    """The first of the values is the default."""
    return _Choice(name, values[0], meaning, f"one of {_listed(values)}", tuple(values))


def text(name: str, default: str, meaning: str) -> Switch:
    return _Text(name, default, meaning, f"a text of at most {TEXT_MAX} characters")


def zone(name: str, default: str, meaning: str) -> Switch:
    return _Zone(name, default, meaning, "a time zone such as America/Los_Angeles")


def words(name: str, meaning: str, *, of: Sequence[str] = ()) -> Switch:
    """A list, empty unless set; `of` names what may stand in it."""
    allowed = f"a list out of {_listed(of)}" if of else f"a list of at most {WORDS_MAX} texts"
    return _Words(name, [], meaning, allowed, tuple(of))


def _is_number(value: Any, *, whole: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _shown(value: float) -> str:
    return f"{value:,}".removesuffix(".0")


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in values)
