"""Facts that people add. Nobody edits a payload: they say what is true, and a new plan follows."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from returnsops.people.models import VisibleQuerySet
from returnsops.returns.models.mirror import LoopReturn


class Override(models.Model):
    """A value that a person puts in the place of the one we would take."""

    class Kind(models.TextChoices):
        TRAN_DATE = "tran_date", "Date of a document"  # subject: posting kind or «all»; value: ISO date
        ORDER_LINE = "order_line", "Line of the original order"  # subject: unit; value: NetSuite line
        ACKNOWLEDGE = "acknowledge", "Seen, needs nothing more"  # subject: «code subject» of the problem
        ADOPT = "adopt", "Take this record for ours"  # subject: external id of the posting; value: NetSuite id
        POST_AGAIN = "post_again", "Post again although it was deleted"  # subject: external id; value: NetSuite id
        CANCEL = "cancel", "Do not send it"  # subject: external id of the posting; value: the reason
        FOUND = "found", "What becomes of goods that are not on the return"  # subject: found:<id>; value: the choice

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.PROTECT, related_name="overrides")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=200)
    value = models.JSONField()
    reason = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "loop_return__shop"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loop_return", "kind", "subject"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_override",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["tran_date", "order_line", "acknowledge", "adopt", "post_again", "cancel", "found"]
                ),
                name="override_kind_in_list",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}: {self.value}"


class Approval(models.Model):
    """A second person's yes to exactly what they saw. It lapses when the hash no longer fits."""

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.PROTECT, related_name="approvals")
    subject = models.CharField(max_length=60)
    seen_hash = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+",
        help_text="Who corrected or raised what is approved; empty when nobody did",
    )  # fmt: skip
    reason = models.TextField()
    approved_at = models.DateTimeField()

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "loop_return__shop"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(author__isnull=True) | ~Q(author=F("approver")), name="approver_is_not_author"
            ),
            models.UniqueConstraint(
                fields=["loop_return", "subject", "seen_hash"], name="one_approval_per_seen_content"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.approver} approved {self.subject} of {self.loop_return}"
