"""Pages by key: newest first, each page begins after the last id of the one before.

Rows that arrive meanwhile neither repeat nor hide a row, and page 1,000 costs what page 1 costs; so there is no count.
"""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

PAGE_SIZE = 50
PAGE_SIZE_MAX = 250
KEY_MAX = 2**63 - 1
AFTER, SIZE = "after", "page_size"
PARAMETERS = frozenset({AFTER, SIZE})


class ApiPagination(BasePagination):
    next_address: str | None = None

    def paginate_queryset(  # type: ignore[override]  # our lists are querysets, never sequences
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        size = read_number(request, SIZE, most=PAGE_SIZE_MAX) or PAGE_SIZE
        after = read_number(request, AFTER, most=KEY_MAX)
        rows = queryset.order_by("-pk") if after is None else queryset.order_by("-pk").filter(pk__lt=after)
        page = list(rows[: size + 1])
        if len(page) > size:
            page.pop()
            self.next_address = replace_query_param(request.build_absolute_uri(), AFTER, page[-1].pk)
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_address, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        next_address = {"type": "string", "format": "uri", "nullable": True, "description": "Null on the last page"}
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": next_address, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter(SIZE, f"Rows per page, {PAGE_SIZE} if not given", most=PAGE_SIZE_MAX),
            _parameter(AFTER, "Id of the last row you have; `next` carries it", most=KEY_MAX),
        ]


def read_number(request: Request, name: str, *, most: int) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise ValidationError({name: [f"«{text[:20]}» is no whole number from 1 to {most}."]})
    return int(text)


def _parameter(name: str, description: str, *, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
