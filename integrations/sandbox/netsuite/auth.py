"""OAuth 2.0 client credentials with a certificate, verified for real and always in real time."""

import secrets
import threading
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal

ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE_MAX_S = 3600
SKEW_S = 60


class GrantRefusedError(Exception):
    """The token endpoint says no; carries the OAuth error word and the status."""

    def __init__(self, word: str, *, status: int, why: str) -> None:
        super().__init__(why)
        self.word = word
        self.status = status
        self.why = why


class TokenDesk:
    """Issues and recognises access tokens. They do not survive a restart, as a lost session would not."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self._accounts = accounts
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def issue(self, form: dict[str, str], *, token_url: str) -> dict[str, Any]:
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION_TYPE:
            raise GrantRefusedError("invalid_request", status=400, why="grant_type or client_assertion_type")
        account = self._verified(form.get("client_assertion", ""), token_url=token_url)
        life_s = int(account.settings.number("netsuite.token_lifetime_s"))
        token = f"sandbox.{account.profile.account_id}.{secrets.token_urlsafe(32)}"
        with self._lock:
            self._tokens[token] = (account.profile.account_id, time.time() + life_s)
        return {"access_token": token, "expires_in": life_s, "token_type": "Bearer"}

    def account_of(self, authorization: str) -> Account:
        """The account whose token this is; Refusal 401 when it is unknown or old."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            account_id, until = self._tokens.get(token, ("", 0.0))
        if scheme.lower() != "bearer" or account_id not in self._accounts or until < time.time():
            raise invalid_login(realm=account_id or next(iter(self._accounts), ""))
        return self._accounts[account_id]

    def forget_all(self) -> None:
        with self._lock:
            self._tokens.clear()

    def _verified(self, assertion: str, *, token_url: str) -> Account:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise GrantRefusedError("invalid_request", status=400, why=str(error)) from error
        account = self._account_of_client(str(claims.get("iss", "")))
        if header.get("kid") != account.profile.certificate_id:
            raise GrantRefusedError("invalid_client", status=401, why="unknown certificate id (kid)")
        if header.get("alg") not in ALGORITHMS:
            raise GrantRefusedError("invalid_client", status=401, why=f"algorithm {header.get('alg')}")
        _check_signature(assertion, account=account, algorithm=str(header["alg"]), token_url=token_url)
        _check_claims(claims)
        return account

    def _account_of_client(self, client_id: str) -> Account:
        for account in self._accounts.values():
            if account.profile.client_id == client_id:
                return account
        raise GrantRefusedError("invalid_client", status=401, why="unknown client id (iss)")


def _check_signature(assertion: str, *, account: Account, algorithm: str, token_url: str) -> None:
    key = serialization.load_pem_private_key(account.profile.private_key_pem.encode(), password=None).public_key()
    try:
        jwt.decode(
            assertion,
            key,  # type: ignore[arg-type]
            algorithms=[algorithm],
            audience=token_url,
            leeway=SKEW_S,
            options={"require": ["exp", "iat", "aud", "iss"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise GrantRefusedError("invalid_grant", status=400, why=str(error)) from error


def _check_claims(claims: dict[str, Any]) -> None:
    if not 0 < int(claims["exp"]) - int(claims["iat"]) <= LIFE_MAX_S:
        raise GrantRefusedError("invalid_grant", status=400, why="exp - iat must be less than 60 minutes")
    scope = claims.get("scope", [])
    words = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
    if "rest_webservices" not in words:
        raise GrantRefusedError("invalid_request", status=400, why="scope lacks rest_webservices")


def invalid_login(*, realm: str) -> Refusal:
    challenge = f'Bearer realm="{realm}", error="invalid_token", error_description="Invalid login attempt."'
    return Refusal(
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI.",
        status=401,
        code="INVALID_LOGIN",
        headers={"WWW-Authenticate": challenge},
    )
