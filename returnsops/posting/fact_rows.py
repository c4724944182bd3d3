"""What a plan reads, table by table: the rows of one return, by queries whose SQL is made once."""

from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from returnsops.lib.fixed_query import FixedQuery, ask_together, slot
from returnsops.posting.models import Posting, PostingCover
from returnsops.returns.models import (
    Approval,
    Arrival,
    FactChange,
    FoundGoods,
    InspectedUnit,
    NetSuiteLine,
    NetSuiteRecord,
    Override,
    ReturnLine,
)

THIS = slot("return_pk")

Row = Any  # of a query below: its columns by name

UNITS = FixedQuery(
    lambda: ReturnLine.objects.filter(loop_return=THIS).values(
        "id", "line_item_id", "provider_line_item_id", "sku", "title", "price", "discount", "tax", "refund",
        "refund_item", "refund_tax", "removed",
    )
)  # fmt: skip
OUTCOMES = FixedQuery(
    lambda: InspectedUnit.objects.filter(
        # What was judged anew stands as it was until that counts as well.
        Q(superseded_at=None) | Q(superseded_by__inspection__finished_at=None, superseded_by__isnull=False),
        line__loop_return=THIS,
        inspection__finished_at__isnull=False,
    ).values("line_id", "outcome", "note", "inspected_at", "inspection_id")
)
FOUND = FixedQuery(
    lambda: (
        FoundGoods.objects.filter(
            inspection__loop_return=THIS, withdrawn_at=None, inspection__finished_at__isnull=False
        )
        .order_by("pk")
        .annotate(place=F("in_place_of__line_item_id"))
        .values("id", "sku", "count", "found_at", "place", "note")
    )
)
ARRIVALS = FixedQuery(
    lambda: Arrival.objects.filter(loop_return=THIS).order_by("arrived_at", "pk").values("arrived_at")[:1]
)

RECORDS = FixedQuery(
    lambda: NetSuiteRecord.objects.filter(returns=THIS)
    .order_by("pk")
    .annotate(
        currency=KeyTextTransform("refName", KeyTransform("currency", "raw")),
        booked_on=KeyTextTransform("id", KeyTransform("account", "raw")),
        ship_to=KeyTextTransform("id", KeyTransform("shipAddressList", "raw")),
        # Only of refunds: the list of a credit or a payment names every open bill of the customer.
        applied=Case(When(record_type="customerRefund", then=KeyTransform("apply", "raw")), default=None),
    )
    .values(
        "id", "internal_id", "record_type", "tran_id", "external_id", "status", "status_label", "created_from_id",
        "entity_id", "other_ref_num", "total", "amount_remaining", "origin", "gone_at", "currency", "booked_on",
        "ship_to", "applied",
    )
)  # fmt: skip
RECORD_LINES = FixedQuery(
    lambda: NetSuiteLine.objects.filter(record__returns=THIS)
    .exclude(line="")
    .values(
        "record_id", "line", "order_line", "item_id", "item_name", "quantity", "rate", "amount", "tax_amount",
        "location_id", "is_closed", "quantity_received", "quantity_billed", "reference",
    )
)  # fmt: skip

POSTINGS = FixedQuery(
    lambda: Posting.objects.filter(loop_return=THIS)
    .order_by("pk")
    .annotate(units=ArraySubquery(PostingCover.objects.filter(posting=OuterRef("pk")).values("unit")))
    .values(
        "external_id", "kind", "number", "status", "their_id", "units", "request", "refusal", "differences",
        "posted_at", "uncertain_since", "read_back_at", "trusted_at",
    )
)  # fmt: skip
OVERRIDES = FixedQuery(
    lambda: (
        Override.objects.filter(loop_return=THIS, withdrawn_at=None)
        .order_by("pk")
        .values("kind", "subject", "value", "author_id", "created_at")
    )
)
APPROVALS = FixedQuery(lambda: Approval.objects.filter(loop_return=THIS).order_by("pk").values("subject", "seen_hash"))


class Rows(NamedTuple):
    """Of one return, what every plan of it reads."""

    units: list[Row]
    outcomes: list[Row]
    found: list[Row]
    arrivals: list[Row]
    records: list[Row]
    record_lines: list[Row]
    postings: list[Row]
    overrides: list[Row]
    approvals: list[Row]


ALWAYS_READ = (UNITS, OUTCOMES, FOUND, ARRIVALS, RECORDS, RECORD_LINES, POSTINGS, OVERRIDES, APPROVALS)


def rows_of(return_pk: int) -> Rows:
    return Rows(*ask_together(ALWAYS_READ, return_pk=return_pk))


# Each change of Loop's state as our looks found it: [before, after].
LOOP_STATES = FixedQuery(
    lambda: (
        FactChange.objects.filter(loop_return=THIS, changed__has_key="loop.state")
        .order_by("id")
        .annotate(state=KeyTextTransform("1", KeyTransform("loop.state", "changed")))
        .values("at", "state")
    )
)
SIBLING_UNITS = FixedQuery(
    lambda: (
        ReturnLine.objects.filter(
            loop_return__shop=slot("shop_pk"),
            loop_return__provider_order_id=slot("order_id", kind="text"),
        )
        .exclude(loop_return=THIS)
        .order_by("loop_return", "pk")
        .annotate(
            loop_id=F("loop_return__loop_id"), asked_at=F("loop_return__created_at"), state=F("loop_return__state")
        )
        .values("loop_id", "asked_at", "state", "provider_line_item_id", "sku", "removed")
    )
)

# Authorizations for other returns of the same order that the mirror of this one does not hold; one that was deleted
# before this return was read never comes into it.
COMING_FOR_SIBLINGS = FixedQuery(
    lambda: (
        Posting.objects.filter(
            kind="rma", loop_return__shop=slot("shop_pk"), loop_return__provider_order_id=slot("order_id", kind="text")
        )
        .exclude(loop_return=THIS)
        .exclude(status=Posting.Status.VOIDED)
        .exclude(
            external_id__in=NetSuiteRecord.objects.filter(returns=THIS, record_type="returnAuthorization").values(
                "external_id"
            )
        )
        .exclude(
            Exists(
                NetSuiteRecord.objects.filter(
                    account=OuterRef("account"), internal_id=OuterRef("their_id"), gone_at__isnull=False
                )
            )
        )
        .order_by("pk")
        .values("request")
    )
)
