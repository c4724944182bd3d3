"""The functions SuiteQL texts call, as SQLite functions: dates, labels, display texts."""

import calendar
import inspect
import re
from collections.abc import Callable
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
_ISO = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$")
_QUOTED = re.compile(r'"([^"]*)"')
_PART = re.compile("|".join(name for name, _ in PARTS), re.IGNORECASE)
_STRFTIME = dict(PARTS)


USER_FORMATS = {
    "M/D/YYYY": "{0.month}/{0.day}/{0.year}",
    "D/M/YYYY": "{0.day}/{0.month}/{0.year}",
    "MM/DD/YYYY": "{0:%m}/{0:%d}/{0:%Y}",
    "DD/MM/YYYY": "{0:%d}/{0:%m}/{0:%Y}",
    "D-Mon-YYYY": "{0.day}-{0:%b}-{0.year}",
    "D.M.YYYY": "{0.day}.{0.month}.{0.year}",
    "YYYY-MM-DD": "{0:%Y-%m-%d}",
}
PARSED_BY = {
    "M/D/YYYY": "%m/%d/%Y",
    "D/M/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "D-Mon-YYYY": "%d-%b-%Y",
    "D.M.YYYY": "%d.%m.%Y",
    "YYYY-MM-DD": "%Y-%m-%d",
}


def add_functions(account: Account) -> None:
    """Let the account's database call what follows; what depends on a switch reads it at every call."""
    store = account.store
    store.add_function("ns_local", arguments=1, function=lambda text: local(account, text), pure=False)
    store.add_function("ns_utc", arguments=1, function=lambda text: utc(account, text), pure=False)
    store.add_function("ns_sysdate", arguments=0, function=lambda: sysdate(account), pure=False)
    store.add_function("ns_user_date", arguments=1, function=lambda text: user_date(account, text), pure=False)
    store.add_function(
        "ns_status_label", arguments=2, function=lambda code, status: status_label(account, code, status), pure=False
    )
    store.add_function(
        "ns_to_date", arguments=2, function=lambda text, oracle: to_date(account, text, oracle), pure=False
    )
    for name, function in PURE.items():
        store.add_function(name, arguments=len(inspect.signature(function).parameters), function=function)


def zone(account: Account) -> ZoneInfo:
    return ZoneInfo(account.settings.text("netsuite.sql_time_zone"))


def local(account: Account, text: str | None) -> str | None:
    return None if text is None else iso(parse_moment(text).replace(tzinfo=UTC).astimezone(zone(account)))


def utc(account: Account, value: Any) -> Any:
    """What a stored moment is compared with, out of the account's zone; what is no date stays."""
    if not isinstance(value, str) or not _ISO.match(value):
        return value
    return iso(parse_moment(value).replace(tzinfo=zone(account)).astimezone(UTC))


def sysdate(account: Account) -> str:
    """Business time, as all times of the account are; its zone may be another than that of stored moments."""
    own_zone = account.settings.text("netsuite.sql_sysdate_zone")
    return iso(account.now().astimezone(ZoneInfo(own_zone) if own_zone else zone(account)))


def user_date(account: Account, text: Any) -> Any:
    """A date as the user's preference has it, without its time (netsuite.md 5.1)."""
    if not isinstance(text, str) or account.settings.text("netsuite.sql_dates") == "iso" or not _ISO.match(text):
        return text
    return USER_FORMATS[account.settings.text("netsuite.user_date_format")].format(parse_moment(text))


def status_label(account: Account, code: str, status: str | None) -> str | None:
    kind = kinds.BY_CODE.get(code)
    if kind is None or status is None:
        return status
    label = account.status_label(kind, status.rpartition(":")[2])
    return f"{kind.label} : {label}" if account.settings.flag("netsuite.status_label_prefix") else label


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


def to_date(account: Account, text: Any, oracle: str) -> str | None:
    """Midnight gives a bare date, so that comparing with date columns works as text."""
    if text is None:
        return None
    wanted = strftime_format(oracle) if oracle else PARSED_BY[account.settings.text("netsuite.user_date_format")]
    moment = datetime.strptime(str(text), wanted)  # noqa: DTZ007 -- SQL's dates have no zone
    is_day = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.strftime("%Y-%m-%d") if is_day else iso(moment)


def trunc(value: Any, unit: str) -> Any:
    """The day, or the beginning of its month or year; of a number its whole part."""
    if not isinstance(value, str):
        return None if value is None else int(value)
    if unit.upper() in ("MM", "MONTH", "MON"):
        return value[:8] + "01"
    return value[:5] + "01-01" if unit.upper() in ("YYYY", "YEAR", "YY", "Y") else value[:10]


def add_days(value: str | None, days: float | None) -> str | None:
    if value is None or days is None:
        return None
    moment = parse_moment(value) + timedelta(days=float(days))
    return moment.strftime("%Y-%m-%d") if len(value) == 10 and float(days).is_integer() else iso(moment)


def days_between(later: str | None, earlier: str | None) -> float | None:
    if later is None or earlier is None:
        return None
    return (parse_moment(later) - parse_moment(earlier)) / timedelta(days=1)


def add_months(value: str | None, months: float | None) -> str | None:
    if value is None or months is None:
        return None
    moment = parse_moment(value)
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return f"{year:04d}-{month + 1:02d}-{day:02d}{value[10:]}"


def last_day(value: str | None) -> str | None:
    if value is None:
        return None
    moment = parse_moment(value)
    return f"{value[:8]}{calendar.monthrange(moment.year, moment.month)[1]:02d}{value[10:]}"


def extract(part: str, value: str | None) -> int | None:
    if value is None:
        return None
    found = getattr(parse_moment(value), part.lower(), None)
    return found if isinstance(found, int) else None


def modulo(value: float | None, divisor: float | None) -> float | None:
    """Oracle's MOD keeps the sign of the first and gives it back when divided by nothing."""
    if value is None or divisor is None:
        return None
    return value if divisor == 0 else value - divisor * int(value / divisor)


PURE: dict[str, Callable[..., Any]] = {
    "ns_type_label": type_label,
    "ns_to_char": to_char,
    "ns_trunc": trunc,
    "ns_add_days": add_days,
    "ns_days_between": days_between,
    "ns_add_months": add_months,
    "ns_last_day": last_day,
    "ns_extract": extract,
    "ns_mod": modulo,
}
