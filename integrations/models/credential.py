"""Secrets of shops and accounts."""

from django.db import models
from django.db.models import Q

from integrations.models.loop import Shop
from integrations.models.netsuite import NetSuiteAccount


class Credential(models.Model):
    """An encrypted secret. It can be replaced, never read again in a screen."""

    class Kind(models.TextChoices):
        LOOP_API_KEY = "loop_api_key", "Loop API key"
        LOOP_WEBHOOK_SECRET = "loop_webhook_secret", "Loop webhook secret"
        NETSUITE_PRIVATE_KEY = "netsuite_private_key", "NetSuite private key"
        NETSUITE_CONSUMER_SECRET = "netsuite_consumer_secret", "NetSuite consumer secret"
        NETSUITE_TOKEN_ID = "netsuite_token_id", "NetSuite token id"
        NETSUITE_TOKEN_SECRET = "netsuite_token_secret", "NetSuite token secret"

    shop = models.ForeignKey(Shop, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials")
    account = models.ForeignKey(
        NetSuiteAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials"
    )
    kind = models.CharField(max_length=30, choices=Kind.choices)
    sealed = models.TextField()
    # Of a Loop key: tells two apart without showing either.
    digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shop__isnull=False, account__isnull=True) | Q(shop__isnull=True, account__isnull=False),
                name="credential_has_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "loop_api_key",
                        "loop_webhook_secret",
                        "netsuite_private_key",
                        "netsuite_consumer_secret",
                        "netsuite_token_id",
                        "netsuite_token_secret",
                    ]
                ),
                name="credential_kind_in_list",
            ),  # fmt: skip
            # A key opens one Loop shop (loop.md §1.2), whose returns would come in and be booked once for each.
            models.UniqueConstraint(
                fields=["digest"],
                condition=Q(kind="loop_api_key", retired_at=None) & ~Q(digest=""),
                name="one_shop_per_loop_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.shop or self.account}"
