"""Loop shops, and how many calls each may make."""

from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection, validate_time_zone
from integrations.models.netsuite import NetSuiteAccount
from integrations.netsuite.addresses import LOOPBACK_HOSTS
from returnsops.people.models import VisibleQuerySet

# Triggers by topic, for topics that a shop needs only if it uses what they are about (loop.md §5.1).
MORE_WEBHOOKS = {
    "restock": ("restock.requested",),
    "giftcard": ("giftcard.requested",),
    "label.request": ("label.request.issued", "label.request.cancelled"),
    "happy.returns.shipment": ("shipment.processed",),
}


def validate_more_webhooks(topics: str) -> None:
    unknown = [topic for topic in topics.split() if topic not in MORE_WEBHOOKS]
    if unknown:
        raise ValidationError(f"No such topic: {', '.join(unknown)}. Known are {', '.join(MORE_WEBHOOKS)}.")


def find_fault_of_address(base_url: str) -> str:
    """What is wrong with it as Loop's; empty: nothing."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK_HOSTS:
        return "Loop's key goes out with every call, so the address has to begin with https://."
    if parts.path.rstrip("/") not in ("", "/api") or parts.query or parts.fragment:
        return "Give the host without a path, such as https://api.loopreturns.com; the version is a field of its own."
    return ""


class Shop(Connection):
    """One Loop shop (a brand) with the NetSuite account its books are in."""

    code = models.SlugField(unique=True, help_text="Short and lower case: it is part of every external id")
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=60, default="UTC", validators=[validate_time_zone])
    base_url = models.URLField("Loop base URL", default="https://api.loopreturns.com")
    api_version = models.CharField("API version", max_length=10, default="v1")
    account = models.ForeignKey(NetSuiteAccount, on_delete=models.PROTECT, related_name="shops")
    start_from = models.DateTimeField(help_text="Returns created earlier are mirrored and never posted")
    calls_per_minute = models.PositiveIntegerField(
        "Loop calls a minute", default=300, validators=[MinValueValidator(10)],
        help_text="Loop's limit for this key; less if other programs use the same key",
    )  # fmt: skip
    more_webhooks = models.CharField(
        max_length=120, blank=True, validators=[validate_more_webhooks],
        help_text="Topics besides returns and labels, with blanks between: restock giftcard label.request "
        "happy.returns.shipment",
    )  # fmt: skip
    # What the last look at the subscriptions found; written by integrations.loop.subscriptions only.
    webhooks_made = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    webhooks_checked_at = models.DateTimeField(null=True, blank=True)
    webhooks_problem = models.TextField(blank=True)

    # Written by integrations.loop.whose_key. A person empties it if it was learned from a wrong key.
    loop_shop_id = models.CharField(
        "number at Loop", max_length=40, blank=True, default="", db_default="",
        help_text="Told by Loop; a key that opens another shop stops this one. Empty: the next look tells",
    )  # fmt: skip
    key_looked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "pk"

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z0-9-]+$"), name="shop_code_fits_external_ids")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        wrong = find_fault_of_address(self.base_url)
        if wrong:
            raise ValidationError({"base_url": wrong})


class CallBudget(models.Model):
    """How many calls a shop may make now. Written by `integrations.loop.budget` only."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="call_budget")
    tokens = models.FloatField(help_text="Calls that may go out at once, as of filled_at; below zero: wait")
    filled_at = models.DateTimeField()
    minute = models.DateTimeField(help_text="The minute that calls were last counted in")
    calls = models.PositiveIntegerField(default=0, help_text="In that minute")
    calls_before = models.PositiveIntegerField(default=0, help_text="In the minute before it")

    def __str__(self) -> str:
        return f"Call budget of {self.shop}"
