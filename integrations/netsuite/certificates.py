"""The certificate behind OAuth 2.0: read when it ends, or make one (netsuite.md 1.2)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from integrations.errors import ConfigurationError
from integrations.netsuite.assertion import SigningKey, load_signing_key

RSA_BITS = 4096
VALID_FOR = timedelta(days=730)  # NetSuite cuts what is longer to two years
STARTS_BEFORE = timedelta(minutes=10)  # their clock may be behind ours
WARN_DAYS = (60, 30, 14)

KeyKind = Literal["rsa", "ec"]


@dataclass(frozen=True, kw_only=True)
class MadeCertificate:
    """public_pem goes to NetSuite; private_pem goes into the account, and nowhere else."""

    public_pem: str
    private_pem: str = field(repr=False)
    expires_at: datetime


def read_expiry(public_pem: str, *, private_pem: str = "") -> datetime:
    """When the certificate ends. Raises ConfigurationError for what is none, or not the private key's."""
    try:
        certificate = x509.load_pem_x509_certificate(public_pem.strip().encode())
    except ValueError:
        raise _unusable("This is no certificate: paste the text from BEGIN CERTIFICATE to END CERTIFICATE.") from None
    if private_pem and _told(certificate.public_key()) != _told(load_signing_key(private_pem).public_key()):
        raise _unusable("This certificate does not belong to the private key.")
    return certificate.not_valid_after_utc


def make_certificate(common_name: str, *, now: datetime, kind: KeyKind = "rsa") -> MadeCertificate:
    """A self-signed certificate with a key of its own, good for two years."""
    key: SigningKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    expires_at = (now + VALID_FOR).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - STARTS_BEFORE)
        .not_valid_after(expires_at)
        .sign(key, hashes.SHA256())
    )
    return MadeCertificate(
        public_pem=certificate.public_bytes(Encoding.PEM).decode(),
        private_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        expires_at=expires_at,
    )


def days_warned(expires_at: datetime, *, now: datetime) -> int | None:
    """The nearest of WARN_DAYS that has come, 0 once it is over; None while there is time."""
    if expires_at <= now:
        return 0
    return min((days for days in WARN_DAYS if expires_at - now <= timedelta(days=days)), default=None)


def _told(key: object) -> bytes:
    assert hasattr(key, "public_bytes"), f"{key!r} is no public key"
    told: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return told


def _unusable(detail: str) -> ConfigurationError:
    return ConfigurationError(system="netsuite", operation="read certificate", detail=detail)
