"""Mirrors: what Loop and NetSuite said last. Raw JSON as seen, columns only for what we join and filter.

Written by `returnsops.returns.bulk` only; what they wait for, by `returnsops.returns.mirror`.

A key that begins a unique constraint has no index of its own: PostgreSQL would choose that one, and read the whole shop
to find five hundred returns.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from integrations.models import NetSuiteAccount, Shop
from returnsops.people.models import VisibleQuerySet


class LoopReturn(models.Model):
    """A return as Loop has it, and the plan we last made for it."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        REVIEW = "review", "In review"
        CLOSED = "closed", "Closed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"
        UNKNOWN = "unknown", "Unknown"

    class Stage(models.TextChoices):
        """How far the return is, in one word. Derived by the plan; kept for lists and counts."""

        NEW = "new", "New"
        ON_ITS_WAY = "on_its_way", "On its way"
        TO_INSPECT = "to_inspect", "To inspect"
        POSTING = "posting", "Posting"
        WAITING = "waiting", "Waiting"
        NEEDS_PERSON = "needs_person", "Needs a person"
        SETTLED = "settled", "Settled"
        ENDED = "ended", "Ended without settlement"

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="returns", db_index=False)
    loop_id = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices)
    outcome = models.CharField(max_length=60, blank=True)
    order_name = models.CharField(max_length=80, blank=True)
    provider_order_id = models.CharField(max_length=60, blank=True)
    customer_email = models.CharField(max_length=254, blank=True)
    currency = models.CharField(max_length=3)
    return_total = models.DecimalField(max_digits=12, decimal_places=3)
    tracking_numbers = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    label_status = models.CharField(max_length=40, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    raw = models.JSONField(encoder=DjangoJSONEncoder)
    # The list leaves out refunds, so what comes from it alone is not planned before details were fetched.
    is_detailed = models.BooleanField(default=True)
    # A row of the list that has neither digest tells something new.
    seen_digest = models.CharField(max_length=32, blank=True, help_text="Of what stands here")
    listed_digest = models.CharField(max_length=32, blank=True, help_text="Of the row details were asked for last")
    listed_at = models.DateTimeField(null=True, blank=True, help_text="When that row says that it changed")
    kept_digest = models.CharField(max_length=32, blank=True, help_text="Of all that is written when details are here")
    fetch_due_at = models.DateTimeField(null=True, blank=True, help_text="When details should be fetched again")
    fetched_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True, help_text="Since when Loop has no such return")
    records_hinted_at = models.DateTimeField(
        null=True, blank=True, help_text="When NetSuite should be read; answered by a read that began later"
    )
    records_fetched_at = models.DateTimeField(null=True, blank=True)

    # The plan as last made. look_again_at in the past means: plan again (a fact changed, or a time came).
    look_again_at = models.DateTimeField(null=True, blank=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    plan = models.JSONField(default=dict, blank=True)
    plan_hash = models.CharField(max_length=64, blank=True)
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.NEW)
    settled_at = models.DateTimeField(null=True, blank=True)
    plan_attempts = models.PositiveSmallIntegerField(default=0)

    records: "models.ManyToManyField[NetSuiteRecord, Any]" = models.ManyToManyField(
        "NetSuiteRecord", related_name="returns", blank=True
    )

    objects = models.Manager.from_queryset(VisibleQuerySet)()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "loop_id"], name="one_mirror_per_loop_return"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "review", "closed", "cancelled", "expired", "unknown"]),
                name="return_state_in_list",
            ),
            models.CheckConstraint(
                condition=Q(
                    stage__in=[
                        "new", "on_its_way", "to_inspect", "posting", "waiting", "needs_person", "settled", "ended",
                    ]
                ),
                name="return_stage_in_list",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["look_again_at"]),
            models.Index(fields=["shop", "fetch_due_at"], condition=Q(fetch_due_at__isnull=False), name="fetch_due"),
            models.Index(
                fields=["records_hinted_at"],
                condition=Q(records_fetched_at=None) | Q(records_fetched_at__lte=models.F("records_hinted_at")),
                name="records_due",
            ),
            models.Index(fields=["shop", "provider_order_id"]),
            models.Index(fields=["shop", "stage", "-created_at"]),
            models.Index(fields=["-created_at", "-id"], name="returns_newest"),
            models.Index(fields=["order_name"]),
            models.Index(fields=["loop_id"]),
            GinIndex(fields=["tracking_numbers"]),
        ]

    def __str__(self) -> str:
        return f"Return {self.loop_id} of order {self.order_name}"


class ReturnLine(models.Model):
    """One returned unit: Loop has no quantity, every unit is a row (loop.md §3.3). Amounts in the shop's currency."""

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line_item_id = models.CharField(max_length=40)
    provider_line_item_id = models.CharField(max_length=40, blank=True)
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=120, blank=True)
    barcode = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=300, blank=True)
    image_url = models.TextField(blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=3)
    discount = models.DecimalField(max_digits=12, decimal_places=3)
    tax = models.DecimalField(max_digits=12, decimal_places=3)
    refund = models.DecimalField(max_digits=12, decimal_places=3)
    # Null: an old payload, Loop did not split the refund.
    refund_item = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    refund_tax = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    reason = models.CharField(max_length=200, blank=True)
    comment = models.TextField(blank=True)
    exchange_variant = models.CharField(max_length=40, blank=True)
    removed = models.BooleanField(default=False)

    objects = models.Manager.from_queryset(VisibleQuerySet)()
    SHOP_PATH = "loop_return__shop"

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["loop_return", "line_item_id"], name="one_row_per_returned_unit")
        ]
        indexes = [models.Index(fields=["sku"]), models.Index(fields=["line_item_id"])]

    def __str__(self) -> str:
        return f"{self.title or self.sku} ({self.line_item_id})"


class ExchangeItem(models.Model):
    """One replacement the customer takes instead."""

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.CASCADE, related_name="exchange_items", db_index=False)
    exchange_id = models.CharField(max_length=40)
    sku = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=300, blank=True)
    total = models.DecimalField(max_digits=12, decimal_places=3)
    exchange_order_id = models.CharField(max_length=60, blank=True)
    exchange_order_name = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["loop_return", "exchange_id"], name="one_row_per_exchange_item")]
        indexes = [models.Index(fields=["exchange_order_name"]), models.Index(fields=["exchange_order_id"])]

    def __str__(self) -> str:
        return self.title or self.sku


class NetSuiteRecord(models.Model):
    """A NetSuite transaction that has to do with a return, whoever made it."""

    class Origin(models.TextChoices):
        OURS = "ours", "ReturnsOps"
        CONNECTOR = "connector", "Another connector"
        PERSON = "person", "A person"
        FOREIGN = "foreign", "Somebody else"  # we cannot tell whether by hand

    account = models.ForeignKey(NetSuiteAccount, on_delete=models.CASCADE, related_name="records", db_index=False)
    internal_id = models.CharField(max_length=20)
    record_type = models.CharField(max_length=40)
    external_id = models.CharField(max_length=120, blank=True)
    tran_id = models.CharField(max_length=60, blank=True)
    tran_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=10, blank=True)
    status_label = models.CharField(max_length=80, blank=True)
    created_from_id = models.CharField(max_length=20, blank=True)
    entity_id = models.CharField(max_length=20, blank=True)
    other_ref_num = models.CharField(max_length=120, blank=True)
    total = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    tax_total = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    amount_remaining = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    last_modified = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="When it was fetched, by business time as theirs")
    gone_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.FOREIGN)
    made_by = models.CharField(max_length=40, blank=True, help_text="The user over there, where the account tells it")
    kept_digest = models.CharField(max_length=32, blank=True, help_text="Of all that is written when it is read")
    raw = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "internal_id"], name="one_mirror_per_netsuite_record")
        ]
        indexes = [
            models.Index(fields=["account", "created_from_id"]),
            models.Index(fields=["tran_id"]),
            models.Index(fields=["external_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.record_type} {self.tran_id or self.internal_id}"


class NetSuiteLine(models.Model):
    """One line of a NetSuite transaction. Quantities are whole and positive."""

    record = models.ForeignKey(NetSuiteRecord, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line = models.CharField(max_length=20)
    order_line = models.CharField(max_length=20, blank=True)
    item_id = models.CharField(max_length=20, blank=True)
    item_name = models.CharField(max_length=200, blank=True)
    quantity = models.IntegerField(default=0)
    rate = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    tax_amount = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    location_id = models.CharField(max_length=20, blank=True)  # a place: with its inventory status, if it tells one
    is_closed = models.BooleanField(default=False)
    quantity_received = models.IntegerField(default=0)
    quantity_billed = models.IntegerField(default=0)
    reference = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["record", "line"], name="one_row_per_netsuite_line")]

    def __str__(self) -> str:
        return f"{self.record} line {self.line}"


class FactChange(models.Model):
    """What was true of a return before and after a change. Append-only: history and what-if read it."""

    loop_return = models.ForeignKey(LoopReturn, on_delete=models.CASCADE, related_name="fact_changes")
    at = models.DateTimeField()
    came_from = models.CharField(max_length=40)
    facts_hash = models.CharField(max_length=64)
    changed = models.JSONField(help_text="{fact: [before, after]}")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.loop_return}: {', '.join(self.changed)}"
