"""Who is calling: OAuth 2.0 client credentials and token-based authentication, verified and always in real time."""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from werkzeug.wrappers import Request

from integrations.sandbox.netsuite import certificates, login_audit, oauth1
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.oauth1 import BadSignatureError, SignedRequest
from integrations.sandbox.netsuite.permissions import may_log_in

ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE_MAX_S = 3600
SKEW_S = 60
SCOPES = frozenset({"rest_webservices", "restlets", "suite_analytics", "mcp"})
OAUTH2 = "Log in using OAuth 2.0 Access Tokens"
TBA = "Log in using Access Tokens"
TABLES = """
CREATE TABLE IF NOT EXISTS certificate (
  id TEXT PRIMARY KEY, public_pem TEXT NOT NULL, not_after REAL NOT NULL, revoked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS login_state (name TEXT PRIMARY KEY);
"""
LOGIN_HELP = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles >"
    " User Management > View Login Audit Trail."
)


class GrantRefusedError(Exception):
    """The token endpoint says no; carries the OAuth error word and the status."""

    def __init__(self, word: str, *, status: int, why: str) -> None:
        super().__init__(why)
        self.word = word
        self.status = status
        self.why = why


@dataclass(frozen=True)
class _Token:
    account_id: str
    until: float


class TokenDesk:
    """Issues and recognises access tokens. They do not survive a restart, as a lost session would not."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self._accounts = accounts
        self._tokens: dict[str, _Token] = {}
        self._nonces: dict[tuple[str, str, str], float] = {}
        self._lock = threading.Lock()
        for account in accounts.values():
            account.store.run_script(TABLES)
            certificates.ensure_own(account)

    def issue(self, form: Mapping[str, str], *, token_url: str) -> dict[str, Any]:
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise GrantRefusedError("invalid_request", status=400, why="grant_type or client_assertion_type")
        account = self._verified(form.get("client_assertion", ""), token_url=token_url)
        life_s = int(account.settings.number("netsuite.token_lifetime_s"))
        token = f"sandbox.{account.profile.account_id}.{secrets.token_urlsafe(32)}"
        with self._lock:
            self._tokens[token] = _Token(account.profile.account_id, time.time() + life_s)
        login_audit.note(account, method="oauth2", reason="")
        return {"access_token": token, "expires_in": life_s, "token_type": "Bearer"}

    def account_of(self, request: Request) -> Account:
        """The account the caller may use; Refusal 401 when the token or the signature is not good."""
        authorization = request.headers.get("Authorization", "")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "oauth":
            return self._account_of_signature(request, authorization)
        if scheme.lower() != "bearer":
            raise invalid_login(self.home, scheme="Bearer")
        if not token.strip() or " " in token.strip():
            raise _malformed(self.home)
        return self._account_of_token(token.strip())

    def forget_all(self) -> None:
        with self._lock:
            self._tokens.clear()

    @property
    def home(self) -> Account:
        """The account an answer speaks for while nobody knows which one is meant."""
        return next(iter(self._accounts.values()))

    def _account_of_token(self, token: str) -> Account:
        with self._lock:
            known = self._tokens.get(token)
        account = self._accounts.get(known.account_id) if known else None
        if known is None or account is None or known.until < time.time():
            raise invalid_login(account or self.home, scheme="Bearer")
        if not may_log_in(account, permission=OAUTH2):
            raise invalid_login(account, scheme="Bearer")
        return account

    def _account_of_signature(self, request: Request, authorization: str) -> Account:
        fields = oauth1.read_header(authorization)
        account = self._account_of_realm(fields.get("realm", ""))
        signed = SignedRequest(request.method, _signed_url(request), request.query_string.decode(), fields)
        try:
            if account is None:
                raise BadSignatureError("consumer_key_unknown")
            self._check_signed(account, signed)
        except BadSignatureError as bad:
            if account is not None:
                login_audit.note(account, method="tba", reason=bad.reason, counts=signed.token == _token_id(account))
            raise invalid_login(account or self.home, scheme="OAuth", error=_word_of(bad.reason)) from bad
        login_audit.note(account, method="tba", reason="")
        return account

    def _account_of_realm(self, realm: str) -> Account | None:
        return self._accounts.get(realm)  # upper case with an underscore, unlike the host (netsuite.md 1.3)

    def _check_signed(self, account: Account, signed: SignedRequest) -> None:
        now = time.time()
        login_audit.check_state(account, consumer_key=signed.consumer_key, token=signed.token, now=now)
        oauth1.check_form(signed, now=now)
        profile = account.profile
        oauth1.check_signature(signed, consumer_secret=profile.consumer_secret, token_secret=profile.token_secret)
        self._use_nonce(signed, now=now)
        if not may_log_in(account, permission=TBA):
            raise BadSignatureError("permission_denied")

    def _use_nonce(self, signed: SignedRequest, *, now: float) -> None:
        key = (signed.token, signed.timestamp, signed.nonce)
        with self._lock:
            if len(self._nonces) > 5000:
                oauth1.forget_old(self._nonces, now=now)
            if key in self._nonces:
                raise BadSignatureError("NonceUsed")
            self._nonces[key] = now

    def _verified(self, assertion: str, *, token_url: str) -> Account:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise GrantRefusedError("invalid_request", status=400, why=str(error)) from error
        account = self._account_of_client(str(claims.get("iss", "")))
        try:
            _check_assertion(account, assertion, header=header, claims=claims, token_url=token_url)
        except GrantRefusedError as refused:
            login_audit.note(account, method="oauth2", reason=refused.why)
            raise
        return account

    def _account_of_client(self, client_id: str) -> Account:
        for account in self._accounts.values():
            if account.profile.client_id == client_id:
                return account
        raise GrantRefusedError("invalid_client", status=401, why="unknown client id (iss)")


def _token_id(account: Account) -> str:
    return account.profile.token_id


def _signed_url(request: Request) -> str:
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
    path = raw.partition("?")[0]
    if "://" in path:  # a proxy sends the whole address
        path = "/" + path.split("://", 1)[1].partition("/")[2]
    return oauth1.bare_url(scheme=request.scheme, host=request.host, raw_path=path)


def _check_assertion(
    account: Account, assertion: str, *, header: dict[str, Any], claims: dict[str, Any], token_url: str
) -> None:
    certificate = certificates.find(account.store, str(header.get("kid", "")))
    if certificate is None:
        raise GrantRefusedError("invalid_client", status=401, why="unknown certificate id (kid)")
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS or not certificate.signs(algorithm):
        raise GrantRefusedError("invalid_client", status=401, why=f"algorithm {algorithm}")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise GrantRefusedError("invalid_request", status=400, why=f"typ {header.get('typ')}")
    if not certificate.is_active(now=time.time()):
        raise GrantRefusedError("invalid_grant", status=400, why="the certificate is revoked or has expired")
    _check_signature(assertion, certificate=certificate, algorithm=algorithm, token_url=token_url)
    _check_claims(claims)
    if login_audit.is_blocked(account) or not may_log_in(account, permission=OAUTH2):
        raise GrantRefusedError("invalid_grant", status=400, why="the integration or its role may not log in")


def _check_signature(assertion: str, *, certificate: certificates.Certificate, algorithm: str, token_url: str) -> None:
    try:
        jwt.decode(
            assertion,
            certificate.key,
            algorithms=[algorithm],
            audience=token_url,
            leeway=SKEW_S,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise GrantRefusedError("invalid_grant", status=400, why=str(error)) from error


def _check_claims(claims: dict[str, Any]) -> None:
    if not 0 < int(claims["exp"]) - int(claims["iat"]) <= ASSERTION_LIFE_MAX_S:
        raise GrantRefusedError("invalid_grant", status=400, why="exp - iat must be less than 60 minutes")
    scope = claims.get("scope", [])
    words = {str(one) for one in scope} if isinstance(scope, list) else {*str(scope).replace(",", " ").split()}
    if "rest_webservices" not in words:
        raise GrantRefusedError("invalid_request", status=400, why="scope lacks rest_webservices")
    if words - SCOPES:
        raise GrantRefusedError("invalid_request", status=400, why=f"unknown scope {sorted(words - SCOPES)}")


def _word_of(reason: str) -> str:
    """What the 401 tells the caller; the audit trail tells a person more."""
    words = {
        "NonceUsed": "nonce_used",
        "InvalidTimestamp": "timestamp_refused",
        "InvalidSignature": "signature_invalid",
    }
    words |= {"UnknownAlgorithm": "signature_method_rejected", "MissingTokenPassportRequiredFields": "parameter_absent"}
    return words.get(reason, reason)


def invalid_login(account: Account, *, scheme: str, error: str = "invalid_token") -> Refusal:
    challenge = _challenge(account, scheme=scheme, error=error, why="Invalid login attempt.")
    code = account.settings.text("netsuite.login_code")
    return Refusal(LOGIN_HELP, status=401, code=code, headers={"WWW-Authenticate": challenge})


def _malformed(account: Account) -> Refusal:
    challenge = _challenge(account, scheme="Bearer", error="invalid_request", why="Malformed request.")
    return Refusal("The request is malformed.", code="INVALID_REQUEST", headers={"WWW-Authenticate": challenge})


def _challenge(account: Account, *, scheme: str, error: str, why: str) -> str:
    return f'{scheme} realm="{account.profile.account_id}", error="{error}", error_description="{why}"'
