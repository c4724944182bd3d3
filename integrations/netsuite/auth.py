"""OAuth 2.0 client credentials with a certificate, as NetSuite wants it.

Source: NetSuite help, "OAuth 2.0 Client Credentials Flow", release 2026.1.
"""

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.errors import ConfigurationError, TemporaryError
from integrations.http import HttpAnswer, open_session, send_request

ASSERTION_TTL_S = 300  # NetSuite refuses an hour and more
RENEW_BEFORE_S = 600
TOKEN_TTL_DEFAULT_S = 3600
TOKEN_TIMEOUT_S = 30.0

# Five failed log-ins lock the integration user for half an hour, and many threads ask at once.
REFUSAL_HOLD_S = 60

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ["rest_webservices"]
EC_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """certificate_id: what NetSuite shows beside the uploaded certificate, sent as kid."""

    account_id: str
    client_id: str
    certificate_id: str
    private_key_pem: str = field(repr=False)
    token_url: str

    def sign_assertion(self) -> str:
        """A new assertion; NetSuite has no refresh tokens, each token costs one of these."""
        key = self._load_key()
        issued_at = int(time.time())
        claims = {
            "iss": self.client_id,
            "scope": SCOPES,
            "aud": self.token_url,
            "iat": issued_at,
            "exp": issued_at + ASSERTION_TTL_S,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": self.certificate_id, "typ": "JWT"}
        return jwt.encode(claims, key, algorithm=_algorithm_for(key), headers=headers)

    def _load_key(self) -> RSAPrivateKey | EllipticCurvePrivateKey:
        try:
            key = load_pem_private_key(self.private_key_pem.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise _bad_key(f"the private key cannot be read ({type(error).__name__})") from None
        if not isinstance(key, (RSAPrivateKey, EllipticCurvePrivateKey)):
            raise _bad_key(f"NetSuite takes RSA and EC keys, not {type(key).__name__}")
        return key


class TokenSource:
    """The access token of one account, kept for this process and shared by its threads."""

    def __init__(self, credentials: ClientCredentials, *, session: requests.Session | None = None) -> None:
        self._credentials = credentials
        self._session = session or open_session(pool_size=1)
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._refusal: ConfigurationError | None = None
        self._refused_until = 0.0

    def get_token(self) -> str:
        """A token with at least ten minutes left. Raises ConfigurationError or TemporaryError."""
        with self._lock:
            if self._refusal and time.time() < self._refused_until:
                raise self._refusal.with_traceback(None)
            if not self._token or time.time() >= self._renew_at:
                self._fetch()
            return self._token

    def invalidate(self, token: str | None = None) -> None:
        """Forget the token; given one, only if no other thread has replaced it already."""
        with self._lock:
            if token is None or token == self._token:
                self._token = ""

    def hold(self, refusal: ConfigurationError) -> None:
        """Answer with this refusal for a while, rather than let every thread fail a log-in of its own."""
        with self._lock:
            self._hold(refusal)

    def _hold(self, refusal: ConfigurationError) -> None:
        self._token = ""
        self._refusal = refusal
        self._refused_until = time.time() + REFUSAL_HOLD_S

    def _fetch(self) -> None:
        requested_at = time.time()
        try:
            answer = self._request_token()
        except ConfigurationError as error:
            self._hold(error)
            raise
        self._token, lifetime_s = _read_token(answer)
        self._renew_at = requested_at + lifetime_s - min(RENEW_BEFORE_S, lifetime_s / 2)
        self._refusal = None

    def _request_token(self) -> HttpAnswer:
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
        return answer


def _algorithm_for(key: RSAPrivateKey | EllipticCurvePrivateKey) -> str:
    """NetSuite no longer takes PKCS#1 v1.5 signatures (RS256), only PSS."""
    if isinstance(key, RSAPrivateKey):
        return "PS256"
    if key.curve.name not in EC_ALGORITHMS:
        raise _bad_key(f"NetSuite does not take keys on the curve {key.curve.name}")
    return EC_ALGORITHMS[key.curve.name]


def _read_token(answer: HttpAnswer) -> tuple[str, float]:
    """The token and its lifetime in seconds, which may come as a number or as text."""
    try:
        body = answer.json()
        fields = body if isinstance(body, Mapping) else {}
        lifetime_s = float(str(fields.get("expires_in", TOKEN_TTL_DEFAULT_S)))
    except ValueError:
        fields, lifetime_s = {}, 0.0
    if not fields.get("access_token"):
        # The body is left out of the error: a token may stand in it.
        raise TemporaryError(
            system="netsuite", operation="get_token", status=answer.status, detail="no token in the answer"
        )
    return str(fields["access_token"]), lifetime_s


def _token_error(answer: HttpAnswer) -> ConfigurationError | TemporaryError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    fields = body if isinstance(body, Mapping) else {}
    code = str(fields.get("error", ""))
    detail = str(fields.get("error_description") or code or f"HTTP {answer.status}")
    failure = answer.failure(system="netsuite", operation="get_token", code=code, detail=detail)
    is_temporary = answer.status == 429 or answer.is_broken_server
    return TemporaryError(**failure) if is_temporary else ConfigurationError(**failure)


def _bad_key(detail: str) -> ConfigurationError:
    return ConfigurationError(system="netsuite", operation="sign_assertion", detail=detail)
