from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models import Shop
from returnsops.people.models import VisibleQuerySet


class PolicyVersion(models.Model):
    """One numbered, unchangeable version of a shop's rules; `returnsops.returns.policy` gives them types."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="policy_versions")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    active = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["shop", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="policy_versions_are_numbered"),
            models.UniqueConstraint(fields=["shop"], condition=Q(active=True), name="one_active_policy_per_shop"),
        ]

    def __str__(self) -> str:
        return f"Policy {self.number} of {self.shop}"
