"""Token-based access (OAuth 1.0a), the older way in (netsuite.md 1.3).

Every call carries a signature of its own, good for one try within five minutes. From release 2027.1 on no new
integration can use it, and with 2028.1 it is meant to end (netsuite.md 1.5).
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import requests
from requests_oauthlib import OAuth1

from integrations.errors import ConfigurationError
from integrations.netsuite.access import Permit
from integrations.netsuite.addresses import account_realm
from integrations.netsuite.shelf import MemoryShelf, Shelf

# When told to log everything, these two write out the signature and the token id.
for name in ("oauthlib", "requests_oauthlib"):
    logging.getLogger(name).setLevel(logging.WARNING)

SIGNATURE_METHOD = "HMAC-SHA256"  # SHA1 ended with 2023.1
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
    """shelf: holds no token here, only a refused log-in, which all processes have to know of."""

    def __init__(self, secrets: TokenSecrets, *, shelf: Shelf | None = None) -> None:
        self._secrets = secrets
        self._shelf = shelf or MemoryShelf()

    def permit(self, method: str, url: str, params: Mapping[str, str | int]) -> Permit:
        refusal = self._shelf.look().refusal
        if refusal:
            raise refusal.with_traceback(None)
        header = self._sign(method, url, params)
        return Permit(headers={"Authorization": header}, secrets=(header, *_parts(header), *self._secrets.hidden))

    def renew(self, refused: Permit) -> bool:
        """A new signature would be refused like the last, and count as another failed log-in."""
        return False

    def hold(self, refusal: ConfigurationError) -> None:
        self._shelf.hold(refusal)

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


def _parts(header: str) -> tuple[str, ...]:
    """The signature and the nonce, as they stand in the header and as they are."""
    found = []
    for part in header.partition(" ")[2].split(", "):
        name, _, value = part.partition("=")
        if name in ("oauth_signature", "oauth_nonce"):
            bare = value.strip('"')
            found += [bare, unquote(bare), quote(unquote(bare), safe="")]
    return tuple(dict.fromkeys(found))
