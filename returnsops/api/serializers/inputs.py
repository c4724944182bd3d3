"""What comes in. Shape and bounds are checked here; what it means is decided by the functions below."""

from datetime import date
from typing import Any

from rest_framework import serializers

from returnsops.api.serializers.fields import OfReturn
from returnsops.returns.found import COUNT_MAX
from returnsops.returns.inspection import UnitOutcome
from returnsops.returns.models import InspectedUnit
from returnsops.returns.parcels import SCAN_CHARS_MAX
from returnsops.returns.plan.finding import FoundChoice

TEXT_CHARS_MAX = 2_000
UNITS_MAX = 200
FOUND_MAX = 50
FIRST_DATE = date(2000, 1, 1)


class JudgedUnitIn(serializers.Serializer[Any]):
    line_item_id = serializers.CharField(max_length=40)
    outcome = serializers.ChoiceField(choices=InspectedUnit.Outcome.choices)
    client_id = serializers.UUIDField(help_text="Made by you, once per unit and outcome: a resend is the same row")
    note = serializers.CharField(max_length=TEXT_CHARS_MAX, allow_blank=True, default="")
    inspected_at = serializers.DateTimeField(allow_null=True, default=None, help_text="When it was seen; empty: now")


class FoundThingIn(serializers.Serializer[Any]):
    sku = serializers.CharField(
        max_length=SCAN_CHARS_MAX, help_text="A barcode, or what it is called in the shop or in NetSuite"
    )
    count = serializers.IntegerField(min_value=1, max_value=COUNT_MAX, default=1)
    client_id = serializers.UUIDField(help_text="Made by you, once per thing: a resend is the same row")
    note = serializers.CharField(max_length=TEXT_CHARS_MAX, allow_blank=True, default="")
    in_place_of = serializers.CharField(
        max_length=40, allow_blank=True, default="", help_text="The unit that should have lain there: it is missing"
    )
    as_read = serializers.BooleanField(default=False, help_text="Keep `sku` as it is, whatever it may mean")


class InspectionIn(serializers.Serializer[Any]):
    """`units`, `found`, or both."""

    units = serializers.ListField(child=JudgedUnitIn(), max_length=UNITS_MAX, default=list)
    found = serializers.ListField(
        child=FoundThingIn(), max_length=FOUND_MAX, default=list, help_text="What lay there and is not on the return"
    )

    def validate_units(self, units: list[dict[str, Any]]) -> list[UnitOutcome]:
        for name in ("line_item_id", "client_id"):
            _require_distinct(units, name, "units")
        return [UnitOutcome(**unit) for unit in units]

    def validate_found(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        _require_distinct(found, "client_id", "things")
        return found

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["units"] and not attrs["found"]:
            raise serializers.ValidationError({"units": ["Name at least one unit, or something that was found."]})
        return attrs


def _require_distinct(rows: list[dict[str, Any]], name: str, what: str) -> None:
    if len({row[name] for row in rows}) < len(rows):
        raise serializers.ValidationError(f"Two {what} have the same {name}.")


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
