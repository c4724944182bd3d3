"""People, what they may do in which shop, and the record of what they did."""

from decimal import Decimal
from typing import Generic, Self, TypeVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    WAREHOUSE = "warehouse", "Warehouse"  # scans and judges units
    FINANCE = "finance", "Finance"  # approves, corrects, retries
    DATA = "data", "Data"  # fixes SKU mappings
    CARE = "care", "Customer care"  # reads
    ADMIN = "admin", "Administrator"  # all of it, and policy


class User(AbstractUser):
    """A person, or a tool that acts through the API under its own name."""

    is_tool = models.BooleanField("is a tool", default=False)

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one shop."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    shop = models.ForeignKey("integrations.Shop", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)
    approval_limit = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True,
        help_text="Largest amount this person may approve, in the shop's currency. Empty: no limit.",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "shop", "role"], name="one_row_per_role_and_shop"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_in_list"),
            models.CheckConstraint(
                condition=Q(approval_limit__isnull=True) | Q(approval_limit__gte=Decimal(0)),
                name="approval_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.shop}"


Row = TypeVar("Row", bound=models.Model)


class VisibleQuerySet(models.QuerySet[Row], Generic[Row]):
    """Rows of the shops a person belongs to. Every query a person causes goes through `visible_to`."""

    def visible_to(self, user: User) -> Self:
        if user.is_superuser:
            return self
        shops = Membership.objects.filter(user_id=user.pk).values("shop_id")
        return self.filter(**{f"{path_to_shop(self.model)}__in": shops})


def path_to_shop(model: type[models.Model]) -> str:
    path: str = getattr(model, "SHOP_PATH", "shop")
    return path


class ApiKey(models.Model):
    """A key of a tool. Only its digest is kept; the rights are those of the tool's memberships."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"


class AuditEvent(models.Model):
    """Who did what to which row, before and after, and why.

    Append-only and hash-chained by triggers (see the first migration). The chain holds a lock to the end of the
    transaction, so write the event last. Personal values are kept by reference, never copied in here.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    shop = models.ForeignKey("integrations.Shop", null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64, editable=False, default="")
    row_hash = models.CharField(max_length=64, editable=False, default="")

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["object_type", "object_id"])]

    def __str__(self) -> str:
        return f"{self.actor or 'ReturnsOps'} {self.action} {self.object_type} {self.object_id}"
