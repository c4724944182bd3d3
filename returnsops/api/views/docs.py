"""The description of the API for machines, and the page that shows it to people."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

describe_api = SpectacularJSONAPIView.as_view(permission_classes=[IsAuthenticated])
# The page's script comes from an address of its own and its style from a file of ours, so that the strict policy for
# content holds here as on every other page.
_show_page = SpectacularSwaggerSplitView.as_view(
    url_name="api-schema", template_name="api/docs.html", permission_classes=[IsAuthenticated]
)


@login_required
def show_api(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """People are sent to the log-in; the page is of no use to a key."""
    return _show_page(request, *args, **kwargs)
