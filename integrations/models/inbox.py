"""What came in."""

from django.db import models
from django.db.models import F, Q

from integrations.models.loop import Shop
from returnsops.people.models import VisibleQuerySet


class InboundEvent(models.Model):
    """One webhook as it arrived. Stored before it is believed."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READ = "read", "Read"
        BAD_SIGNATURE = "bad_signature", "Wrong or missing signature"
        UNREADABLE = "unreadable", "Not readable"  # right signature, body we can't use: a person looks

    # No index of its own: the unique key begins with it.
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="inbound_events", db_index=False)
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    times_received = models.PositiveIntegerField(default=1)
    nudged_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveSmallIntegerField(default=0, db_default=0)  # begun and not come to an end
    looked_since = models.DateTimeField(null=True, blank=True)
    raw = models.BinaryField()
    digest = models.CharField(max_length=64)
    signed = models.BooleanField()
    verdict = models.CharField(max_length=20, choices=Verdict.choices, default=Verdict.WAITING)
    topic = models.CharField(max_length=60, blank=True)
    trigger = models.CharField(max_length=60, blank=True)
    loop_return_id = models.CharField(max_length=40, blank=True)
    failure = models.TextField(blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)  # a person saw that it is unreadable

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        indexes = [
            models.Index(fields=["verdict"], condition=Q(verdict="waiting"), name="events_waiting"),
            models.Index(
                fields=["shop", "loop_return_id", "-id"], condition=~Q(loop_return_id=""), name="events_of_return"
            ),
            models.Index(fields=["shop", "received_at"], condition=Q(signed=False), name="events_forged"),
            models.Index(fields=["shop", "-last_received_at"], name="events_newest"),
        ]
        constraints = [
            # A forged copy must not keep the real one out: the verdict on the signature is part of the key.
            models.UniqueConstraint(fields=["shop", "digest", "signed"], name="one_row_per_event_body"),
            models.CheckConstraint(
                condition=Q(verdict__in=["waiting", "read", "bad_signature", "unreadable"]),
                name="event_verdict_in_list",
            ),
            models.CheckConstraint(
                condition=Q(signed=True) | Q(verdict="bad_signature"), name="unsigned_event_is_never_read"
            ),
            models.CheckConstraint(condition=Q(last_received_at__gte=F("received_at")), name="event_last_after_first"),
        ]

    def __str__(self) -> str:
        return f"{self.shop} {self.trigger or self.verdict} {self.digest[:8]}"
