"""What all views share: who calls, how much, and what may stand in the address."""

from typing import Any, cast

from django.db.models import QuerySet
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from returnsops.api.pagination import PARAMETERS
from returnsops.api.parsers import BoundedJSONParser
from returnsops.api.schema import ApiSchema
from returnsops.api.throttling import PerCallerThrottle
from returnsops.people.models import User


class ApiView(APIView):
    parser_classes = (BoundedJSONParser,)
    throttle_classes = (PerCallerThrottle,)
    schema = ApiSchema()


class NothingHere(ApiView):
    """Any other address under the API fails in the API's shape."""

    schema = None  # type: ignore[assignment]  # how a view is left out of the description

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"{request.path} is no address of this API. Every address ends with a slash; see docs/.")


class ApiList(ApiView, generics.ListAPIView[Any]):
    """A list in pages. A parameter that filters nothing is refused: a typing error must not give all rows."""

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        filters = getattr(self, "filterset_class", None)
        known = PARAMETERS | set(filters.get_filters() if filters else ())
        for name in self.request.query_params:
            if name not in known:
                raise ValidationError({name: [f"This list has no such filter. It has {', '.join(sorted(known))}."]})
        return super().filter_queryset(queryset)


class ApiDetail(ApiView, generics.RetrieveAPIView[Any]):
    pass


def caller(request: Request) -> User:
    """Who asks. Without a log-in no view is reached; while the API is described it is nobody, who sees nothing."""
    return cast(User, request.user)


def read_input(given: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = given(data=request.data)
    serializer.is_valid(raise_exception=True)
    return cast(dict[str, Any], serializer.validated_data)
