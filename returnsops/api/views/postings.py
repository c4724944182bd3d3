"""What we owe NetSuite and Loop, and every try of it."""

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions import actions
from returnsops.api.filters import PostingFilter
from returnsops.api.serializers.inputs import CancelIn
from returnsops.api.serializers.postings import PostingOut, PostingRowOut
from returnsops.api.views.base import ApiDetail, ApiList, ApiView, caller, read_input
from returnsops.people.models import User
from returnsops.posting.models import Posting, PostingAttempt

TRIES_SHOWN = 50


class PostingList(ApiList):
    """Postings of your shops, newest first."""

    serializer_class = PostingRowOut
    filterset_class = PostingFilter

    def get_queryset(self) -> QuerySet[Posting]:
        rows: QuerySet[Posting] = Posting.objects.visible_to(caller(self.request))
        return rows.select_related("shop").defer("request")


class PostingDetail(ApiDetail):
    """One posting with what is sent and each try of it."""

    serializer_class = PostingOut

    def get_queryset(self) -> QuerySet[Posting]:
        return postings_in_full(caller(self.request))


class CancelPosting(ApiView):
    """Keep a posting that waits, for its turn or its next try, from being sent. A case says so until it is let go."""

    input_class = CancelIn
    output_class = PostingOut

    def post(self, request: Request, pk: int) -> Response:
        user = caller(request)
        seen: QuerySet[Posting] = Posting.objects.visible_to(user)
        posting = get_object_or_404(seen.select_related("shop", "loop_return"), pk=pk)
        actions.cancel_posting(posting, by=user, reason=read_input(CancelIn, request)["reason"])
        return Response(PostingOut(postings_in_full(user).get(pk=pk)).data)


def postings_in_full(user: User) -> QuerySet[Posting]:
    rows: QuerySet[Posting] = Posting.objects.visible_to(user)
    tries = Prefetch("tries", PostingAttempt.objects.order_by("-pk")[:TRIES_SHOWN], to_attr="last_tries")
    return rows.select_related("shop").prefetch_related("covers", tries)
