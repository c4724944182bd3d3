"""What a call needs to be let in, whichever way of access an account uses."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Protocol

from integrations.errors import ConfigurationError
from integrations.http import HttpAnswer

CLOCK_SKEW_MAX_S = 300  # NetSuite takes no signature older or newer (netsuite.md 1.3)


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The headers that let one call in, and what of them must never be shown.

    turn: it is the one call that shows whether NetSuite lets us in at all; others wait for what comes of it.
    """

    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    turn: str = ""


class Access(Protocol):
    def permit(self, method: str, url: str, params: Mapping[str, str | int]) -> Permit:
        """For one call only: made anew for a repeat. Raises ConfigurationError or TemporaryError."""

    def renew(self, refused: Permit) -> bool:
        """Put a refused permit aside. Whether another one may fare better."""

    def accept(self, permit: Permit) -> None:
        """NetSuite let this call in."""

    def give_back(self, permit: Permit) -> None:
        """The call came to no answer, which shows nothing."""

    def hold(self, refusal: ConfigurationError) -> None:
        """Answer with this refusal for a while: five failed log-ins lock the user for half an hour."""


def explain_clock(answer: HttpAnswer) -> str:
    """What to say when this machine's clock differs too much from theirs; empty when it does not."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return ""
    skew_s = time.time() - theirs
    if abs(skew_s) < CLOCK_SKEW_MAX_S:
        return ""
    way = "ahead of" if skew_s > 0 else "behind"
    return (
        f" This machine's clock is {abs(skew_s):.0f} s {way} NetSuite's, which allows {CLOCK_SKEW_MAX_S}: set it right."
    )
