"""Token-based authentication: the OAuth 1.0a signature of a request, checked word by word (netsuite.md 1.3)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

SKEW_S = 300
NONCE_MIN = 6
METHOD = "HMAC-SHA256"
REQUIRED = ("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method")
_PAIR = re.compile(r'\s*([A-Za-z0-9_]+)\s*=\s*"([^"]*)"\s*')


class BadSignatureError(Exception):
    """The login fails; `reason` is the word the login audit trail shows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class SignedRequest:
    """What is signed: the method, the URL as it was sent and the fields of the Authorization header."""

    method: str
    url: str
    raw_query: str
    fields: Mapping[str, str]

    @property
    def realm(self) -> str:
        return self.fields.get("realm", "")

    @property
    def consumer_key(self) -> str:
        return self.fields.get("oauth_consumer_key", "")

    @property
    def token(self) -> str:
        return self.fields.get("oauth_token", "")

    @property
    def nonce(self) -> str:
        return self.fields.get("oauth_nonce", "")

    @property
    def timestamp(self) -> str:
        return self.fields.get("oauth_timestamp", "")


def read_header(authorization: str) -> dict[str, str]:
    """The fields of `OAuth realm="…", oauth_nonce="…", …`, percent-decoded."""
    _, _, rest = authorization.partition(" ")
    return {name: unquote(value) for name, value in _PAIR.findall(rest)}


def check_form(signed: SignedRequest, *, now: float) -> None:
    """Everything about the header that needs no secret."""
    if any(not signed.fields.get(name) for name in REQUIRED):
        raise BadSignatureError("MissingTokenPassportRequiredFields")
    if signed.fields["oauth_signature_method"] != METHOD:  # SHA1 ended with release 2023.1
        raise BadSignatureError("UnknownAlgorithm")
    if signed.fields.get("oauth_version", "1.0") != "1.0":
        raise BadSignatureError("version_rejected")
    if len(signed.nonce) < NONCE_MIN:
        raise BadSignatureError("nonce_rejected")
    if not signed.timestamp.isdigit() or abs(int(signed.timestamp[:18]) - now) > SKEW_S:
        raise BadSignatureError("InvalidTimestamp")


def check_signature(signed: SignedRequest, *, consumer_secret: str, token_secret: str) -> None:
    key = f"{_escape(consumer_secret)}&{_escape(token_secret)}".encode()
    digest = hmac.new(key, base_string(signed).encode(), hashlib.sha256).digest()
    given = signed.fields.get("oauth_signature", "")
    if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
        raise BadSignatureError("InvalidSignature")


def base_string(signed: SignedRequest) -> str:
    """The text under the signature; realm and signature are no part of it, nor is a JSON body."""
    own = [(name, value) for name, value in signed.fields.items() if name not in ("realm", "oauth_signature")]
    sent = parse_qsl(signed.raw_query, keep_blank_values=True)
    parameters = sorted((_escape(name), _escape(value)) for name, value in (*own, *sent))
    joined = "&".join(f"{name}={value}" for name, value in parameters)
    return "&".join(_escape(part) for part in (signed.method.upper(), signed.url, joined))


def _escape(text: str) -> str:
    """RFC 3986: only letters, digits and - . _ ~ stay; `!` becomes %21, which some languages leave."""
    return quote(text, safe="-._~")


def bare_url(*, scheme: str, host: str, raw_path: str) -> str:
    """The URL without its query; a default port is no part of it."""
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    name = host.lower()
    return f"{scheme}://{name.removesuffix(default) if default else name}{raw_path}"


def forget_old(nonces: dict[tuple[str, str, str], float], *, now: float) -> None:
    """A nonce need not be remembered longer than its timestamp is accepted."""
    old: Iterable[tuple[str, str, str]] = [key for key, at in nonces.items() if at < now - 2 * SKEW_S]
    for key in old:
        del nonces[key]
