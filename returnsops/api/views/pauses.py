"""What stands still, and stopping and letting go on."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Shop
from returnsops.api.filters import PauseFilter
from returnsops.api.serializers.pauses import EndPauseIn, PauseIn, PauseOut
from returnsops.api.views.base import ApiList, ApiView, caller, read_input
from returnsops.people.models import User
from returnsops.posting import pausing
from returnsops.posting.models import Pause


class PauseList(ApiList):
    """Pauses of your shops and their accounts, newest first."""

    serializer_class = PauseOut
    filterset_class = PauseFilter

    def get_queryset(self) -> QuerySet[Pause]:
        return seen_pauses(caller(self.request))

    @extend_schema(request=PauseIn, responses={201: PauseOut})
    def post(self, request: Request) -> Response:
        """Hold what is not sent yet: of a shop or an account, one flow or everything."""
        user, given = caller(request), read_input(PauseIn, request)
        place = _place_of(user, given)
        shop = place if "shop" in given else None
        pause = pausing.pause_by(user, place.account, shop=shop, flow=given["flow"], reason=given["reason"])
        return Response(PauseOut(pause).data, status=201)


class EndPause(ApiView):
    """End a person's pause. Of one that a refusal made, one posting goes first; the others follow if it is taken."""

    input_class = EndPauseIn
    output_class = PauseOut

    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        pause = get_object_or_404(seen_pauses(user), pk=pk)
        after = pausing.resume_by(user, pause, reason=read_input(EndPauseIn, request)["reason"])
        return Response(PauseOut(after).data)


def seen_pauses(user: User) -> QuerySet[Pause]:
    rows: QuerySet[Pause] = Pause.objects.visible_to(user)
    return rows.select_related("account", "shop", "opened_by", "ended_by", "probe")


def _place_of(user: User, given: dict[str, Any]) -> Shop:
    """The shop, or one of the account that this caller sees."""
    shops = Shop.objects.visible_to(user).select_related("account")
    if "shop" in given:
        return get_object_or_404(shops, code=given["shop"])
    found = shops.filter(account__account_id=given["account"]).order_by("pk")
    return found.first() or get_object_or_404(found)
