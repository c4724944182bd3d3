"""How often one caller may call. Counted per key, so that one eager tool does not slow the others."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from returnsops.people.models import ApiKey

RATE_DEFAULT = "600/min"


class PerCallerThrottle(SimpleRateThrottle):
    def get_rate(self) -> str:
        """`settings.API_RATE`, e.g. «600/min». Each web process counts for itself unless they share a cache."""
        return str(getattr(settings, "API_RATE", RATE_DEFAULT))

    def get_cache_key(self, request: Request, view: APIView) -> str:
        if isinstance(request.auth, ApiKey):
            return f"api-rate:key:{request.auth.pk}"
        return f"api-rate:user:{request.user.pk}"
