"""What ReturnsOps would have posted, beside what another system made: one row per return and kind of record."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from integrations.models import Shop
from returnsops.people.models import VisibleQuerySet
from returnsops.returns.models.mirror import LoopReturn


class ShadowVerdict(models.Model):
    """The verdict of the last plan made under `shadow`. Written by `returnsops.returns.agreements` only."""

    class Kind(models.TextChoices):
        RMA = "rma", "Return Authorizations"
        RECEIPT = "receipt", "Item Receipts"
        CREDIT = "credit", "Credit Memos"
        REFUND = "refund", "Refunds"
        EXCHANGE_ORDER = "exchange_order", "Exchange orders"

    class Verdict(models.TextChoices):
        ALIKE = "alike", "Alike"
        DIFFERS = "differs", "Differs"
        NOBODY = "nobody", "Nobody made one yet"
        UNABLE = "unable", "ReturnsOps could not say"

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+", db_index=False)
    loop_return = models.ForeignKey(LoopReturn, on_delete=models.CASCADE, related_name="shadow", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    wanted = models.TextField(help_text="What ours would hold, in words; why not, where it cannot be said")
    differences = models.JSONField(default=list, blank=True, help_text="[{aspect, ours, theirs}]")
    aspects = ArrayField(models.CharField(max_length=10), default=list, blank=True, help_text="In what it differs")
    records = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="Internal ids of theirs")
    judged_at = models.DateTimeField(help_text="Since when the verdict is this one")

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["-judged_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["loop_return", "kind"], name="one_verdict_per_return_and_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=["rma", "receipt", "credit", "refund", "exchange_order"]),
                name="verdict_kind_in_list",
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=["alike", "differs", "nobody", "unable"]), name="verdict_in_list"
            ),
        ]
        indexes = [models.Index(fields=["shop", "kind", "verdict", "-judged_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.loop_return}: {self.get_verdict_display()}"
