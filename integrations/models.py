"""The edge: which shops and accounts there are, their secrets, what came in, how far we have read."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import models
from django.db.models import F, Q

from returnsops.people.models import VisibleQuerySet

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


class Connection(models.Model):
    """How the connection to one outside system is doing. Written by `integrations.connections` only."""

    last_ok_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    # A dead endpoint is asked again at this time, one call at a time.
    next_probe_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True)
    # What the last check found out; `integrations.profile` gives it types. A check that was asked for and is not
    # finished has a time here, and says how far it is.
    profile = models.JSONField(default=dict, blank=True)
    check_asked_at = models.DateTimeField(null=True, blank=True)
    check_progress = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    @property
    def is_sandbox(self) -> bool:
        return urlsplit(self.base_url).hostname in LOOPBACK_HOSTS

    @property
    def down_since(self) -> datetime | None:
        """Since when no call was answered; one call without an answer is bad luck, two in a row are an outage."""
        return self.failing_since if self.next_probe_at else None

    base_url: str


class NetSuiteAccount(Connection):
    """One NetSuite account. Source of the settings: netsuite.md §1, §12."""

    account_id = models.CharField(max_length=40, unique=True, help_text="As NetSuite shows it, e.g. 1234567_SB1")
    base_url = models.URLField(help_text="From Company Information › Company URLs, without a path")
    client_id = models.CharField(max_length=200)
    certificate_id = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=60, default="UTC", help_text="Decides what «today» is on a document")
    subsidiary_id = models.CharField(max_length=20, blank=True)
    line_reference_field = models.CharField(
        max_length=60, blank=True,
        help_text="Line field that holds the shop's line id, e.g. custcol_shopify_line_id. Empty: lines match by item.",
    )  # fmt: skip
    refund_apply_line = models.PositiveSmallIntegerField(default=1, help_text="netsuite.md §13 U9")

    class Meta:
        verbose_name = "NetSuite account"

    def __str__(self) -> str:
        return f"NetSuite {self.account_id}"


class Shop(Connection):
    """One Loop shop (a brand) with the NetSuite account its books are in."""

    code = models.SlugField(unique=True, help_text="Short and lower case: it is part of every external id")
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=60, default="UTC")
    base_url = models.URLField("Loop base URL", default="https://api.loopreturns.com")
    api_version = models.CharField(max_length=10, default="v1")
    account = models.ForeignKey(NetSuiteAccount, on_delete=models.PROTECT, related_name="shops")
    start_from = models.DateTimeField(help_text="Returns created earlier are mirrored and never posted")

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "pk"

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z0-9-]+$"), name="shop_code_fits_external_ids")
        ]

    def __str__(self) -> str:
        return self.name


class Lane(models.Model):
    """The right to have one call in flight at an account. Leased by a thread while it has work."""

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="lanes")
    number = models.PositiveSmallIntegerField()
    leased_by = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["account", "number"]
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="one_lane_per_number"),
            models.CheckConstraint(
                condition=Q(leased_by="", leased_until__isnull=True)
                | (~Q(leased_by="") & Q(leased_until__isnull=False)),
                name="lease_has_owner_and_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} lane {self.number}"


class Credential(models.Model):
    """An encrypted secret. It can be replaced, never read again in a screen."""

    class Kind(models.TextChoices):
        LOOP_API_KEY = "loop_api_key", "Loop API key"
        LOOP_WEBHOOK_SECRET = "loop_webhook_secret", "Loop webhook secret"
        NETSUITE_PRIVATE_KEY = "netsuite_private_key", "NetSuite private key"

    shop = models.ForeignKey(Shop, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials")
    account = models.ForeignKey(
        NetSuiteAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="credentials"
    )
    kind = models.CharField(max_length=30, choices=Kind.choices)
    sealed = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(shop__isnull=False, account__isnull=True) | Q(shop__isnull=True, account__isnull=False),
                name="credential_has_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["loop_api_key", "loop_webhook_secret", "netsuite_private_key"]),
                name="credential_kind_in_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.shop or self.account}"


class InboundEvent(models.Model):
    """One webhook as it arrived. Stored before it is believed."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READ = "read", "Read"
        BAD_SIGNATURE = "bad_signature", "Wrong or missing signature"
        UNREADABLE = "unreadable", "Not readable"  # right signature, body we can't use: a person looks

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="inbound_events")
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    times_received = models.PositiveIntegerField(default=1)
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
        indexes = [models.Index(fields=["verdict"], condition=Q(verdict="waiting"), name="events_waiting")]
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


class SyncCursor(models.Model):
    """How far we have read one stream, e.g. a shop's returns by change or an account's records by change."""

    stream = models.CharField(max_length=80, unique=True)
    watermark = models.DateTimeField()
    overlap = models.DurationField(default=timedelta(minutes=15))
    swept_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.stream} read to {self.watermark:%Y-%m-%d %H:%M}"
