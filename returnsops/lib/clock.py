"""Business time: real time plus an offset that the sandbox shares.

The offset lets a demo or a test live through «three days after delivery» in a second. It lies in a small JSON file
named by `settings.BUSINESS_CLOCK_FILE`; production leaves that setting empty and business time is real time.
Signatures, tokens and leases never use it: they call `django.utils.timezone.now`.
"""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

_seen: tuple[float, timedelta] = (-1.0, timedelta(0))


def now() -> datetime:
    """Business time, aware UTC."""
    return timezone.now() + offset()


def shared_now() -> datetime:
    """Real time by the database's clock: for what one machine writes down, another measures, and nothing may end too
    early by. Their own clocks may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def today(time_zone: str) -> date:
    """The calendar day there, where documents are dated."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def offset() -> timedelta:
    if not settings.BUSINESS_CLOCK_FILE:
        return timedelta(0)
    return _read_offset(Path(settings.BUSINESS_CLOCK_FILE))


def _read_offset(path: Path) -> timedelta:
    global _seen
    try:
        changed_at = path.stat().st_mtime
    except FileNotFoundError:
        return timedelta(0)
    if changed_at != _seen[0]:
        text = path.read_text() or "{}"
        _seen = (changed_at, timedelta(seconds=float(json.loads(text).get("offset_seconds", 0))))
    return _seen[1]
