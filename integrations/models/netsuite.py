"""NetSuite accounts: how to reach them, whose turn it is to log in, and how many calls go out at once."""

from enum import StrEnum
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from integrations.errors import ConfigurationError
from integrations.models.connection import Connection, validate_time_zone
from integrations.netsuite.addresses import default_base_url, require_fitting_url
from integrations.netsuite.options import CATEGORY_FIELD, ITEM_FIELD, ReceiptKey, StockTable


def _words_of(options: type[StrEnum]) -> list[tuple[str, str]]:
    """NetSuite's own words are shown as they are."""
    return [(one.value, one.value) for one in options]


class NetSuiteAccount(Connection):
    """One NetSuite account. Source of the settings: netsuite.md §1, §12, §13."""

    class Auth(models.TextChoices):
        OAUTH2 = "oauth2", "OAuth 2.0 with a certificate"
        TBA = "tba", "Token-based (ends with NetSuite 2028.1)"

    class WriteMode(models.TextChoices):
        SYNC = "sync", "Wait for the answer"
        ASYNC = "async", "Hand in as a job, ask for it later"

    account_id = models.CharField(max_length=40, unique=True, help_text="As NetSuite shows it, e.g. 1234567_SB1")
    base_url = models.URLField(
        blank=True,
        help_text="From Company Information › Company URLs, without a path. Empty: derived from the account id",
    )
    auth = models.CharField("access", max_length=10, choices=Auth.choices, default=Auth.OAUTH2)
    client_id = models.CharField(max_length=200, help_text="Client ID of the integration record, or its consumer key")
    certificate_id = models.CharField(max_length=200, blank=True, help_text="As OAuth 2.0 Client Credentials shows it")
    certificate_expires_at = models.DateTimeField(null=True, blank=True, help_text="Warned about 60 days ahead")
    time_zone = models.CharField(
        max_length=60, default="UTC", validators=[validate_time_zone],
        help_text="Decides what «today» is on a document",
    )  # fmt: skip
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
    category_field = models.CharField(
        max_length=60, blank=True, default="", db_default="",
        validators=[RegexValidator(rf"^{CATEGORY_FIELD.pattern}$", "No such field of an item.")],
        help_text="Item field that tells its category, for rules of places: class, department or a custitem…. "
        "Empty: none. Items known already are read anew within a day.",
    )  # fmt: skip
    stock_table = models.CharField(
        "stock is read from", max_length=30, choices=_words_of(StockTable), default=StockTable.ITEM_LOCATIONS.value,
        help_text="Where a policy has the stock of exchanges checked; choose one that the role may see",
    )  # fmt: skip
    # What follows is open in NetSuite's documentation: netsuite.md §13 U2, U9, §3.2, §13 U12, U11, §4.12, §13 U5.
    receipt_key = models.CharField(
        "key of receipt rows", max_length=10, choices=_words_of(ReceiptKey), default=ReceiptKey.ORDER_LINE.value,
        help_text="The field of a receipt's row that names the row of the return; a check says which there are",
    )  # fmt: skip
    refund_apply_line = models.PositiveSmallIntegerField(
        default=1, help_text="Line number a refund names when it is applied to a credit; 0 or 1. Change it if refused."
    )
    sends_order_doc = models.BooleanField(
        "name the sale on every row",
        default=False,
        help_text="Each row of a Return Authorization names its sale (orderDoc)",
    )
    write_mode = models.CharField(
        max_length=10,
        choices=WriteMode.choices,
        default=WriteMode.SYNC,
        help_text="Jobs only when NetSuite asks for it",
    )
    has_forms = models.BooleanField(
        "ask for forms", default=False,
        help_text="See the filled-in form before a document is written. Since NetSuite 2026.1; off for older accounts.",
    )  # fmt: skip
    memo_chars_max = models.PositiveSmallIntegerField(
        "longest memo", default=40, help_text="In characters; longer ones are cut"
    )
    database_time_zone = models.CharField(
        max_length=60,
        blank=True,
        validators=[validate_time_zone],
        help_text="Of the times in query answers, e.g. America/Los_Angeles. Empty: measured",
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
            models.CheckConstraint(
                condition=Q(stock_table__in=["inventoryitemlocations", "aggregateitemlocation", "inventorybalance"]),
                name="account_stock_table_in_list",
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


class Lane(models.Model):
    """The right to have one call in flight at an account. Leased by a sender while it has work, by others for a call.

    Leases run by the clock of the database. Written by `integrations.netsuite.lanes` only, as are the next two.
    """

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="lanes")
    number = models.PositiveSmallIntegerField()
    leased_by = models.CharField(max_length=80, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    for_reading = models.BooleanField(default=False)

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


class LaneLimit(models.Model):
    """How many of an account's lanes may be used now, and why not more. Its row is locked while lanes change hands."""

    account = models.OneToOneField(
        NetSuiteAccount, on_delete=models.CASCADE, primary_key=True, related_name="lane_limit"
    )
    count = models.PositiveSmallIntegerField(default=5, help_text="As a person set it")
    kept_for_reading = models.PositiveSmallIntegerField(
        default=1, help_text="Senders borrow these, and give them back as soon as somebody wants to read"
    )
    held_to = models.PositiveSmallIntegerField(
        null=True,
        help_text="Since NetSuite refused calls as too many; 0: it refused even one, nobody calls for a moment",
    )
    held_since = models.DateTimeField(null=True)
    held_because = models.TextField(blank=True)
    grows_at = models.DateTimeField(null=True)
    ceiling = models.PositiveSmallIntegerField(null=True, help_text="With so many in flight it refused last")
    refused = models.PositiveIntegerField(default=0, help_text="Calls refused as too many, ever")
    abandoned = models.PositiveIntegerField(
        default=0, help_text="Lanes whose lease ran out with a call in flight, ever"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1), name="an_account_has_a_lane"),
        ]

    def __str__(self) -> str:
        return f"{self.count} lanes of {self.account}"


class LaneDemand(models.Model):
    """Who wants lanes of an account: every sender that has work, and whoever waits to read."""

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="lane_demands")
    holder = models.CharField(max_length=80)
    for_reading = models.BooleanField(default=False)
    wanted = models.PositiveSmallIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "holder"], name="one_demand_per_holder")]

    def __str__(self) -> str:
        return f"{self.holder} wants {self.wanted}"


class LaneHours(models.Model):
    """Hours of the week in which another number of lanes holds: a peak, a quiet night. In the account's time zone."""

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="lane_hours")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), help_text="0 is Monday; the day on which the hours begin")
    starts = models.TimeField("from")
    ends = models.TimeField("to", help_text="Not later than «from»: on the next day")
    lanes = models.PositiveSmallIntegerField("calls in flight at most")
    why = models.CharField(max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "lanes by the hour"
        ordering = ["starts"]
        constraints = [models.CheckConstraint(condition=Q(lanes__gte=1), name="an_hour_has_a_lane")]

    def __str__(self) -> str:
        return f"{self.lanes} from {self.starts:%H:%M} to {self.ends:%H:%M}: {self.why}"
