"""The signed assertion that OAuth 2.0 client credentials with a certificate ask for.

Source: NetSuite help, "OAuth 2.0 Client Credentials Flow", release 2026.1.
"""

import hashlib
import time
import uuid
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integrations.errors import ConfigurationError

ASSERTION_TTL_S = 300  # NetSuite refuses an hour and more
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES = ["rest_webservices"]
EC_ALGORITHMS = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
# NetSuite no longer takes PKCS#1 v1.5 signatures (RS256), only PSS.
RSA_ALGORITHMS = ("PS256", "PS384", "PS512")

SigningKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """certificate_id: what NetSuite shows beside the uploaded certificate, sent as kid.

    rsa_algorithm: which of RSA_ALGORITHMS signs; with an EC key its curve decides.
    """

    account_id: str
    client_id: str
    certificate_id: str
    private_key_pem: str = field(repr=False)
    token_url: str
    rsa_algorithm: str = "PS256"

    @property
    def digest(self) -> str:
        """Tells two sets of credentials apart without showing either."""
        parts = (self.token_url, self.client_id, self.certificate_id, self.private_key_pem)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def sign_assertion(self) -> str:
        """A new assertion; NetSuite has no refresh tokens, each token costs one of these."""
        key = load_signing_key(self.private_key_pem)
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
        return jwt.encode(claims, key, algorithm=self._algorithm_for(key), headers=headers)

    def _algorithm_for(self, key: SigningKey) -> str:
        if isinstance(key, RSAPrivateKey):
            return self.rsa_algorithm
        if key.curve.name not in EC_ALGORITHMS:
            raise bad_key(f"NetSuite does not take keys on the curve {key.curve.name}")
        return EC_ALGORITHMS[key.curve.name]


def load_signing_key(pem: str) -> SigningKey:
    """Raises ConfigurationError; its text holds nothing of the key."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise bad_key(f"the private key cannot be read ({type(error).__name__})") from None
    if not isinstance(key, (RSAPrivateKey, EllipticCurvePrivateKey)):
        raise bad_key(f"NetSuite takes RSA and EC keys, not {type(key).__name__}")
    return key


def bad_key(detail: str) -> ConfigurationError:
    return ConfigurationError(system="netsuite", operation="sign_assertion", detail=detail)
