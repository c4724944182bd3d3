"""How far we have read."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from returnsops.lib import clock


class SyncCursor(models.Model):
    """How far we have read one stream, e.g. a shop's returns by change or an account's records by change."""

    stream = models.CharField(max_length=80, unique=True)
    watermark = models.DateTimeField()
    overlap = models.DurationField(default=timedelta(minutes=15))
    swept_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True, help_text="Why the last pass was not believed")
    unreadable = models.JSONField(default=dict, blank=True, help_text="{id: why}; gone once it was read")

    def __str__(self) -> str:
        return f"{self.stream} read to {self.watermark:%Y-%m-%d %H:%M}"


class UnreadRecord(models.Model):
    """What of a NetSuite account could not be read: a single record, a kind of records, or a query. Gone once it was.

    Written by `returnsops.returns.unreadable` only.
    """

    account = models.ForeignKey("integrations.NetSuiteAccount", on_delete=models.CASCADE, related_name="unread")
    name = models.CharField(max_length=120, help_text="Such as creditMemo 4711, creditMemo, or what changed")
    reason = models.CharField(max_length=300, blank=True, help_text="In NetSuite's words; empty until it is set aside")
    lacks_right = models.BooleanField(default=False, help_text="The role may not see this kind, or ask this")
    tries = models.PositiveIntegerField(default=0, help_text="How often NetSuite failed to show it")
    noted_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("account", "name"), name="one_row_per_unread_record")]

    def __str__(self) -> str:
        return f"{self.name} of {self.account}"


class SyncRun(models.Model):
    """One pass over a stretch of time of one stream: history, a night, a week. Goes on where it stopped.

    Written by `returnsops.returns.runs` only.
    """

    class Kind(models.TextChoices):
        IMPORT = "import", "Import of history"
        NIGHTLY = "nightly", "Nightly sweep"
        WEEKLY = "weekly", "Weekly sweep"
        COMPARISON = "comparison", "Look for deleted returns"
        RECORDS = "records", "Nightly comparison of records"

    stream = models.CharField(max_length=80, help_text="As SyncCursor.stream, e.g. loop:fern")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    interval = models.CharField(max_length=20, help_text="Which night or week it is for: one run each")
    window_from = models.DateTimeField()
    window_to = models.DateTimeField()
    position = models.DateTimeField(help_text="Everything before is done")
    step = models.DurationField(default=timedelta(days=1), help_text="How much is read at once")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the next step was begun and not ended")
    rows_seen = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_missing = models.PositiveIntegerField(default=0, help_text="Ours that the other side no longer has")
    started_at = models.DateTimeField()
    worked_s = models.FloatField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True, help_text="Why it waits, or why it was given up")
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["leased_until"], condition=Q(finished_at=None), name="runs_under_way")]
        constraints = [
            models.UniqueConstraint(fields=["stream", "kind", "interval"], name="one_run_per_interval"),
            models.CheckConstraint(
                condition=Q(kind__in=["import", "nightly", "weekly", "comparison", "records"]), name="run_kind_in_list"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.stream}, {self.interval}"

    @property
    def share_done(self) -> float:
        """From 0 to 1, by time covered."""
        whole = self.window_to - self.window_from
        return min(1.0, (self.position - self.window_from) / whole) if whole else 1.0
