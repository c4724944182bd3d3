"""The webhook endpoint: store, answer fast, believe nothing unsigned (loop.md §5.2)."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.errors import ConfigurationError
from integrations.inbox import body_is_too_large, receive
from integrations.models import Shop

logger = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def loop_webhook(request: HttpRequest, shop_code: str) -> HttpResponse:
    """200 stored · 401 wrong signature (Loop does not retry those) · 503 our fault (Loop retries)."""
    try:
        shop = Shop.objects.filter(code=shop_code).first()
        if shop is None:
            return JsonResponse({"message": "No such shop."}, status=404)
        if body_is_too_large(int(request.headers.get("Content-Length") or 0)):
            return JsonResponse({"message": "The body is too large."}, status=413)
        receipt = receive(shop, request.body, request.headers.get("X-Loop-Signature"))
    except (DatabaseError, ConfigurationError):
        logger.exception("A webhook for %s could not be stored; Loop will send it again", shop_code)
        return JsonResponse({"message": "Try again later."}, status=503)
    if not receipt.believed:
        return JsonResponse({"message": "The signature does not fit the body."}, status=401)
    return JsonResponse({"message": "Stored."})
