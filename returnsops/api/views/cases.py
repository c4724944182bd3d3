"""Cases, and what a caller does about them: the functions of `exceptions.actions`, as the screens call them."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions import actions, taking
from exceptions.models import Case, CaseEvent, CaseMember
from exceptions.queue import visible_cases
from returnsops.api.filters import CaseFilter
from returnsops.api.pagination import KEY_MAX, read_number
from returnsops.api.readings import (
    add_sums,
    events_of,
    find_member,
    members_of,
    read_case,
    visible_case,
)
from returnsops.api.serializers.cases import CaseOut, CaseRowOut, EventOut, MemberOut
from returnsops.api.serializers.inputs import (
    AcknowledgeIn,
    AdoptIn,
    ApproveIn,
    ChooseLineIn,
    CorrectDateIn,
    RetryIn,
    SayGoodsIn,
    TextIn,
)
from returnsops.api.views.base import ApiList, ApiView, caller, read_input
from returnsops.people.models import User


class CaseList(ApiList):
    """Cases of your shops, newest first."""

    serializer_class = CaseRowOut
    filterset_class = CaseFilter

    def get_queryset(self) -> QuerySet[Case]:
        return visible_cases(caller(self.request))

    def paginate_queryset(self, queryset: QuerySet[Case]) -> Sequence[Any]:  # type: ignore[override]
        return add_sums(super().paginate_queryset(queryset) or [])


class CaseDetail(ApiView):
    """One case: its returns, what happened, and what you may do about one of its returns now."""

    output_class = CaseOut

    @extend_schema(
        parameters=[OpenApiParameter("return", int, description="Whose offers; without it the first that waits")]
    )
    def get(self, request: Request, pk: int) -> Response:
        case = visible_case(pk, user=caller(request))
        asked = read_number(request, "return", most=KEY_MAX)
        return Response(CaseOut(read_case(case, user=caller(request), return_pk=asked)).data)


class CaseMemberList(ApiList):
    """All returns that are or were in a case."""

    queryset = CaseMember.objects.none()  # names the model to whoever describes the API
    serializer_class = MemberOut

    def get_queryset(self) -> QuerySet[CaseMember]:
        return members_of(visible_case(self.kwargs["pk"], user=caller(self.request)))


class CaseEventList(ApiList):
    """All that happened to a case."""

    queryset = CaseEvent.objects.none()
    serializer_class = EventOut

    def get_queryset(self) -> QuerySet[CaseEvent]:
        return events_of(visible_case(self.kwargs["pk"], user=caller(self.request)))


class CaseAction(ApiView):
    """One act on a case, or on one return of it. The answer is the case as it is then; a new plan follows soon."""

    act: Callable[..., None]
    input_class: type[serializers.Serializer[Any]] | None = None
    output_class = CaseOut

    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        case = visible_case(pk, user=user)
        given = read_input(self.input_class, request) if self.input_class else {}
        return_pk = given.pop("return_pk", None)
        self.act(find_member(case, return_pk) if return_pk else case, by=user, **given)
        return self._answer(pk, user, return_pk)

    def _answer(self, pk: int, user: User, return_pk: int | None) -> Response:
        return Response(CaseOut(read_case(visible_case(pk, user=user), user=user, return_pk=return_pk)).data)


class ApproveCase(CaseAction):
    """Say yes to exactly the figures you saw. Refused if they moved meanwhile, or if you made them yourself."""

    act = staticmethod(actions.approve)
    input_class = ApproveIn


class CorrectDate(CaseAction):
    """Give the refused document another date and send it again."""

    act = staticmethod(actions.correct_date)
    input_class = CorrectDateIn


class ChooseLine(CaseAction):
    """Say which line of the original order a unit came from."""

    act = staticmethod(actions.choose_line)
    input_class = ChooseLineIn


class AdoptRecord(CaseAction):
    """Say which record of NetSuite stands for the refused posting; it is verified before it is taken."""

    act = staticmethod(actions.adopt)
    input_class = AdoptIn


class PostAgain(CaseAction):
    """Post a document anew although a person deleted or voided it."""

    act = staticmethod(actions.post_again)
    input_class = AcknowledgeIn


class SayGoods(CaseAction):
    """Say what becomes of goods that lay in a parcel and are not on its return."""

    act = staticmethod(actions.say_goods)
    input_class = SayGoodsIn


class RetryCase(CaseAction):
    """Send the refused document again, unchanged."""

    act = staticmethod(actions.retry)
    input_class = RetryIn


class CancelCase(CaseAction):
    """Take the refused document out of the outbox. It stays out until somebody lets it go after all."""

    act = staticmethod(actions.cancel)
    input_class = AcknowledgeIn


class SendAfterAll(CaseAction):
    """Let go what was cancelled, as the facts call for it now."""

    act = staticmethod(actions.send_after_all)
    input_class = AcknowledgeIn


class SayCauseGone(CaseAction):
    """Say that what everything waits for is settled: one document goes first, then all others."""

    act = staticmethod(actions.say_cause_gone)
    input_class = AcknowledgeIn


class AcknowledgeCase(CaseAction):
    """Note what was found or done; the problem no longer stands for this return."""

    act = staticmethod(actions.acknowledge)
    input_class = AcknowledgeIn


class WriteNote(CaseAction):
    """Write a note on the case."""

    act = staticmethod(actions.add_note)
    input_class = TextIn


class TakeCase(CaseAction):
    """Say «mine». A case that somebody else has moves to you, and its events say so."""

    act = staticmethod(taking.take)


class GiveCaseBack(CaseAction):
    """It waits for somebody again. Only whoever has it gives it back."""

    act = staticmethod(taking.give_back)
