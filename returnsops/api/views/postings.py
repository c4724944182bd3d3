"""What we owe NetSuite and Loop, and every try of it."""

from django.db.models import Prefetch, QuerySet

from returnsops.api.filters import PostingFilter
from returnsops.api.serializers.postings import PostingOut, PostingRowOut
from returnsops.api.views.base import ApiDetail, ApiList, caller
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
        rows: QuerySet[Posting] = Posting.objects.visible_to(caller(self.request))
        tries = Prefetch("tries", PostingAttempt.objects.order_by("-pk")[:TRIES_SHOWN], to_attr="last_tries")
        return rows.select_related("shop").prefetch_related("covers", tries)
