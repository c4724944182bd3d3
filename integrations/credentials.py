"""Secrets, sealed at rest. The newest key seals, every configured key opens (rotation)."""

import hashlib
from typing import Any, Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.errors import ConfigurationError
from integrations.models import Credential, NetSuiteAccount, Shop
from returnsops.lib.fixed_query import FixedQuery, slot

# Asked before every call.
LIVE = {
    model: FixedQuery(
        lambda name=name: (  # type: ignore[misc]
            Credential.objects.filter(**{name: slot("owner")}, kind=slot("kind", kind="text"), retired_at=None)
            .order_by("-created_at", "-id")
            .values("sealed")
        )
    )
    for model, name in ((Shop, "shop"), (NetSuiteAccount, "account"))
}


def store_secret(owner: Shop | NetSuiteAccount, kind: str, secret: str, *, keep_old: bool = False) -> Credential:
    """Seal and store a secret. With keep_old the former one stays valid beside it (webhook secrets in pairs).

    Raises IntegrityError for a Loop key that another shop has; `find_shop_with_key` tells which.
    """
    with transaction.atomic():
        if not keep_old:
            _live_of(owner, kind).update(retired_at=timezone.now())
        digest = digest_of(secret) if kind == Credential.Kind.LOOP_API_KEY else ""
        if isinstance(owner, Shop) and kind == Credential.Kind.LOOP_API_KEY:
            owner.key_looked_at = None
            owner.save(update_fields=["key_looked_at"])
        return Credential.objects.create(**_owner_fields(owner), kind=kind, sealed=seal(secret), digest=digest)


def seal(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """None if none of our keys opens it."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def open_secrets(owner: Shop | NetSuiteAccount, kind: str) -> list[str]:
    """Live secrets, newest first. Raises ConfigurationError if a seal does not open with our keys."""
    try:
        return [
            _fernet().decrypt(one.sealed.encode()).decode() for one in LIVE[type(owner)].ask(owner=owner.pk, kind=kind)
        ]
    except InvalidToken:
        raise ConfigurationError(
            system=_system_of(owner),
            operation=f"open {kind} of {owner}",
            detail="The secret was sealed with a key that is not among CREDENTIAL_KEYS. Add the key or enter it anew.",
        ) from None


def open_secret(owner: Shop | NetSuiteAccount, kind: str) -> str:
    """The newest live secret. Raises ConfigurationError if there is none."""
    secrets = open_secrets(owner, kind)
    if not secrets:
        label = Credential.Kind(kind).label
        raise ConfigurationError(
            system=_system_of(owner),
            operation=f"open {kind}",
            detail=f"{owner} has no {label}. Enter it in the admin.",
        )
    return secrets[0]


def find_shop_with_key(key: str, *, besides: Shop) -> Shop | None:
    """Another shop that reads Loop with this key, stopped or not."""
    live = Credential.objects.filter(kind=Credential.Kind.LOOP_API_KEY, retired_at=None, digest=digest_of(key))
    other = live.exclude(shop=besides.pk).select_related("shop").first()
    return other.shop if other else None


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def _system_of(owner: Shop | NetSuiteAccount) -> Literal["loop", "netsuite"]:
    return "loop" if isinstance(owner, Shop) else "netsuite"


def _live_of(owner: Shop | NetSuiteAccount, kind: str) -> QuerySet[Credential]:
    return Credential.objects.filter(**_owner_fields(owner), kind=kind, retired_at__isnull=True)


def _owner_fields(owner: Shop | NetSuiteAccount) -> dict[str, Any]:
    return {"shop": owner} if isinstance(owner, Shop) else {"account": owner}


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
