"""Keys of tools: shown once, kept as a digest. A tool is one user per shop, so its key opens that shop and no other."""

import hashlib
import re
import secrets
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from integrations.models import Shop
from returnsops.people import audit
from returnsops.people.models import ApiKey, Membership, Role, User
from returnsops.returns.errors import NotPossibleError

PREFIX_BYTES = 5
SECRET_BYTES = 32
PREFIX = re.compile(r"^[0-9a-f]{10}$")
TOOL_NAME = re.compile(r"^[a-z0-9-]{1,60}$")
# Often enough to see which key is idle, seldom enough that reading does not become writing.
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def issue_key(tool_name: str, *, shop: Shop, role: Role, replace: bool = False) -> tuple[ApiKey, str]:
    """A new key for this tool in this shop, and its text, which nobody can read again.

    replace: revoke the tool's other keys of this shop. Raises NotPossibleError if the name belongs to a person.
    """
    tool = _tool_of(tool_name, shop=shop)
    Membership.objects.get_or_create(user=tool, shop=shop, role=role)
    if replace:
        ApiKey.objects.filter(user=tool, revoked_at=None).update(revoked_at=timezone.now())
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(user=tool, prefix=prefix, digest=digest_of(secret))
    after = {"tool": tool.username, "role": role, "prefix": prefix, "others revoked": replace}
    audit.record_event(None, "issued API key", key, shop=shop, after=after)
    return key, f"{prefix}.{secret}"


def find_key(text: str) -> ApiKey | None:
    """The valid key with this text. None for unknown, wrong and revoked ones, and for a tool that was switched off."""
    prefix, _, secret = text.partition(".")
    if not PREFIX.match(prefix):
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=prefix, revoked_at=None, user__is_active=True).first()
    if key is None or not secrets.compare_digest(key.digest, digest_of(secret)):
        return None
    return key


def note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def digest_of(secret: str) -> str:
    """A plain digest is enough: the secret is 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _tool_of(tool_name: str, *, shop: Shop) -> User:
    if not TOOL_NAME.match(tool_name):
        raise NotPossibleError(f"«{tool_name}» is no name for a tool. Use lower case letters, digits and hyphens.")
    tool, _ = User.objects.get_or_create(
        username=f"{tool_name}@{shop.code}", defaults={"is_tool": True, "password": make_password(None)}
    )
    if not tool.is_tool:
        raise NotPossibleError(f"{tool.username} is a person. Choose another name for the tool.")
    return tool
