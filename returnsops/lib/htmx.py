"""One address, one view: the whole page, or its fragment for an HTMX request that is not boosted."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


class PageRequest(HttpRequest):
    """A request as our views get it: HTMX's headers read, and somebody logged in."""

    htmx: HtmxDetails
    user: Any


def wants_fragment(request: HttpRequest) -> bool:
    """HTMX asks for a part of the page. A boosted link and a page that comes back from history want all of it."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(
    request: HttpRequest, page: str, context: dict[str, Any], *, fragment: str, status: int = 200
) -> HttpResponse:
    """The page, or its fragment. The address answers differently by header, so caches must look at it."""
    response = render(request, fragment if wants_fragment(request) else page, context, status=status)
    response.headers["Vary"] = "HX-Request, Cookie"
    return response
