"""Returns and their units, and recording what was seen of them."""

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions.models import Case, CaseMember
from returnsops.api.errors import ConflictError
from returnsops.api.filters import UnitFilter
from returnsops.api.serializers.inputs import InspectionIn
from returnsops.api.serializers.returns import FoundOut, InspectionOut, ReturnOut, ReturnRowOut, UnitRowOut
from returnsops.api.views.base import ApiDetail, ApiList, ApiView, caller, read_input
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.returns.errors import AlreadyInspectedError
from returnsops.returns.filters import ReturnFilter
from returnsops.returns.found import FoundThing, name_found, record_seen, take_back
from returnsops.returns.inspection import UnitOutcome
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.replan import hold_return

STANDING = Prefetch(
    "inspected",
    InspectedUnit.objects.filter(superseded_at=None).select_related("inspector", "inspection"),
    to_attr="standing",
)


FOUND = Prefetch("found", FoundGoods.objects.filter(withdrawn_at=None).select_related("in_place_of"))


class ReturnList(ApiList):
    """Returns of your shops, the last mirrored first."""

    serializer_class = ReturnRowOut
    filterset_class = ReturnFilter

    def get_queryset(self) -> QuerySet[LoopReturn]:
        rows: QuerySet[LoopReturn] = LoopReturn.objects.visible_to(caller(self.request))
        return rows.select_related("shop").defer("raw", "plan")


class ReturnDetail(ApiDetail):
    """One return: where it stands step by step, its units, its NetSuite records, what we post, what waits."""

    serializer_class = ReturnOut

    def get_queryset(self) -> QuerySet[LoopReturn]:
        rows: QuerySet[LoopReturn] = LoopReturn.objects.visible_to(caller(self.request))
        live = CaseMember.objects.filter(left_at=None).exclude(case__status=Case.Status.CLOSED)
        return rows.select_related("shop").defer("raw").prefetch_related(
            Prefetch("lines", ReturnLine.objects.prefetch_related(STANDING)),
            "exchange_items",
            Prefetch("records", NetSuiteRecord.objects.select_related("account").defer("raw")),
            Prefetch("postings", Posting.objects.select_related("shop").defer("request")),
            Prefetch("inspections", Inspection.objects.prefetch_related(FOUND)),
            Prefetch("case_members", live.select_related("case"), to_attr="open_memberships"),
        )  # fmt: skip


class UnitList(ApiList):
    """Returned units, each with its standing outcome."""

    serializer_class = UnitRowOut
    filterset_class = UnitFilter

    def get_queryset(self) -> QuerySet[ReturnLine]:
        rows: QuerySet[ReturnLine] = ReturnLine.objects.visible_to(caller(self.request))
        return (
            rows.select_related("loop_return__shop")
            .defer("loop_return__raw", "loop_return__plan")
            .prefetch_related(STANDING)
        )


class RecordInspection(ApiView):
    """Say what was seen of units of this return, and what else lay in the parcel. It counts at once; a resend changes
    nothing."""

    input_class, output_class = InspectionIn, InspectionOut

    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        row = get_object_or_404(LoopReturn.objects.visible_to(user).select_related("shop"), pk=pk)
        said = read_input(InspectionIn, request)
        outcomes: list[UnitOutcome] = said["units"]
        try:
            inspection = _record_once(row, outcomes, said["found"], by=user)
        except AlreadyInspectedError as error:
            standing = {"standing": _standing_outcomes(row, outcomes)}
            raise ConflictError(str(error), code="already_inspected", extra=standing) from error
        return Response(InspectionOut(_with_units(inspection)).data)


@transaction.atomic
def _record_once(row: LoopReturn, outcomes: list[UnitOutcome], found: list[dict[str, Any]], *, by: User) -> Inspection:
    """A tool that gives up waiting sends again while we still work: the copy must find what the first one wrote."""
    access.require(by, "inspect units", shop=row.shop)
    hold_return(row.pk)
    return record_seen(row, outcomes, [_thing_of(row, one) for one in found], by=by)


def _thing_of(row: LoopReturn, told: dict[str, Any]) -> FoundThing:
    """Sent again it means what it meant: by then NetSuite may have told of more items."""
    known = FoundGoods.objects.filter(client_id=told["client_id"], inspection__loop_return=row).first()
    named = told["sku"] if told["as_read"] else known.sku if known else name_found(row, told["sku"])
    return FoundThing(named, told["count"], told["client_id"], told["note"], told["in_place_of"])


class TakeBackFound(ApiView):
    """A note of found goods was a mistake. Possible until its inspection is finished."""

    input_class, output_class = None, FoundOut

    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        notes = FoundGoods.objects.visible_to(user).select_related("inspection__loop_return__shop", "in_place_of")
        found = get_object_or_404(notes, pk=pk)
        take_back(found, by=user)
        found.refresh_from_db()
        return Response(FoundOut(found).data)


def _standing_outcomes(row: LoopReturn, outcomes: list[UnitOutcome]) -> list[dict[str, Any]]:
    """Who judged these units, when and how: what the caller runs into."""
    units = InspectedUnit.objects.filter(
        line__loop_return=row, line__line_item_id__in=[one.line_item_id for one in outcomes], superseded_at=None
    )
    return [
        {
            "line_item_id": unit.line.line_item_id,
            "outcome": unit.outcome,
            "inspector": unit.inspector.name,
            "inspected_at": unit.inspected_at,
        }
        for unit in units.select_related("line", "inspector")
    ]


def _with_units(inspection: Inspection) -> Inspection:
    units = Prefetch("units", InspectedUnit.objects.select_related("line", "inspector", "inspection"))
    whole = Inspection.objects.select_related("inspector").prefetch_related(units).prefetch_related(FOUND)
    return whole.get(pk=inspection.pk)
