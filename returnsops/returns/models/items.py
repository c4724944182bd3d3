"""NetSuite is the item master; a mapping always ends at one of its items (requirements A54, C11)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop
from returnsops.people.models import VisibleQuerySet


class Item(models.Model):
    """An item as NetSuite has it.

    asked_at: when we last asked for what we knew already; NetSuite may have shown nothing.
    category: in the field that the account names for it; None: not asked yet.
    members_told: of a kit, that NetSuite told what it is made of; else a person may. members_asked_at: when we asked.
    """

    KIT = "Kit"  # SuiteQL's word for the type of such an item (netsuite.md §4.2)

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="items")
    internal_id = models.CharField(max_length=20)
    sku = models.CharField("name/number in NetSuite", max_length=120, db_index=True)
    display_name = models.CharField(max_length=300, blank=True)
    upc = models.CharField(max_length=60, blank=True)
    item_type = models.CharField(max_length=30, blank=True)
    category = models.CharField(max_length=200, null=True, blank=True)
    is_inactive = models.BooleanField(default=False)
    fetched_at = models.DateTimeField()
    asked_at = models.DateTimeField(default=timezone.now, db_default=Now())
    members_told = models.BooleanField(default=False)
    members_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sku"]
        constraints = [models.UniqueConstraint(fields=["account", "internal_id"], name="one_row_per_item")]

    def __str__(self) -> str:
        return f"{self.sku} {self.display_name}".strip()


class ItemStock(models.Model):
    """How many of an item NetSuite could sell when it was asked. location: empty for all of them together."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="stock")
    location = models.CharField("location in NetSuite", max_length=20, blank=True)
    available = models.IntegerField("available in NetSuite")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = "stock in NetSuite"
        verbose_name_plural = "stock in NetSuite"
        ordering = ["item", "location"]
        constraints = [models.UniqueConstraint(fields=["item", "location"], name="one_figure_per_item_and_place")]

    def __str__(self) -> str:
        return f"{self.available} × {self.item.sku} at {self.location or 'all locations'}"


class KitMember(models.Model):
    """One of the items that a kit is made of. NetSuite tells it, or a person where that does not."""

    kit = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="members")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="kits", verbose_name="item in it")
    quantity = models.PositiveIntegerField("how many of it in one kit", default=1)

    class Meta:
        verbose_name = "member of the kit"
        verbose_name_plural = "members of the kit"
        ordering = ["kit", "item"]
        constraints = [
            models.UniqueConstraint(
                fields=["kit", "item"], name="one_row_per_member",
                violation_error_message="This item is named twice. Name it once, with how many of it are in one kit.",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & ~Q(kit=F("item")), name="kit_holds_something_else",
                violation_error_message="A kit is made of other items, at least one of each.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.sku}"


class SkuMapping(models.Model):
    """A shop's SKU and the NetSuite item it means."""

    class Kind(models.TextChoices):
        EXACT = "exact", "Same text in both systems"
        MANUAL = "manual", "Chosen by a person"

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="sku_mappings")
    sku = models.CharField("SKU in Loop", max_length=120)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="mappings")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.MANUAL)
    active = models.BooleanField(default=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        verbose_name = "SKU mapping"
        ordering = ["sku", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "sku"], condition=Q(active=True), name="one_active_mapping_per_sku",
                violation_error_message="This SKU has an active mapping already. Switch that one off first.",
            ),
            models.CheckConstraint(condition=Q(kind__in=["exact", "manual"]), name="mapping_kind_in_list"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.sku} → {self.item.sku}"
