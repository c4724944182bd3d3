"""The switches as they stand: in general, per NetSuite account and per Loop shop; changed at run time."""

import copy
import difflib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from integrations.sandbox.switches import GROUPS, SWITCHES
from integrations.sandbox.switches.declare import UnknownSettingError
from integrations.sandbox.switches.profiles import PROFILES

logger = logging.getLogger(__name__)
Json = dict[str, Any]
Choice = tuple[str, str, str, Any]  # scope, account or shop, full name, value
Values = dict[str, Any]  # full name of the switch → value
# Where a switch may differ, the groups it may be of; names without a group mean the first.
SCOPES = {"accounts": ("netsuite",), "shops": ("loop", "connector")}
PROFILE = "profile"


class Reading:
    """Reads switches by their full name, such as "loop.webhooks.attempts"."""

    def value(self, name: str) -> Any:
        raise NotImplementedError

    def number(self, name: str) -> float:
        return float(self.value(name))

    def flag(self, name: str) -> bool:
        return bool(self.value(name))

    def text(self, name: str) -> str:
        return str(self.value(name))

    def span(self, name: str) -> tuple[float, float]:
        low, high = self.value(name)
        return float(low), float(high)

    def words(self, name: str) -> frozenset[str]:
        return frozenset(self.value(name))


class Settings(Reading):
    """What was set by hand is kept apart from the defaults: only that is stored and given back to a restart."""

    def __init__(self, *, accounts: Iterable[str] = (), shops: Iterable[str] = ()) -> None:
        self._known = {"accounts": tuple(accounts), "shops": tuple(shops)}
        self._chosen = self._nothing()
        self._lock = threading.Lock()
        self._telling = threading.RLock()
        self._listeners: list[Callable[[], None]] = []

    def _nothing(self) -> dict[tuple[str, str], Values]:
        places = [("", ""), *((scope, one) for scope, known in self._known.items() for one in known)]
        return {place: {} for place in places}

    def know_shops(self, codes: Iterable[str]) -> None:
        """The shops there are now; what was set for others is forgotten."""
        with self._lock:
            self._known = {**self._known, "shops": tuple(codes)}
            self._chosen = {place: self._chosen.get(place, {}) for place in self._nothing()}

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def value(self, name: str) -> Any:
        return self.value_at("", one="", name=name)

    def value_at(self, scope: str, *, one: str, name: str) -> Any:
        """The nearest: what was set for this account or shop, else in general, else the default."""
        chosen = self._chosen
        near = chosen[scope, one]
        if name in near:
            return near[name]
        general = chosen["", ""]
        return general[name] if name in general else SWITCHES[name].default

    def of_account(self, account_id: str) -> Reading:
        return _Scoped(self, scope="accounts", one=account_id)

    def of_shop(self, code: str) -> Reading:
        return _Scoped(self, scope="shops", one=code)

    def of_caller(self, system: str, *, one: str | None) -> Reading:
        """For the NetSuite account or the Loop shop that calls, if the call says which."""
        if one is None:
            return self
        return self.of_account(one) if system == "netsuite" else self.of_shop(one)

    def as_json(self) -> Json:
        """Everything in general, then what differs per account and shop; it can be sent back as it is."""
        general = {name: self.value(name) for name in SWITCHES}
        return copy.deepcopy(_nested(general) | self._differing())

    def chosen(self) -> list[Choice]:
        """Only what was set by hand, for `restore`."""
        places = self._chosen.items()
        return [(scope, one, name, value) for (scope, one), values in places for name, value in values.items()]

    def _differing(self) -> Json:
        return {
            scope: {one: _nested(self._chosen[scope, one]) for one in known if self._chosen[scope, one]}
            for scope, known in self._known.items()
        }

    def shown_for(self, scope: str, *, one: str) -> Json:
        """All that holds for one account or shop."""
        self._check_known(scope, one=one)
        names = [name for name in SWITCHES if SWITCHES[name].group in SCOPES[scope]]
        return copy.deepcopy(_nested({name: self.value_at(scope, one=one, name=name) for name in names}))

    def update(self, changes: Json) -> None:
        """All or nothing. null takes back what was set."""
        self.update_quietly(changes)
        with self._telling:
            for listener in self._listeners:
                listener()

    def update_quietly(self, changes: Json) -> None:
        """Without telling the listeners: the state they look after is being made."""
        with self._lock:
            chosen = {place: dict(values) for place, values in self._chosen.items()}
            for place, values in self._placed(changes):
                for name, value in values:
                    if value is None:
                        chosen[place].pop(name, None)
                    else:
                        chosen[place][name] = value
            self._chosen = chosen

    def restore(self, choices: list[Choice]) -> None:
        """The defaults and these choices; those of an older sandbox that mean nothing any more are left out."""
        restored = self._nothing()
        for scope, one, name, value in choices:
            if (scope, one) in restored and name in SWITCHES and SWITCHES[name].takes(value):
                restored[scope, one][name] = value
            else:
                logger.warning("sandbox setting %s %s %s = %r is no more; its default holds", scope, one, name, value)
        with self._lock:
            self._chosen = restored

    def _placed(self, changes: Json) -> Iterator[tuple[tuple[str, str], list[tuple[str, Any]]]]:
        general = {key: value for key, value in changes.items() if key not in SCOPES}
        yield ("", ""), list(_flattened(general, scope=""))
        for scope in SCOPES:
            for one, wanted in _object(changes.get(scope, {}), name=scope).items():
                self._check_known(scope, one=one)
                yield (scope, one), list(_flattened(_object(wanted, name=f"{scope}.{one}"), scope=scope))

    def _check_known(self, scope: str, *, one: str) -> None:
        if one not in self._known[scope]:
            raise UnknownSettingError(f"{scope} has no {one!r:.100}; known: {', '.join(self._known[scope])}")


class _Scoped(Reading):
    def __init__(self, settings: Settings, *, scope: str, one: str) -> None:
        self._settings = settings
        self._scope = scope
        self._one = one

    def value(self, name: str) -> Any:
        return self._settings.value_at(self._scope, one=self._one, name=name)


def _flattened(changes: Json, *, scope: str) -> Iterator[tuple[str, Any]]:
    """(full name, checked value or None) of nested objects and dotted names; profiles come before single switches."""
    for name in _profile_names(changes.get(PROFILE, [])):
        for switch, value in PROFILES[name].changes.items():
            yield _in_scope(switch, scope=scope), value
    for key, value in changes.items():
        if key != PROFILE:
            yield from _leaves(_in_scope(key, scope=scope), value=value)


def _profile_names(wanted: Any) -> list[str]:
    names = wanted if isinstance(wanted, list) else [wanted]
    for name in names:
        if not isinstance(name, str) or name not in PROFILES:
            raise UnknownSettingError(f"no profile {name!r:.100}; known: {', '.join(PROFILES)}")
    return names


def _in_scope(name: str, *, scope: str) -> str:
    if not scope:
        return name
    groups = SCOPES[scope]
    first = name.partition(".")[0]
    if first in groups:
        return name
    if first in GROUPS:
        raise UnknownSettingError(f"{name} cannot differ by {scope}; only {' and '.join(groups)} can")
    return f"{groups[0]}.{name}"


def _leaves(name: str, *, value: Any) -> Iterator[tuple[str, Any]]:
    if name in SWITCHES:
        yield name, None if value is None else SWITCHES[name].check(copy.deepcopy(value))
    elif name in GROUPS:
        for key, below in _object(value, name=name).items():
            yield from _leaves(f"{name}.{key}", value=below)
    else:
        raise _unknown(name)


def _unknown(name: str) -> UnknownSettingError:
    group = max((one for one in GROUPS if name.startswith(f"{one}.")), key=len, default="")
    known = sorted({_next_part(one, group=group) for one in SWITCHES if one.startswith(f"{group}." if group else "")})
    near = difflib.get_close_matches(name[:200], SWITCHES, n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    return UnknownSettingError(f"no setting {name:.200}.{meant} Known here: {', '.join(known)}")


def _next_part(name: str, *, group: str) -> str:
    return name.removeprefix(f"{group}." if group else "").partition(".")[0]


def _object(value: Any, *, name: str) -> Json:
    if not isinstance(value, dict):
        raise UnknownSettingError(f"{name} is a group: give an object")
    return value


def _nested(values: Values) -> Json:
    """ "a.b": 1 → {"a": {"b": 1}}"""
    whole: Json = {}
    for name, value in values.items():
        *groups, last = name.split(".")
        place = whole
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return whole
