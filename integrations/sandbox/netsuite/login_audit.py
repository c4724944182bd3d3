"""The login audit trail, and what a person may do to a login: block, revoke, unlock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.netsuite import certificates
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.oauth1 import BadSignatureError

Json = dict[str, Any]
TRAIL_MAX = 200


def note(account: Account, *, method: str, reason: str, counts: bool = False) -> None:
    """Write one line of the trail; an empty reason is a success. Failures that count lead to the lock."""
    if not reason:
        account.login_failures = 0
        return
    account.login_trail.append({"at": _real_time(), "method": method, "reason": reason})
    del account.login_trail[:-TRAIL_MAX]
    if counts:
        _count_failure(account)


def _count_failure(account: Account) -> None:
    limit = int(account.settings.number("netsuite.lock_after_failures"))
    account.login_failures += 1
    if limit and account.login_failures >= limit:
        account.locked_until = time.time() + account.settings.number("netsuite.lock_s")
        account.login_failures = 0


def _real_time() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_state(account: Account, *, consumer_key: str, token: str, now: float) -> None:
    """Raises for a login nobody has to verify: off, unknown, blocked, revoked or locked."""
    if not account.settings.flag("netsuite.tba"):
        raise BadSignatureError("FeatureDisabled")
    if consumer_key != account.profile.client_id:
        raise BadSignatureError("consumer_key_unknown")
    if is_blocked(account):
        raise BadSignatureError("consumer_key_refused")
    if token != account.profile.token_id or _state(account, "token_revoked"):
        raise BadSignatureError("token_rejected")
    if now < account.locked_until:
        raise BadSignatureError("temporary_locked")


def is_blocked(account: Account) -> bool:
    return _state(account, "integration_blocked")


def _state(account: Account, name: str) -> bool:
    return account.store.value("SELECT 1 FROM login_state WHERE name = ?", (name,)) is not None


def _set(account: Account, name: str, *, on: bool) -> Json:
    sql = "INSERT OR IGNORE INTO login_state (name) VALUES (?)" if on else "DELETE FROM login_state WHERE name = ?"
    account.store.execute(sql, (name,))
    return {name: on}


def _add_certificate(account: Account, request: Json) -> Json:
    return certificates.described(certificates.add(account.store, pem=str(request["public_pem"])))


def _revoke_certificate(account: Account, request: Json) -> Json:
    certificates.revoke(account.store, str(request["certificate_id"]))
    return {"certificate_id": request["certificate_id"]}


def _expire_certificate(account: Account, request: Json) -> Json:
    certificates.expire(account.store, str(request["certificate_id"]))
    return {"certificate_id": request["certificate_id"]}


def _block(account: Account, request: Json) -> Json:
    return _set(account, "integration_blocked", on=True)


def _enable(account: Account, request: Json) -> Json:
    return _set(account, "integration_blocked", on=False)


def _revoke_token(account: Account, request: Json) -> Json:
    return _set(account, "token_revoked", on=True)


def _restore_token(account: Account, request: Json) -> Json:
    return _set(account, "token_revoked", on=False)


def _unlock(account: Account, request: Json) -> Json:
    account.locked_until, account.login_failures = 0.0, 0
    return {"locked": False}


def _trail(account: Account, request: Json) -> Json:
    return {"trail": list(account.login_trail), "locked": time.time() < account.locked_until}


LOGIN_ACTIONS: dict[str, Callable[[Account, Json], Json]] = {
    "add_certificate": _add_certificate,
    "revoke_certificate": _revoke_certificate,
    "expire_certificate": _expire_certificate,
    "block_integration": _block,
    "enable_integration": _enable,
    "revoke_token": _revoke_token,
    "restore_token": _restore_token,
    "unlock_user": _unlock,
    "login_audit": _trail,
}
