"""Returns, their units and inspections, as they go out."""

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.links import loop_link, netsuite_link
from returnsops.api.serializers.fields import Amount, AmountIfKnown, OfReturn, Person, Word
from returnsops.api.serializers.postings import PostingRowOut
from returnsops.returns.models import InspectedUnit, LoopReturn, NetSuiteRecord
from returnsops.returns.plan import Lane, StepState
from returnsops.returns.problems import KINDS

STEP_STATES = {
    StepState.DONE: "Done",
    StepState.DUE: "On its way out",
    StepState.WAITING: "Waiting for something that is not late",
    StepState.BLOCKED: "Stopped by a problem",
    StepState.NOT_NEEDED: "Not needed",
}


class ReturnRowOut(serializers.Serializer[LoopReturn]):
    id = serializers.IntegerField()
    shop = serializers.CharField(source="shop.code")
    loop_id = serializers.CharField()
    state = Word(choices=LoopReturn.State.choices)
    stage = Word(choices=LoopReturn.Stage.choices)
    outcome = serializers.CharField(help_text="What the customer gets, in Loop's words")
    order_name = serializers.CharField()
    provider_order_id = serializers.CharField()
    tracking_numbers = serializers.ListField(child=serializers.CharField())
    return_total = Amount("return_total")
    currency = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class InspectedOut(serializers.Serializer[InspectedUnit]):
    outcome = Word(choices=InspectedUnit.Outcome.choices)
    note = serializers.CharField()
    inspected_at = serializers.DateTimeField()
    inspector = Person()
    client_id = serializers.UUIDField()
    counts = serializers.SerializerMethodField(help_text="True once the inspection is finished")

    def get_counts(self, judged: InspectedUnit) -> bool:
        return judged.inspection.finished_at is not None


class UnitOut(serializers.Serializer[Any]):
    """One returned unit. `inspection` is null until somebody has judged it."""

    id = serializers.IntegerField()
    line_item_id = serializers.CharField()
    sku = serializers.CharField()
    barcode = serializers.CharField()
    title = serializers.CharField()
    reason = serializers.CharField()
    removed = serializers.BooleanField(help_text="Taken out of the return in Loop")
    price = Amount("price", currency="loop_return.currency")
    discount = Amount("discount", currency="loop_return.currency")
    tax = Amount("tax", currency="loop_return.currency")
    refund = Amount("refund", currency="loop_return.currency")
    currency = serializers.CharField(source="loop_return.currency")
    inspection = serializers.SerializerMethodField()

    @extend_schema_field(InspectedOut(allow_null=True))
    def get_inspection(self, line: Any) -> Any:
        """The standing outcome; views fetch it as `standing`."""
        return InspectedOut(line.standing[0]).data if line.standing else None


class UnitRowOut(OfReturn, UnitOut):
    shop = serializers.CharField(source="loop_return.shop.code")
    order_name = serializers.CharField(source="loop_return.order_name")


class StepOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    lane = Word(choices=[(lane.value, lane.name.capitalize()) for lane in Lane])
    state = Word(choices=[(state.value, STEP_STATES[state]) for state in StepState])
    detail = serializers.CharField(help_text="What it waits for, in words")
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is expected to be done")
    records = serializers.ListField(child=serializers.CharField(), help_text="NetSuite ids that met it")


@dataclass(frozen=True)
class Counterpart:
    """A record beside the currency of the return: its own row does not carry one."""

    record: NetSuiteRecord
    currency: str


class CounterpartOut(serializers.Serializer[Any]):
    """A NetSuite record that belongs to the return, whoever made it."""

    record_type = serializers.CharField(source="record.record_type")
    internal_id = serializers.CharField(source="record.internal_id")
    tran_id = serializers.CharField(source="record.tran_id")
    tran_date = serializers.DateField(source="record.tran_date", allow_null=True)
    external_id = serializers.CharField(source="record.external_id")
    status = serializers.CharField(source="record.status_label")
    total = AmountIfKnown("record.total")
    amount_remaining = AmountIfKnown("record.amount_remaining")
    currency = serializers.CharField()
    origin = Word(source="record.origin", choices=NetSuiteRecord.Origin.choices)
    gone_at = serializers.DateTimeField(
        source="record.gone_at", allow_null=True, help_text="Since when it is deleted or voided there"
    )
    link = serializers.SerializerMethodField(help_text="The record's page in NetSuite; null in a sandbox")

    def get_link(self, one: Counterpart) -> str | None:
        return netsuite_link(one.record.account, one.record.internal_id) or None


class ExchangeItemOut(serializers.Serializer[Any]):
    exchange_id = serializers.CharField()
    sku = serializers.CharField()
    title = serializers.CharField()
    total = Amount("total", currency="loop_return.currency")
    currency = serializers.CharField(source="loop_return.currency")
    exchange_order_id = serializers.CharField()
    exchange_order_name = serializers.CharField()


class OpenCaseOut(serializers.Serializer[Any]):
    """A case that this return is in: the row is its membership."""

    id = serializers.IntegerField(source="case_id")
    code = serializers.CharField(source="case.code")
    title = serializers.SerializerMethodField()
    status = serializers.CharField(source="case.status")
    cause = serializers.CharField(source="problem.cause")
    amount = Amount("amount")
    currency = serializers.CharField()
    opened_at = serializers.DateTimeField(source="case.opened_at")

    def get_title(self, member: Any) -> str:
        return KINDS[member.case.code].title


class FoundOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    sku = serializers.CharField()
    count = serializers.IntegerField()
    note = serializers.CharField()
    in_place_of = serializers.CharField(source="in_place_of.line_item_id", default="")
    found_at = serializers.DateTimeField()
    client_id = serializers.UUIDField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class ReturnOut(ReturnRowOut):
    link = serializers.SerializerMethodField(help_text="The return's page in Loop; null in a sandbox")
    customer_email = serializers.CharField()
    label_status = serializers.CharField()
    planned_at = serializers.DateTimeField(allow_null=True)
    look_again_at = serializers.DateTimeField(allow_null=True, help_text="When the plan may change by time alone")
    steps = serializers.SerializerMethodField()
    units = UnitOut(many=True, source="lines.all")
    found = serializers.SerializerMethodField(help_text="What lay in its parcels and is not on it")
    exchange_items = ExchangeItemOut(many=True, source="exchange_items.all")
    counterparts = serializers.SerializerMethodField()
    postings = PostingRowOut(many=True, source="postings.all")
    open_cases = OpenCaseOut(many=True, source="open_memberships")

    def get_link(self, row: LoopReturn) -> str | None:
        return loop_link(row.shop, row.loop_id) or None

    @extend_schema_field(StepOut(many=True))
    def get_steps(self, row: LoopReturn) -> Any:
        return row.plan.get("steps", [])

    @extend_schema_field(FoundOut(many=True))
    def get_found(self, row: LoopReturn) -> Any:
        return FoundOut([one for inspection in row.inspections.all() for one in inspection.found.all()], many=True).data

    @extend_schema_field(CounterpartOut(many=True))
    def get_counterparts(self, row: LoopReturn) -> Any:
        return CounterpartOut([Counterpart(record, row.currency) for record in row.records.all()], many=True).data


class RecordedUnitOut(InspectedOut):
    line_item_id = serializers.CharField(source="line.line_item_id")


class InspectionOut(OfReturn):
    id = serializers.IntegerField()
    inspector = Person()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    units = RecordedUnitOut(many=True, source="units.all")
    found = FoundOut(many=True, source="found.all")
