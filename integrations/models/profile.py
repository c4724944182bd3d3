"""What is known about a connection."""

from django.db import models
from django.db.models import Q

from integrations.models.loop import Shop
from integrations.models.netsuite import NetSuiteAccount


class ConnectionProfile(models.Model):
    """What the last check of a connection found out; `integrations.profile` gives it types.

    Apart from the connection's own row, which is read with every return. A check that was asked for and is not finished
    has a time in `asked_at`, and says in `progress` how far it is.
    """

    account = models.OneToOneField(NetSuiteAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    shop = models.OneToOneField(Shop, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    found = models.JSONField(default=dict, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)  # real time: business time may run ahead
    asked_at = models.DateTimeField(null=True, blank=True)
    progress = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shop__isnull=False, account__isnull=True) | Q(shop__isnull=True, account__isnull=False),
                name="profile_has_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"What is known about {self.shop or self.account}"
