"""The edge: which shops and accounts there are, their secrets, what came in, how far we have read."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from integrations.errors import ConfigurationError
from integrations.netsuite.addresses import LOOPBACK_HOSTS, default_base_url, require_fitting_url
from integrations.netsuite.options import ITEM_FIELD
from returnsops.people.models import VisibleQuerySet

# Triggers by topic, for topics that a shop needs only if it uses what they are about (loop.md §5.1).
MORE_WEBHOOKS = {
    "restock": ("restock.requested",),
    "giftcard": ("giftcard.requested",),
    "label.request": ("label.request.issued", "label.request.cancelled"),
    "happy.returns.shipment": ("shipment.processed",),
}


def validate_more_webhooks(topics: str) -> None:
    unknown = [topic for topic in topics.split() if topic not in MORE_WEBHOOKS]
    if unknown:
        raise ValidationError(f"No such topic: {', '.join(unknown)}. Known are {', '.join(MORE_WEBHOOKS)}.")


class Connection(models.Model):
    """How the connection to one outside system is doing. Written by `integrations.connections` only."""

    last_ok_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    # A dead endpoint is asked again at this time, one call at a time.
    next_probe_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.TextField(blank=True)

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
    """One NetSuite account. Source of the settings: netsuite.md §1, §12, §13."""

    class Auth(models.TextChoices):
        OAUTH2 = "oauth2", "OAuth 2.0 with a certificate"
        TBA = "tba", "Token-based (ends with NetSuite 2028.1)"

    class WriteMode(models.TextChoices):
        SYNC = "sync", "Synchronous"
        ASYNC = "async", "Asynchronous jobs"

    class ReceiptKey(models.TextChoices):
        ORDER_LINE = "orderLine", "orderLine"
        LINE = "line", "line"
        BOTH = "both", "both"

    account_id = models.CharField(max_length=40, unique=True, help_text="As NetSuite shows it, e.g. 1234567_SB1")
    base_url = models.URLField(
        blank=True,
        help_text="From Company Information › Company URLs, without a path. Empty: derived from the account id",
    )
    auth = models.CharField("access", max_length=10, choices=Auth.choices, default=Auth.OAUTH2)
    client_id = models.CharField(max_length=200, help_text="Client ID of the integration record, or its consumer key")
    certificate_id = models.CharField(max_length=200, blank=True, help_text="As OAuth 2.0 Client Credentials shows it")
    certificate_expires_at = models.DateTimeField(null=True, blank=True, help_text="Warned about 60 days ahead")
    time_zone = models.CharField(max_length=60, default="UTC", help_text="Decides what «today» is on a document")
    subsidiary_id = models.CharField(max_length=20, blank=True)
    line_reference_field = models.CharField(
        max_length=60, blank=True,
        help_text="Line field that holds the shop's line id, e.g. custcol_shopify_line_id. Empty: lines match by item.",
    )  # fmt: skip
    sku_field = models.CharField(
        "SKU field", max_length=60, default="itemid",
        validators=[RegexValidator(rf"^{ITEM_FIELD.pattern}$", "No such field of an item.")],
        help_text="Item field that holds the SKU: itemid, upccode, externalid, displayname or a custitem…",
    )  # fmt: skip
    receipt_key = models.CharField(
        "key of receipt rows", max_length=10, choices=ReceiptKey.choices, default=ReceiptKey.ORDER_LINE,
        help_text="netsuite.md §13 U2",
    )  # fmt: skip
    refund_apply_line = models.PositiveSmallIntegerField(default=1, help_text="netsuite.md §13 U9")
    sends_order_doc = models.BooleanField(
        "name the sale on every row", default=False, help_text="orderDoc on the rows of an authorization, §3.2"
    )
    write_mode = models.CharField(
        max_length=10, choices=WriteMode.choices, default=WriteMode.SYNC, help_text="netsuite.md §13 U12"
    )
    has_forms = models.BooleanField(
        "ask for forms", default=False, help_text="Since NetSuite 2026.1; on older accounts leave it off. §13 U11"
    )
    memo_chars_max = models.PositiveSmallIntegerField("longest memo", default=40, help_text="netsuite.md §4.12")
    database_time_zone = models.CharField(
        max_length=60, blank=True, help_text="Of SuiteQL's times, e.g. America/Los_Angeles. Empty: measured. §13 U5"
    )
    profile = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "NetSuite account"
        constraints = [
            models.CheckConstraint(condition=Q(auth__in=["oauth2", "tba"]), name="account_auth_in_list"),
            models.CheckConstraint(condition=Q(write_mode__in=["sync", "async"]), name="account_write_mode_in_list"),
            models.CheckConstraint(
                condition=Q(receipt_key__in=["orderLine", "line", "both"]), name="account_receipt_key_in_list"
            ),
        ]

    def __str__(self) -> str:
        return f"NetSuite {self.account_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.base_url = self.base_url or default_base_url(self.account_id)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if self.auth == self.Auth.OAUTH2 and not self.certificate_id:
            raise ValidationError({"certificate_id": "OAuth 2.0 needs the id that NetSuite shows for the certificate."})
        try:
            require_fitting_url(self.account_id, self.base_url or default_base_url(self.account_id))
        except ConfigurationError as error:
            raise ValidationError({"base_url": error.detail}) from error


class AccessToken(models.Model):
    """The access token of an account, sealed, and whose turn it is to ask for the next one.

    A refused log-in stands here too, so that no other process repeats it.
    """

    account = models.OneToOneField(NetSuiteAccount, on_delete=models.CASCADE, related_name="access_token")
    settings_digest = models.CharField(max_length=64, blank=True)  # of the credentials it was got with
    sealed = models.TextField(blank=True)
    renew_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    refusal = models.TextField(blank=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    refused_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sealed="") | Q(renew_at__isnull=False, ends_at__isnull=False), name="token_has_an_end"
            ),
            models.CheckConstraint(
                condition=Q(leased_by="", leased_until__isnull=True)
                | (~Q(leased_by="") & Q(leased_until__isnull=False)),
                name="turn_has_owner_and_end",
            ),
        ]

    def __str__(self) -> str:
        return f"access token of {self.account}"


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
    calls_per_minute = models.PositiveIntegerField(
        "Loop calls a minute", default=300, validators=[MinValueValidator(10)],
        help_text="Loop's limit for this key; less if other programs use the same key",
    )  # fmt: skip
    more_webhooks = models.CharField(
        max_length=120, blank=True, validators=[validate_more_webhooks],
        help_text="Topics besides returns and labels, with blanks between: restock giftcard label.request "
        "happy.returns.shipment",
    )  # fmt: skip
    # What the last look at the subscriptions found; written by integrations.loop.subscriptions only.
    webhooks_made = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    webhooks_checked_at = models.DateTimeField(null=True, blank=True)
    webhooks_problem = models.TextField(blank=True)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "pk"

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[a-z0-9-]+$"), name="shop_code_fits_external_ids")
        ]

    def __str__(self) -> str:
        return self.name


class CallBudget(models.Model):
    """How many calls a shop may make now. Written by `integrations.loop.budget` only."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, primary_key=True, related_name="call_budget")
    tokens = models.FloatField(help_text="Calls that may go out at once, as of filled_at; below zero: wait")
    filled_at = models.DateTimeField()
    minute = models.DateTimeField(help_text="The minute that calls were last counted in")
    calls = models.PositiveIntegerField(default=0, help_text="In that minute")
    calls_before = models.PositiveIntegerField(default=0, help_text="In the minute before it")

    def __str__(self) -> str:
        return f"Call budget of {self.shop}"


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
        NETSUITE_CONSUMER_SECRET = "netsuite_consumer_secret", "NetSuite consumer secret"
        NETSUITE_TOKEN_ID = "netsuite_token_id", "NetSuite token id"
        NETSUITE_TOKEN_SECRET = "netsuite_token_secret", "NetSuite token secret"

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

    # No index of its own: the unique key begins with it.
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="inbound_events", db_index=False)
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField()
    times_received = models.PositiveIntegerField(default=1)
    nudged_at = models.DateTimeField(null=True, blank=True)
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


class SyncRun(models.Model):
    """One pass over a stretch of time of one stream: history, a night, a week. Goes on where it stopped.

    Written by `returnsops.returns.runs` only.
    """

    class Kind(models.TextChoices):
        IMPORT = "import", "Import of history"
        NIGHTLY = "nightly", "Nightly sweep"
        WEEKLY = "weekly", "Weekly sweep"
        COMPARISON = "comparison", "Weekly comparison of ids"
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
