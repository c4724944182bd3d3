"""The functions SuiteQL texts call, as SQLite functions: dates, labels, display texts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account

# Oracle's format parts and strftime's; the longer ones first.
PARTS = (
    ("YYYY", "%Y"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MONTH", "%B"),
    ("DAY", "%A"),
    ("MON", "%b"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("YY", "%y"),
    ("HH", "%I"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("DY", "%a"),
)
_QUOTED = re.compile(r'"([^"]*)"')
_PART = re.compile("|".join(name for name, _ in PARTS), re.IGNORECASE)
_STRFTIME = dict(PARTS)


def add_functions(account: Account) -> None:
    store = account.store
    settings = account.settings

    def zone() -> ZoneInfo:
        return ZoneInfo(settings.text("netsuite.sql_time_zone"))

    def local(text: str | None) -> str | None:
        return None if text is None else iso(parse_moment(text).replace(tzinfo=UTC).astimezone(zone()))

    def sysdate() -> str:
        return iso(account.clock.now().astimezone(zone()))

    def user_date(text: str | None) -> str | None:
        if text is None or settings.text("netsuite.sql_dates") == "iso":
            return text
        moment = parse_moment(text)
        return f"{moment.month}/{moment.day}/{moment.year}"

    def status_label(code: str, status: str | None) -> str | None:
        kind = kinds.BY_CODE.get(code)
        if kind is None or status is None:
            return status
        label = kind.status_label(status.rpartition(":")[2])
        return f"{kind.label} : {label}" if settings.flag("netsuite.status_label_prefix") else label

    store.add_function("ns_local", arguments=1, function=local, pure=False)
    store.add_function("ns_sysdate", arguments=0, function=sysdate, pure=False)
    store.add_function("ns_user_date", arguments=1, function=user_date, pure=False)
    store.add_function("ns_status_label", arguments=2, function=status_label, pure=False)
    store.add_function("ns_type_label", arguments=1, function=type_label)
    store.add_function("ns_to_char", arguments=2, function=to_char)
    store.add_function("ns_to_date", arguments=2, function=to_date)
    store.add_function("ns_trunc", arguments=1, function=trunc)
    store.add_function("ns_add_days", arguments=2, function=add_days)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def parse_moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def type_label(code: str | None) -> str | None:
    kind = kinds.BY_CODE.get(code or "")
    return kind.label if kind else code


def strftime_format(oracle: str) -> str:
    """`YYYY-MM-DD"T"HH24:MI:SS` → `%Y-%m-%dT%H:%M:%S`; what already is strftime stays."""
    if "%" in oracle:
        return oracle.replace('"', "")
    parts = _QUOTED.split(oracle)
    for number in range(0, len(parts), 2):  # every second part stood in quotes
        parts[number] = _PART.sub(lambda found: _STRFTIME[found.group().upper()], parts[number])
    return "".join(parts)


def to_char(value: Any, oracle: str) -> str | None:
    if value is None or not oracle:
        return None if value is None else str(value)
    if not isinstance(value, str):
        return str(value)
    return parse_moment(value).strftime(strftime_format(oracle))


def to_date(text: Any, oracle: str) -> str | None:
    """Midnight gives a bare date, so that comparing with date columns works as text."""
    if text is None:
        return None
    wanted = strftime_format(oracle) if oracle else "%m/%d/%Y"
    moment = datetime.strptime(str(text), wanted)  # noqa: DTZ007 -- SQL's dates have no zone
    is_day = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.strftime("%Y-%m-%d") if is_day else iso(moment)


def trunc(value: Any) -> Any:
    return value[:10] if isinstance(value, str) else None if value is None else int(value)


def add_days(value: str | None, days: float) -> str | None:
    if value is None:
        return None
    moment = parse_moment(value) + timedelta(days=float(days))
    return moment.strftime("%Y-%m-%d") if len(value) == 10 and float(days).is_integer() else iso(moment)
