"""Every failure of the API in one shape: `{"message": …, "code": …, "extra": {…}}`."""

import logging
import math
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from returnsops.returns.errors import ClientIdReusedError, NotPossibleError

logger = logging.getLogger(__name__)

NOT_FOUND = "There is nothing under this address, or it belongs to a shop that you have no part in."
FAULT = "This is a fault of ReturnsOps, not of your request. It is logged; try again later."


class ConflictError(exceptions.APIException):
    """The facts do not allow it; nothing was changed. `extra` holds what stands in the way, for machines."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "not_possible"

    def __init__(self, message: str, *, code: str = "not_possible", extra: dict[str, Any] | None = None) -> None:
        super().__init__(message, code)
        self.extra = extra or {}


class TooLargeError(exceptions.APIException):
    """The body is longer than we read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def api_error(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to any exception of a view. What nobody expected is logged and told in general words only."""
    known = _as_api_exception(error)
    response = exception_handler(known, context) if known else None
    if known is None or response is None:
        return _answer_fault(error, context)
    response.data = {"message": _message_of(known), "code": _code_of(known), "extra": _extra_of(known)}
    return response


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, ClientIdReusedError):
        return ConflictError(str(error), code="client_id_reused")
    if isinstance(error, NotPossibleError):
        return ConflictError(str(error))
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, Http404):
        return exceptions.NotFound(NOT_FOUND)
    return None


def _answer_fault(error: Exception, context: dict[str, Any]) -> Response:
    request = context["request"]
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    # Whoever watches for unhandled errors is told as for any other page.
    got_request_exception.send(sender=type(context["view"]), request=request._request)
    return Response({"message": FAULT, "code": "fault", "extra": {}}, status=status.HTTP_500_INTERNAL_SERVER_ERROR)


def _message_of(error: exceptions.APIException) -> str:
    if isinstance(error, exceptions.ValidationError):
        return _first_complaint(error.detail)
    return str(error.detail)


def _code_of(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "invalid"


def _extra_of(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, ConflictError):
        return error.extra
    if isinstance(error, exceptions.ValidationError):
        return {"fields": error.detail if isinstance(error.detail, dict) else {"": error.detail}}
    if isinstance(error, exceptions.Throttled):
        wait: float | None = vars(error)["wait"]  # missing in the stubs
        return {} if wait is None else {"retry_after_s": math.ceil(wait)}
    return {}


def _first_complaint(detail: Any, *, path: str = "") -> str:
    """The first sentence in a tree of field errors, with the way to its field: «units.0.outcome: …»."""
    if isinstance(detail, dict):
        name, inner = next((name, inner) for name, inner in detail.items() if inner)
        here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
        return _first_complaint(inner, path=here)
    if isinstance(detail, list):
        number, inner = next((number, inner) for number, inner in enumerate(detail) if inner)
        return _first_complaint(inner, path=path if isinstance(inner, str) else f"{path}.{number}")
    return f"{path}: {detail}" if path else str(detail)
