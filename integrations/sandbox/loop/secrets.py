"""The secrets deliveries are signed with: one per shop, two during a change, or one per subscription (loop.md 5.3)."""

import hashlib
import random

from integrations.sandbox.settings import Reading
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store

SECRET_CHARS = 16


def valid_secrets(store: Store, shop: ShopProfile) -> list[str]:
    """Oldest first; after a rotation both are valid until the old one is dropped."""
    rows = store.rows("SELECT secret FROM loop_secret WHERE shop = ? ORDER BY seq", (shop.code,))
    return [row["secret"] for row in rows] or [shop.webhook_secret]


def add_secret(store: Store, shop: ShopProfile) -> str:
    """The next secret follows from the one before, so that a run with the same seed has the same secrets."""
    known = valid_secrets(store, shop)
    fresh = _derived(known[-1], salt="rotated")
    store.execute("DELETE FROM loop_secret WHERE shop = ?", (shop.code,))
    store.execute_many(
        "INSERT INTO loop_secret (shop, secret) VALUES (?, ?)", [(shop.code, one) for one in (known[-1], fresh)]
    )
    return fresh


def drop_old_secret(store: Store, shop: ShopProfile) -> str:
    newest = valid_secrets(store, shop)[-1]
    store.execute("DELETE FROM loop_secret WHERE shop = ? AND secret != ?", (shop.code, newest))
    return newest


def secret_of(store: Store, shop: ShopProfile, subscription: int, *, rules: Reading, draw: random.Random) -> str:
    if rules.text("loop.webhooks.secret_per") == "subscription":
        return subscription_secret(shop, subscription)
    known = valid_secrets(store, shop)
    signer = rules.text("loop.webhooks.signs_with")
    return draw.choice(known) if signer == "either" else known[0 if signer == "oldest" else -1]


def subscription_secret(shop: ShopProfile, subscription: int) -> str:
    return _derived(shop.webhook_secret, salt=str(subscription))


def _derived(secret: str, *, salt: str) -> str:
    return hashlib.sha256(f"{salt} {secret}".encode()).hexdigest()[:SECRET_CHARS]
