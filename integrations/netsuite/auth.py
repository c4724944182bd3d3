"""OAuth 2.0 access tokens of an account: asked for once, kept for everybody (netsuite.md 1.2)."""

import threading
import time
from collections.abc import Mapping

import requests

from integrations.errors import ConfigurationError, TemporaryError
from integrations.http import HttpAnswer, open_session, send_request
from integrations.netsuite.access import Permit, explain_clock
from integrations.netsuite.assertion import ASSERTION_TYPE, ClientCredentials
from integrations.netsuite.shelf import TURN_POLL_S, TURN_WAIT_S, KeptToken, MemoryShelf, Shelf

RENEW_BEFORE_S = 600
TOKEN_TTL_DEFAULT_S, TOKEN_TTL_MAX_S = 3600.0, 86_400.0
TOKEN_TIMEOUT_S = 30.0
LAST_MINUTE_S = 60  # a token this close to its end is not begun with


class TokenSource:
    """The access token of one account: a copy for this process in front of the shelf that all share."""

    def __init__(
        self, credentials: ClientCredentials, *, shelf: Shelf | None = None, session: requests.Session | None = None
    ) -> None:
        self._credentials = credentials
        self._shelf = shelf or MemoryShelf()
        self._session = session or open_session(pool_size=1)
        self._lock = threading.Lock()
        self._kept: KeptToken | None = None

    def permit(self, method: str, url: str, params: Mapping[str, str | int]) -> Permit:
        token = self.get_token()
        return Permit(headers={"Authorization": f"Bearer {token}"}, secrets=(token,))

    def renew(self, refused: Permit) -> bool:
        """A refused token has mostly run out before its time, so a new one is worth a try."""
        self.invalidate(refused.secrets[0])
        return True

    def accept(self, permit: Permit) -> None:
        """A token was got before, which shows as much."""

    def give_back(self, permit: Permit) -> None:
        """The token is as good as before."""

    def get_token(self) -> str:
        """A token that will last for this call. Raises ConfigurationError or TemporaryError."""
        with self._lock:
            if self._kept is None or time.time() >= self._kept.renew_at:
                self._kept = self._obtain()
            return self._kept.text

    def invalidate(self, token: str) -> None:
        """Forget this token, here and for all, unless it was replaced already."""
        with self._lock:
            if self._kept and self._kept.text == token:
                self._kept = None
        self._shelf.drop(token)

    def hold(self, refusal: ConfigurationError) -> None:
        with self._lock:
            self._kept = None
        self._shelf.hold(refusal)

    def _obtain(self) -> KeptToken:
        """The token on the shelf, or a new one; while another logs in, the old one as long as it lasts."""
        give_up_at = time.monotonic() + TURN_WAIT_S
        while time.monotonic() < give_up_at:
            shown = self._shelf.look()
            if shown.refusal:
                raise shown.refusal.with_traceback(None)
            if shown.token and time.time() < shown.token.renew_at:
                return shown.token
            turn = self._shelf.take_turn(shown)
            if turn:
                return self._log_in(turn)
            if shown.token and time.time() < shown.token.ends_at - LAST_MINUTE_S:
                return shown.token
            time.sleep(TURN_POLL_S)
        detail = f"another process is logging in for more than {TURN_WAIT_S:.0f} s"
        raise TemporaryError(system="netsuite", operation="get_token", detail=detail)

    def _log_in(self, turn: str) -> KeptToken:
        try:
            kept = self._request_token()
        except ConfigurationError as error:
            self._shelf.hold(error)
            raise
        except BaseException:
            self._shelf.end_turn(turn)
            raise
        self._shelf.put(kept)
        return kept

    def _request_token(self) -> KeptToken:
        requested_at = time.time()
        assertion = self._credentials.sign_assertion()
        answer = send_request(
            self._session,
            system="netsuite",
            operation="get_token",
            method="POST",
            url=self._credentials.token_url,
            headers={"Accept": "application/json"},
            form={
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            },
            timeout_s=TOKEN_TIMEOUT_S,
            writes=False,
            secrets=(assertion,),
        )
        if not answer.is_success:
            raise _token_error(answer)
        text, lifetime_s = _read_token(answer)
        renew_at = requested_at + lifetime_s - min(RENEW_BEFORE_S, lifetime_s / 2)
        return KeptToken(text=text, renew_at=renew_at, ends_at=requested_at + lifetime_s)


def _read_token(answer: HttpAnswer) -> tuple[str, float]:
    """The token and its lifetime in seconds."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, Mapping) else {}
    if not fields.get("access_token"):
        # The body is left out of the error: a token may stand in it.
        raise TemporaryError(
            system="netsuite", operation="get_token", status=answer.status, detail="no token in the answer"
        )
    return str(fields["access_token"]), _read_lifetime(fields.get("expires_in"))


def _read_lifetime(told: object) -> float:
    """It may come as a number or as text. For one that makes no sense the documented hour: a token that ends earlier
    is refused, and another one got.
    """
    try:
        lifetime_s = float(str(told))
    except ValueError:
        return TOKEN_TTL_DEFAULT_S
    return lifetime_s if 0 < lifetime_s <= TOKEN_TTL_MAX_S else TOKEN_TTL_DEFAULT_S


def _token_error(answer: HttpAnswer) -> ConfigurationError | TemporaryError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, Mapping) else {}
    code = str(fields.get("error", ""))
    detail = answer.redirect_words or str(fields.get("error_description") or code or f"HTTP {answer.status}")
    failure = answer.failure(system="netsuite", operation="get_token", code=code, detail=detail)
    if answer.status == 429 or answer.is_broken_server:
        return TemporaryError(**failure)
    failure["detail"] += explain_clock(answer)
    return ConfigurationError(**failure)
