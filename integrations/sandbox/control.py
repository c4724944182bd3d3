"""The control API under /_sandbox/: for people, demos and tests; loopback only, no credentials."""

import ipaddress
import json
import logging
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.controls import books, people, rules, world
from integrations.sandbox.controls.asked import Asked, Route
from integrations.sandbox.inputs import BadInputError
from integrations.sandbox.loop.person import UnknownActError
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.scenario_kinds import BadScenarioError
from integrations.sandbox.switches.declare import UnknownSettingError

logger = logging.getLogger(__name__)
ROOT = "/_sandbox/"
ORIGIN = re.compile(r"https?://\[?([^/\]]+?)\]?(?::\d+)?")
ROUTES: tuple[Route, ...] = (*world.ROUTES, *people.ROUTES, *rules.ROUTES, *books.ROUTES)
# What code meets that was handed nonsense. Said as such, and logged with its place: it might be the code after all.
NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, sqlite3.Error)


@dataclass
class Control:
    sandbox: Sandbox

    def answer(self, request: Request) -> Response:
        if not _is_from_here(request):
            return _json({"error": "the control API answers on loopback only"}, status=403)
        try:
            return self._route(request)
        except Refusal as refusal:
            return _json({"error": refusal.detail, "path": refusal.path}, status=refusal.status)
        except (BadScenarioError, BadInputError, UnknownSettingError, UnknownActError) as error:
            return _json({"error": str(error)}, status=400)
        except NONSENSE as error:
            logger.info("%s %s", request.method, request.path, exc_info=error)
            return _json({"error": f"bad request: {type(error).__name__}: {error}"}, status=400)

    def _route(self, request: Request) -> Response:
        parts = request.path.removeprefix(ROOT).strip("/").split("/")
        at_path = [(route, names) for route in ROUTES if (names := route.names_in(parts)) is not None]
        for route, names in at_path:
            if route.method == request.method:
                return self._act(route, Asked(self.sandbox, request=request, names=names))
        known = [{"method": route.method, "path": ROOT + route.path, "does": route.meaning} for route in ROUTES]
        if parts == [""]:
            return _json({"routes": known}, status=200)
        if at_path:
            methods = ", ".join(route.method for route, _ in at_path)
            return _json({"error": f"{request.path} takes {methods}"}, status=405)
        return _json({"error": f"nothing at {request.path}; GET {ROOT} lists what there is"}, status=404)

    def _act(self, route: Route, asked: Asked) -> Response:
        if route.is_alone:
            found = route.act(asked)
        else:
            with self.sandbox.gate.passing():
                found = route.act(asked)
        return found if isinstance(found, Response) else _json(found, status=route.status)


def _is_from_here(request: Request) -> bool:
    """The caller, and the page it speaks for if it is a browser: a page of elsewhere must not reach in."""
    origin = ORIGIN.fullmatch(request.headers.get("Origin", "http://localhost"))
    return origin is not None and all(_is_loopback(host) for host in (request.remote_addr or "localhost", origin[1]))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(body: Any, *, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
