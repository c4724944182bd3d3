"""Token-based access (OAuth 1.0a), the older way in (netsuite.md 1.3).

Every call carries a signature of its own, good for one try within five minutes. From release 2027.1 on no new
integration can use it, and with 2028.1 it is meant to end (netsuite.md 1.5).
"""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import requests
from requests_oauthlib import OAuth1

from integrations.errors import ConfigurationError, TemporaryError
from integrations.netsuite.access import Permit
from integrations.netsuite.addresses import account_realm
from integrations.netsuite.shelf import TURN_POLL_S, TURN_WAIT_S, KeptToken, MemoryShelf, Shelf

# When told to log everything, these two write out the signature and the token id.
for name in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(name).setLevel(logging.WARNING)

logger = logging.getLogger(__name__)

SIGNATURE_METHOD = "HMAC-SHA256"  # SHA1 ended with 2023.1
LET_IN, PROVEN_S = "let in", 3600.0
ENDS_NOTE = (
    "Token-based access: NetSuite takes no new integrations of this kind from release 2027.1 on and means to end the "
    "existing ones with 2028.1. Change to OAuth 2.0 before."
)


@dataclass(frozen=True, kw_only=True)
class TokenSecrets:
    """consumer_key: of the integration record, the same text as the client id of OAuth 2.0."""

    account_id: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    token_id: str = field(repr=False)
    token_secret: str = field(repr=False)

    @property
    def digest(self) -> str:
        parts = (self.account_id, self.consumer_key, self.consumer_secret, self.token_id, self.token_secret)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def hidden(self) -> tuple[str, ...]:
        return (self.consumer_secret, self.token_secret, self.token_id)


class TokenBasedAccess:
    """shelf: holds no token here, only whether we are let in, which all processes have to know of.

    Until one call was, and again once in an hour, calls go one at a time: with secrets that are wrong, five that fail
    lock the user for half an hour.
    """

    def __init__(self, secrets: TokenSecrets, *, shelf: Shelf | None = None) -> None:
        self._secrets = secrets
        self._shelf = shelf or MemoryShelf()

    def permit(self, method: str, url: str, params: Mapping[str, str | int]) -> Permit:
        turn = self._await_turn()
        header = self._sign(method, url, params)
        secrets = (header, *_parts(header), *self._secrets.hidden)
        return Permit(headers={"Authorization": header}, secrets=secrets, turn=turn)

    def renew(self, refused: Permit) -> bool:
        """A new signature would be refused like the last, and count as another failed log-in."""
        return False

    def accept(self, permit: Permit) -> None:
        if permit.turn:
            now = time.time()
            kept = KeptToken(text=LET_IN, renew_at=now + PROVEN_S, ends_at=now + 2 * PROVEN_S)
            _note(lambda: self._shelf.put(kept))

    def give_back(self, permit: Permit) -> None:
        if permit.turn:
            _note(lambda: self._shelf.end_turn(permit.turn))

    def hold(self, refusal: ConfigurationError) -> None:
        self._shelf.hold(refusal)

    def _await_turn(self) -> str:
        """Empty: others were let in with these secrets of late. Else ours is the call that shows whether they are good.

        Raises the refusal that is held, or TemporaryError when another call takes too long to show it.
        """
        give_up_at = time.monotonic() + TURN_WAIT_S
        while time.monotonic() < give_up_at:
            shown = self._shelf.look()
            if shown.refusal:
                raise shown.refusal.with_traceback(None)
            if shown.token and time.time() < shown.token.renew_at:
                return ""
            turn = self._shelf.take_turn(shown)
            if turn or (shown.token and time.time() < shown.token.ends_at):
                return turn
            time.sleep(TURN_POLL_S)
        detail = f"another call has been showing for more than {TURN_WAIT_S:.0f} s whether NetSuite lets us in"
        raise TemporaryError(system="netsuite", operation="log in", detail=detail)

    def _sign(self, method: str, url: str, params: Mapping[str, str | int]) -> str:
        """Signed is the address as requests will write it; the body is not part of it, being JSON."""
        oauth = OAuth1(
            client_key=self._secrets.consumer_key,
            client_secret=self._secrets.consumer_secret,
            resource_owner_key=self._secrets.token_id,
            resource_owner_secret=self._secrets.token_secret,
            signature_method=SIGNATURE_METHOD,
            realm=account_realm(self._secrets.account_id),
        )
        signed = oauth(requests.Request(method, url, params=dict(params)).prepare())
        header = signed.headers["Authorization"]
        return header.decode() if isinstance(header, bytes) else header


def _note(act: Callable[[], None]) -> None:
    """The call has come to its end, and what came of it must not change because we cannot note it down."""
    try:
        act()
    except TemporaryError as error:
        logger.warning("not noted, so that a turn ends by itself: %s", error)


def _parts(header: str) -> tuple[str, ...]:
    """The signature and the nonce, as they stand in the header and as they are."""
    found = []
    for part in header.partition(" ")[2].split(", "):
        name, _, value = part.partition("=")
        if name in ("oauth_signature", "oauth_nonce"):
            bare = value.strip('"')
            found += [bare, unquote(bare), quote(unquote(bare), safe="")]
    return tuple(dict.fromkeys(found))
