"""What comes in. Shape and bounds are checked here; what it means is decided by the functions below."""

from datetime import date
from typing import Any

from rest_framework import serializers

from returnsops.api.serializers.fields import OfReturn
from returnsops.returns.inspection import UnitOutcome
from returnsops.returns.models import InspectedUnit
from returnsops.returns.plan.finding import FoundChoice

TEXT_CHARS_MAX = 2_000
UNITS_MAX = 200
FIRST_DATE = date(2000, 1, 1)


class JudgedUnitIn(serializers.Serializer[Any]):
    line_item_id = serializers.CharField(max_length=40)
    outcome = serializers.ChoiceField(choices=InspectedUnit.Outcome.choices)
    client_id = serializers.UUIDField(help_text="Made by you, once per unit and outcome: a resend is the same row")
    note = serializers.CharField(max_length=TEXT_CHARS_MAX, allow_blank=True, default="")
    inspected_at = serializers.DateTimeField(allow_null=True, default=None, help_text="When it was seen; empty: now")


class InspectionIn(serializers.Serializer[Any]):
    units = serializers.ListField(child=JudgedUnitIn(), allow_empty=False, max_length=UNITS_MAX)

    def validate_units(self, units: list[dict[str, Any]]) -> list[UnitOutcome]:
        for name in ("line_item_id", "client_id"):
            if len({unit[name] for unit in units}) < len(units):
                raise serializers.ValidationError(f"Two units have the same {name}.")
        return [UnitOutcome(**unit) for unit in units]


class TextIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=TEXT_CHARS_MAX)


class MemberIn(OfReturn):
    """Which return of the case is meant."""

    return_source = "return_pk"


class RetryIn(MemberIn):
    reason = serializers.CharField(max_length=TEXT_CHARS_MAX, allow_blank=True, default="")


class ApproveIn(RetryIn):
    seen_hash = serializers.CharField(max_length=64, help_text="`seen_hash` of the member whose figures you saw")


class AcknowledgeIn(MemberIn):
    reason = serializers.CharField(max_length=TEXT_CHARS_MAX)


class CancelIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=TEXT_CHARS_MAX)


class CorrectDateIn(AcknowledgeIn):
    tran_date = serializers.DateField()

    def validate_tran_date(self, value: date) -> date:
        if value < FIRST_DATE:
            raise serializers.ValidationError(f"{value} is before {FIRST_DATE}. Check the year.")
        return value


class AdoptIn(AcknowledgeIn):
    record = serializers.CharField(max_length=20, help_text="NetSuite's internal id of the record")


class SayGoodsIn(AcknowledgeIn):
    choice = serializers.ChoiceField(choices=[one.value for one in FoundChoice], help_text="What becomes of them")


class ChooseLineIn(AcknowledgeIn):
    unit = serializers.CharField(max_length=40, help_text="`line_item_id` of the unit")
    line = serializers.CharField(max_length=20, help_text="Line of the original order; bill:line if several bills fit")
