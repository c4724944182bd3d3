"""The webhook endpoint: store, answer fast, believe nothing unsigned (loop.md §5.2)."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.doors import forget_doors
from integrations.errors import ConfigurationError
from integrations.inbox import receive

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def loop_webhook(request: HttpRequest, shop_code: str) -> HttpResponse:
    """200 stored · 401 nobody we know signed this body · 413 larger than anything Loop sends · 503 our fault.

    Loop tries again after 503 only. An unknown shop gets 401 too: there is no secret that could have signed it.
    """
    try:
        raw = _read_body(request)
        if raw is None:
            return JsonResponse({"message": "The body is too large."}, status=413)
        receipt = receive(shop_code, raw, request.headers.get("X-Loop-Signature"))
    except (DatabaseError, ConfigurationError, UnreadablePostError) as error:
        # One line each: while the database is away, every webhook ends here.
        why, _, _ = str(error).partition("\n")
        logger.error("A webhook for %s could not be stored; Loop will send it again: %s", shop_code, why)
        forget_doors()
        connection.close()  # a restarted database is found again by the next one, not by the one after
        return JsonResponse({"message": "Try again later."}, status=503)
    if not receipt.is_believed:
        return JsonResponse({"message": "The signature does not fit the body, or no such shop."}, status=401)
    return JsonResponse({"message": "Stored."})


def _read_body(request: HttpRequest) -> bytes | None:
    """The bytes as they came; None when there are more than we take. Nothing is parsed before that is known."""
    size_max = settings.WEBHOOK_BODY_BYTES_MAX
    if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
        # Django takes a body without Content-Length for an empty one.
        raw: bytes = request.META["wsgi.input"].read(size_max + 1)
        return raw if len(raw) <= size_max else None
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        return b""  # without a length there is no body; nobody signed that
    return request.body if int(length) <= size_max else None
