"""The simple alternative that our webhook endpoint is measured against: verify the HMAC, one INSERT, answer.

The same Django, server, database and kept connections as ours; no middleware, no other table. Settings: bare_settings.
"""

import base64
import hashlib
import hmac

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from returnsops.management.bench.secret import SECRET

TABLE = "CREATE TABLE IF NOT EXISTS bench_webhook (id bigserial PRIMARY KEY, received_at timestamptz, raw bytea)"
INSERT = "INSERT INTO bench_webhook (received_at, raw) VALUES (now(), %s)"


def webhook(request: HttpRequest, shop_code: str) -> HttpResponse:
    digest = hmac.new(SECRET.encode(), request.body, hashlib.sha256).digest()
    signature = request.headers.get("X-Loop-Signature", "")
    if not hmac.compare_digest(base64.b64encode(digest).decode(), signature):
        return _answer("The signature does not fit the body.", status=401)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [request.body])
    return _answer("Stored.")


def _answer(message: str, *, status: int = 200) -> HttpResponse:
    response = JsonResponse({"message": message}, status=status)
    response.headers["Content-Length"] = str(len(response.content))  # else the server answers in chunks
    return response


urlpatterns = [path("hooks/loop/<slug:shop_code>", webhook)]
