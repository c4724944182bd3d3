"""The signature on Loop's webhooks: base64 of HMAC-SHA256 over the raw body."""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def sign_body(secret: str, raw: bytes) -> str:
    """The secret is used as the text it is, though it looks like hex."""
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def signature_matches(raw: bytes, header_value: str | None, secrets: Sequence[str]) -> bool:
    """Whether any of the secrets signed exactly these bytes; several are valid during a rotation.

    Every secret is tried in constant time, so the answer's delay tells nothing about which one fits.
    """
    if not header_value:
        return False
    received = header_value.strip().encode("utf-8", errors="replace")
    matches = False
    for secret in filter(None, secrets):
        matches |= hmac.compare_digest(sign_body(secret, raw).encode("ascii"), received)
    return matches
