"""What a person must decide. A case has members (returns); counts and money are sums over them."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

from integrations.models import Shop
from returnsops.people.models import VisibleQuerySet
from returnsops.returns.models import LoopReturn


class Case(models.Model):
    """One thing to decide, however many returns wait for it."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        TAKEN = "taken", "In progress"  # somebody said «mine»
        CLOSED = "closed", "Closed"  # the condition is gone

    MOVES = {
        Status.OPEN: {Status.TAKEN, Status.CLOSED},
        Status.TAKEN: {Status.OPEN, Status.CLOSED},
        Status.CLOSED: set(),
    }

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="cases")
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    source = models.CharField(max_length=20, help_text="Who raised it; only that source closes it")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), blank=True,
        help_text="As its source tells it now; empty where each return says its own",
    )  # fmt: skip
    times_before = models.PositiveSmallIntegerField(default=0, help_text="Earlier cases of the same code and subject")

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "code", "subject"],
                condition=~Q(status="closed"),
                name="one_open_case_per_subject",
            ),
            models.CheckConstraint(condition=Q(status__in=["open", "taken", "closed"]), name="case_status_in_list"),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True)),
                name="closed_case_has_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Case {self.pk} {self.code} {self.subject}"


class CaseMember(models.Model):
    """One return in a case, with what it says about the problem and the money at stake for it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="members")
    loop_return = models.ForeignKey(LoopReturn, on_delete=models.PROTECT, related_name="case_members")
    problem = models.JSONField()
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "loop_return"], name="a_return_is_in_a_case_once")]

    def __str__(self) -> str:
        return f"{self.loop_return} in {self.case}"


class CaseEvent(models.Model):
    """What happened to a case: opened, joined, left, note, action, closed."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    loop_return = models.ForeignKey(LoopReturn, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} on {self.case}"
