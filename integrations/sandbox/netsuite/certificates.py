"""The certificates an account trusts: added, revoked and expired by a person (netsuite.md 1.2)."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.store import Store

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
LIFE_MAX_S = 2 * 365 * 86400  # a longer one is cut to two years
ACTIVE_MAX = 5
RSA_BITS = (3072, 4096)
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True)
class Certificate:
    id: str
    key: PublicKey
    not_after: float
    is_revoked: bool

    def is_active(self, *, now: float) -> bool:
        return not self.is_revoked and now < self.not_after

    def signs(self, algorithm: str) -> bool:
        """RSA keys sign with PS256, PS384 and PS512; a curve with the one that fits it."""
        if isinstance(self.key, rsa.RSAPublicKey):
            return algorithm.startswith("PS")
        return CURVES.get(self.key.curve.name) == algorithm


def ensure_own(account: Account) -> None:
    """The certificate an account starts with, to the private key shown in the world."""
    private = serialization.load_pem_private_key(account.profile.private_key_pem.encode(), password=None)
    pem = _pem(private.public_key())
    account.store.execute(
        "INSERT OR IGNORE INTO certificate (id, public_pem, not_after, revoked) VALUES (?, ?, ?, 0)",
        (account.profile.certificate_id, pem, time.time() + LIFE_MAX_S),
    )


def find(store: Store, certificate_id: str) -> Certificate | None:
    row = store.row("SELECT * FROM certificate WHERE id = ?", (certificate_id,))
    if row is None:
        return None
    key = serialization.load_pem_public_key(row["public_pem"].encode())
    assert isinstance(key, PublicKey), "only such keys are stored"
    return Certificate(row["id"], key, not_after=row["not_after"], is_revoked=bool(row["revoked"]))


def add(store: Store, *, pem: str) -> Certificate:
    """Trust a certificate, or a bare public key, which then lives as long as one may."""
    now = time.time()
    key, not_after = _read(pem)
    active = store.value("SELECT count(*) FROM certificate WHERE revoked = 0 AND not_after > ?", (now,))
    if active >= ACTIVE_MAX:
        raise Refusal(f"An integration has {ACTIVE_MAX} active certificates at most: revoke one first.")
    added = Certificate(f"cert-{secrets.token_hex(8)}", key, min(not_after, now + LIFE_MAX_S), is_revoked=False)
    store.execute(
        "INSERT INTO certificate (id, public_pem, not_after, revoked) VALUES (?, ?, ?, 0)",
        (added.id, _pem(key), added.not_after),
    )
    return added


def _read(pem: str) -> tuple[PublicKey, float]:
    key, not_after = _parsed(pem)
    if not _is_allowed(key):
        raise Refusal("The certificate needs an RSA key of 3072 or 4096 bits or an EC key of 256, 384 or 521 bits.")
    assert isinstance(key, PublicKey), "only such keys are allowed"
    return key, not_after


def _parsed(pem: str) -> tuple[object, float]:
    data = pem.encode()
    try:
        if "BEGIN CERTIFICATE" in pem:
            certificate = x509.load_pem_x509_certificate(data)
            return certificate.public_key(), certificate.not_valid_after_utc.timestamp()
        return serialization.load_pem_public_key(data), float("inf")
    except (ValueError, TypeError) as error:
        raise Refusal(f"public_pem must hold an X.509 certificate or a public key in PEM form: {error}") from error


def _is_allowed(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size in RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES


def _pem(key: object) -> str:
    assert isinstance(key, PublicKey), f"not a key for signatures: {key!r}"
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form).decode()


def revoke(store: Store, certificate_id: str) -> None:
    _change(store, certificate_id, column="revoked", value=1)


def expire(store: Store, certificate_id: str) -> None:
    _change(store, certificate_id, column="not_after", value=time.time() - 1)


def _change(store: Store, certificate_id: str, *, column: str, value: float) -> None:
    if find(store, certificate_id) is None:
        raise Refusal(f"There is no certificate {certificate_id}.", status=404)
    store.execute(f"UPDATE certificate SET {column} = ? WHERE id = ?", (value, certificate_id))


def described(certificate: Certificate) -> dict[str, object]:
    until = datetime.fromtimestamp(certificate.not_after, UTC).isoformat()
    return {"certificate_id": certificate.id, "not_after": until, "revoked": certificate.is_revoked}
