"""The shelf of an account in the database: one log-in for all processes and machines.

Nothing is held while somebody logs in; a turn is a lease, taken by compare-and-set. The token lies there sealed.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import DatabaseError
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.credentials import seal, unseal
from integrations.errors import ConfigurationError, TemporaryError
from integrations.models import AccessToken, NetSuiteAccount
from integrations.netsuite.shelf import TURN_S, KeptToken, Shown, hold_for_s

REFUSAL_CHARS_MAX = 500


Method = TypeVar("Method", bound=Callable[..., Any])


def told_as_temporary(method: Method) -> Method:
    """Our own database is away: the call was not begun, or refused with 401. It says nothing about NetSuite."""

    @wraps(method)
    def guarded(*args: Any, **named: Any) -> Any:
        try:
            return method(*args, **named)
        except DatabaseError as error:
            detail = f"Our database does not answer: {error}"
        raise TemporaryError(operation="share the access token", detail=detail)

    return cast(Method, guarded)


class SharedShelf:
    """digest: of the credentials; what lies there for others of this account counts as nothing."""

    def __init__(self, account_pk: int, *, digest: str) -> None:
        self._account_pk = account_pk
        self._digest = digest

    @told_as_temporary
    def look(self) -> Shown:
        row = self._row()
        if row.settings_digest != self._digest:
            return Shown(token=None, refusal=None, version=row.version)
        is_held = row.refused_until is not None and timezone.now() < row.refused_until
        return Shown(token=_read_token(row), refusal=_refusal(row) if is_held else None, version=row.version)

    @told_as_temporary
    def take_turn(self, shown: Shown) -> str:
        now, turn = timezone.now(), uuid.uuid4().hex
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        won = (
            self._rows()
            .filter(free, version=shown.version)
            .update(leased_by=turn, leased_until=now + timedelta(seconds=TURN_S))
        )
        return turn if won else ""

    @told_as_temporary
    def put(self, token: KeptToken) -> None:
        row = self._row()
        AccessToken.objects.filter(pk=row.pk).update(
            settings_digest=self._digest,
            sealed=seal(token.text),
            renew_at=datetime.fromtimestamp(token.renew_at, UTC),
            ends_at=datetime.fromtimestamp(token.ends_at, UTC),
            refusal="",
            refusals=0,
            refused_until=None,
            **_turn_over(),
        )

    @told_as_temporary
    def end_turn(self, turn: str) -> None:
        self._rows().filter(leased_by=turn).update(leased_by="", leased_until=None)

    @told_as_temporary
    def drop(self, text: str) -> None:
        row = self._row()
        kept = _read_token(row)
        if kept and kept.text == text:
            self._rows().filter(version=row.version).update(sealed="", version=F("version") + 1)

    @told_as_temporary
    def hold(self, refusal: ConfigurationError) -> None:
        row = self._row()
        refusals = row.refusals + 1 if row.settings_digest == self._digest else 1
        self._rows().update(
            settings_digest=self._digest,
            sealed="",
            refusal=refusal.detail[:REFUSAL_CHARS_MAX],
            refusals=refusals,
            refused_until=timezone.now() + timedelta(seconds=hold_for_s(refusals)),
            **_turn_over(),
        )

    def _rows(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.filter(account_id=self._account_pk)

    def _row(self) -> AccessToken:
        row, _ = AccessToken.objects.get_or_create(account_id=self._account_pk)
        return row


def forget_refusal(account: NetSuiteAccount) -> None:
    """A person says that it will go now: the next call logs in at once."""
    AccessToken.objects.filter(account=account).update(
        refusal="", refusals=0, refused_until=None, version=F("version") + 1
    )


def _turn_over() -> dict[str, object]:
    return {"leased_by": "", "leased_until": None, "version": F("version") + 1}


def _read_token(row: AccessToken) -> KeptToken | None:
    if not row.sealed or row.renew_at is None or row.ends_at is None:
        return None
    text = unseal(row.sealed)
    if text is None:
        return None  # sealed with a key that is gone: log in anew
    return KeptToken(text=text, renew_at=row.renew_at.timestamp(), ends_at=row.ends_at.timestamp())


def _refusal(row: AccessToken) -> ConfigurationError:
    return ConfigurationError(system="netsuite", operation="log in", detail=row.refusal)
