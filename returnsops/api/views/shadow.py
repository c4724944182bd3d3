"""How what ReturnsOps would have posted agrees with what other systems made."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.models import Shop
from returnsops.api.filters import VerdictFilter
from returnsops.api.serializers.shadow import ScoreOut, VerdictOut
from returnsops.api.views.base import ApiList, ApiView, caller
from returnsops.returns.agreements import scores_of
from returnsops.returns.models import ShadowVerdict


class VerdictList(ApiList):
    """Records of other systems beside what ReturnsOps would have posted, for kinds whose ownership is «shadow»."""

    serializer_class = VerdictOut
    filterset_class = VerdictFilter

    def get_queryset(self) -> QuerySet[ShadowVerdict]:
        rows: QuerySet[ShadowVerdict] = ShadowVerdict.objects.visible_to(caller(self.request))
        return rows.select_related("shop", "loop_return").defer("loop_return__raw", "loop_return__plan")


class ScoresOfShop(ApiView):
    """Per kind of record of one shop: how many verdicts of each sort, and whether it is ready to be written."""

    @extend_schema(responses=ScoreOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        shop = get_object_or_404(Shop.objects.visible_to(caller(request)).select_related("account"), code=code)
        return Response([ScoreOut(score).data for score in scores_of(shop)])
