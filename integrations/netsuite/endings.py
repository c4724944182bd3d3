"""What of an account's access ends soon, as values for whoever shows them (netsuite.md 1.2, 1.5)."""

from dataclasses import dataclass
from datetime import datetime

from integrations.models import NetSuiteAccount
from integrations.netsuite.certificates import days_warned
from integrations.netsuite.tba import ENDS_NOTE


@dataclass(frozen=True, kw_only=True)
class Ending:
    """is_urgent: somebody has to act within weeks, so it is more than a note on a screen."""

    words: str
    is_urgent: bool


def find_endings(account: NetSuiteAccount, *, now: datetime) -> list[Ending]:
    if account.auth == NetSuiteAccount.Auth.TBA:
        return [Ending(words=ENDS_NOTE, is_urgent=False)]
    ends_at = account.certificate_expires_at
    days = days_warned(ends_at, now=now) if ends_at else None
    if ends_at is None or days is None:
        return []
    when = f"{ends_at:%d %b %Y %H:%M} UTC"
    words = f"ends within {days} days, on {when}" if days else f"ended on {when}"
    return [Ending(words=f"The certificate of {account} {words}.", is_urgent=True)]
