"""Who may send us webhooks: each shop's secrets, kept for a few seconds per process.

Looking them up for each webhook would cost more than storing it.
"""

import time
from dataclasses import dataclass

from integrations.credentials import open_secrets
from integrations.loop.signature import signature_matches
from integrations.models import Credential, Shop

KEPT_S = 10.0

_doors: dict[str, "Door"] = {}


@dataclass(frozen=True)
class Door:
    """secrets: those that are valid now; a retired one may be believed for KEPT_S longer."""

    shop_pk: int
    secrets: tuple[str, ...]
    read_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.read_at < KEPT_S


def find_door(shop_code: str, raw: bytes, signature: str | None) -> tuple[Door | None, bool]:
    """The shop's door, None for an unknown shop; and whether one of its secrets signed these bytes.

    A refusal is final for the sender (loop.md 5.2), so nobody is refused by what we remember: a secret added a moment
    ago counts at once. Raises DatabaseError, and ConfigurationError when a seal does not open.
    """
    kept = _doors.get(shop_code)
    if kept is not None and kept.is_fresh and signature_matches(raw, signature, kept.secrets):
        return kept, True
    door = _read_door(shop_code)
    return door, door is not None and signature_matches(raw, signature, door.secrets)


def forget_doors() -> None:
    _doors.clear()


def _read_door(shop_code: str) -> Door | None:
    shop = Shop.objects.filter(code=shop_code).first()
    if shop is None:
        _doors.pop(shop_code, None)
        return None
    secrets = tuple(open_secrets(shop, Credential.Kind.LOOP_WEBHOOK_SECRET))
    door = Door(shop.pk, secrets, time.monotonic())
    _doors[shop_code] = door
    return door
