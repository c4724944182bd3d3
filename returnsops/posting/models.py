"""The outbox: what we owe NetSuite and Loop, every try of it, and what it covers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop
from returnsops.people.models import User, VisibleQuerySet
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.kinds import POSTING_KINDS

UPDATES = [name for name, kind in POSTING_KINDS.items() if kind.is_update]
MAY_BE_TRUSTED = [name for name, kind in POSTING_KINDS.items() if kind.may_be_trusted]


class Posting(models.Model):
    """One document or action we owe. It exists only when it may be sent; waiting is a step of the plan."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting to be sent"  # claimable
        SENDING = "sending", "Being sent"  # claimed; the answer is not in yet
        UNCERTAIN = "uncertain", "Answer lost"  # may be done: look there before trying again
        POSTED = "posted", "Done"  # final; corrected only by another posting
        REJECTED = "rejected", "Refused"  # they said no and why; a person decides
        VOIDED = "voided", "Withdrawn"  # final; nothing of it exists over there

    ON_THE_WAY = (Status.PENDING, Status.SENDING, Status.UNCERTAIN)
    OPEN = (*ON_THE_WAY, Status.REJECTED)
    # What a new plan may still change: nothing of it can exist over there (docs/adr/0005).
    CHANGEABLE = (Status.PENDING, Status.REJECTED)
    MOVES = {
        Status.PENDING: {Status.SENDING, Status.UNCERTAIN, Status.VOIDED},
        Status.SENDING: {Status.POSTED, Status.PENDING, Status.UNCERTAIN, Status.REJECTED},
        Status.UNCERTAIN: {Status.POSTED, Status.PENDING, Status.REJECTED},
        Status.REJECTED: {Status.PENDING, Status.UNCERTAIN, Status.VOIDED},
    }

    class System(models.TextChoices):
        NETSUITE = "netsuite", "NetSuite"
        LOOP = "loop", "Loop"

    class AdoptedFrom(models.TextChoices):
        """Who made a record that was there before ours: by whose external id or user it can be told."""

        OURS = "ours", "ReturnsOps, under this external id"
        CONNECTOR = "connector", "another connector"
        PERSON = "person", "a person in NetSuite"
        FOREIGN = "foreign", "somebody else"

    class Promise(models.TextChoices):
        """What the customer waits for, which is what decides whose turn it is."""

        EXCHANGE = "exchange", "Exchange waiting"
        REFUND = "refund", "Refund waiting"
        RESTOCK = "restock", "Nobody waits"

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.PROTECT, related_name="postings")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(NetSuiteAccount, on_delete=models.PROTECT, related_name="postings")
    system = models.CharField(max_length=10, choices=System.choices)
    kind = models.CharField(max_length=20)
    number = models.PositiveSmallIntegerField()
    external_id = models.CharField(max_length=120, unique=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    request = models.JSONField(help_text="What is sent, without the external id")
    content_hash = models.CharField(max_length=64)
    # Postings with the same key go one after the other: two receipts of one RMA at once collide in NetSuite.
    serial_key = models.CharField(max_length=120)
    # What can hold it: names of returnsops.returns.plan.hinges. A live Pause of one of them does.
    hinges_on = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    promise = models.CharField(max_length=10, choices=Promise.choices, default=Promise.RESTOCK)
    # Whose turn it is: the age of the return, and an allowance for what nobody waits for (`returnsops.posting.turn`).
    turn_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Neither claimed, looked for nor read back earlier. Real time, as are the next three: a rehearsal that jumps over
    # days must not make a live call look dead.
    not_before = models.DateTimeField()
    sending_since = models.DateTimeField(null=True, blank=True)
    # From then on it may be over there. Claimed and not armed: surely not sent, it goes back without a look.
    armed_at = models.DateTimeField(null=True, blank=True)
    uncertain_since = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    # Another one for each claim: who slept while others had the posting can tell by it that it is not theirs any more.
    claim = models.UUIDField(null=True, blank=True, editable=False)
    # A plan was made while it was on its way, and wants nothing in its place: if it comes back, another plan is due.
    counted_on = models.BooleanField(default=False, db_default=False, editable=False)
    their_id = models.CharField(max_length=60, blank=True)
    adopted_from = models.CharField(max_length=12, choices=AdoptedFrom.choices, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When NetSuite was last asked what it holds")
    # An earlier answer was lost, so a later refusal may mean that the first try was carried out.
    doubted = models.BooleanField(default=False)
    # Handed in as a job of NetSuite's that had not ended: until it has, «not found» says nothing.
    job = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    refusal = models.JSONField(null=True, blank=True, help_text="{family, status, code, detail, path}")
    posted_at = models.DateTimeField(null=True, blank=True)
    read_back_at = models.DateTimeField(null=True, blank=True)
    # By the rules of its shop it is not compared (`returnsops.posting.sampling`).
    trusted_at = models.DateTimeField(null=True, blank=True)
    differences = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "sending", "uncertain", "posted", "rejected", "voided"]),
                name="posting_status_in_list",
            ),
            models.CheckConstraint(
                condition=~Q(status="posted") | (~Q(their_id="") & Q(posted_at__isnull=False)),
                name="posted_has_their_id",
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(sending_since__isnull=False), name="sending_has_a_start"
            ),
            models.CheckConstraint(
                condition=~Q(status="uncertain") | Q(uncertain_since__isnull=False),
                name="uncertain_has_a_start",
            ),
            models.CheckConstraint(
                condition=Q(promise__in=["exchange", "refund", "restock"]), name="posting_promise_in_list"
            ),
            models.CheckConstraint(condition=Q(external_id__regex=r"^[a-z0-9-]+$"), name="external_id_is_plain"),
            models.UniqueConstraint(fields=["loop_return", "kind", "number"], name="postings_are_numbered"),
            # Nobody's record stands for two of ours. An update names a record that another posting made.
            models.UniqueConstraint(
                fields=["account", "their_id"],
                condition=Q(status="posted", system="netsuite") & ~Q(kind__in=UPDATES),
                name="one_posting_per_record",
            ),
            # One at a time per source document, whoever claims.
            models.UniqueConstraint(
                fields=["serial_key"],
                condition=Q(status__in=["sending", "uncertain"]),
                name="one_in_flight_per_source",
            ),
            models.CheckConstraint(
                condition=Q(trusted_at=None) | Q(read_back_at=None), name="trusted_is_not_read_back"
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "system", "turn_at", "id"],
                condition=Q(status="pending"),
                name="postings_by_turn",
            ),
            models.Index(fields=["status"], condition=Q(status__in=["sending", "uncertain"]), name="postings_unsure"),
            # What the progress of a drain is counted over, see progress.py.
            models.Index(
                fields=["shop", "account", "status"],
                include=["created_at"],
                condition=Q(status__in=["pending", "sending", "uncertain", "rejected"]),
                name="postings_open",
            ),
            models.Index(
                fields=["shop", "posted_at"], include=["account"], condition=Q(status="posted"), name="postings_done"
            ),
            # Which were compared last, see sampling.py.
            models.Index(
                fields=["shop", "kind", "-read_back_at"],
                condition=Q(kind__in=MAY_BE_TRUSTED, read_back_at__isnull=False),
                name="postings_compared",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_through(self) -> bool:
        """Read back, or trusted: what it changed over there is in our mirror."""
        return self.read_back_at is not None or self.trusted_at is not None

    @property
    def adopted(self) -> bool:
        return bool(self.adopted_from)


class PostingAttempt(models.Model):
    """One try: what went out, what came back, how long it took. Never changed afterwards."""

    posting = models.ForeignKey(Posting, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_s = models.FloatField()
    request = models.JSONField()
    outcome = models.CharField(max_length=12)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["started_at"], condition=~Q(outcome="posted"), name="tries_that_failed")]

    def __str__(self) -> str:
        return f"{self.posting} try {self.number}: {self.outcome}"


class PostingCover(models.Model):
    """What a posting covers: units, or parts of the settlement. This is what «nothing twice» rests on."""

    posting = models.ForeignKey(Posting, on_delete=models.CASCADE, related_name="covers")
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    unit = models.CharField(max_length=120, help_text="unit:<line item id> or part:<what>:<return>")
    live = models.BooleanField(default=True, help_text="False once the posting is withdrawn")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "kind", "unit"], condition=Q(live=True), name="nothing_is_covered_twice"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} covers {self.unit}"


class PauseRows(models.QuerySet["Pause"]):
    def live(self) -> "PauseRows":
        return self.filter(ended_at=None)

    def visible_to(self, user: User) -> "PauseRows":
        """Those of the accounts in which this person sees a shop; those of one shop only who sees that shop."""
        return self.of_shops(Shop.objects.visible_to(user))

    def of_shops(self, shops: models.QuerySet[Shop]) -> "PauseRows":
        accounts = shops.order_by().values("account")
        return self.filter(Q(shop__in=shops) | Q(shop=None, account__in=accounts))


class Pause(models.Model):
    """Something stands still: nothing that hinges on it is sent until a person ends it.

    A person makes one for a flow, a shop or an account. A refusal that is not about one return makes one for what it is
    about, so that a closed period is one decision and not a thousand. `probe`: the one posting that may go first, to
    see whether the cause is gone.
    """

    class Code(models.TextChoices):
        BY_PERSON = "by_person", "Paused by a person"
        PERIOD_CLOSED = "period_closed", "Accounting period closed"
        RIGHT_MISSING = "right_missing", "The integration role lacks a right"
        FEATURE_OFF = "feature_off", "A feature is switched off"
        FLOW_STOPPED = "flow_stopped", "Many answers we do not know"

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.PROTECT, related_name="pauses")
    shop = models.ForeignKey(
        Shop, null=True, blank=True, on_delete=models.PROTECT, related_name="pauses", help_text="Empty: all shops"
    )
    key = models.CharField("holds", max_length=80, help_text="What stands still, as postings name it")
    code = models.CharField("cause", max_length=20, choices=Code.choices)
    reason = models.TextField(help_text="The person's reason, or what happened")
    words = models.TextField("words of the other side", blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_from = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="Whose refusal made it",
    )  # fmt: skip
    probe = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="May go first, to see whether the cause is gone",
    )  # fmt: skip
    tried_at = models.DateTimeField(null=True, blank=True)
    tried_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    tried_because = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_because = models.TextField(blank=True)
    # Returns behind it learn of it in steps: the posting up to which they did; empty once all did.
    told_up_to = models.BigIntegerField(null=True, blank=True, default=0, editable=False)

    objects = PauseRows.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], condition=Q(ended_at=None), name="one_live_pause"),
            models.CheckConstraint(
                condition=Q(code__in=["by_person", "period_closed", "right_missing", "feature_off", "flow_stopped"]),
                name="pause_code_in_list",
            ),
            models.CheckConstraint(
                condition=~Q(code="by_person") | Q(opened_by__isnull=False), name="pause_of_a_person_names_them"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="pause_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.account} pause of {self.key}"
