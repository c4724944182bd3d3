"""One request to the control API as its functions see it, and the table they stand in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.inputs import BadInputError, Fields
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.sandbox import Sandbox

Json = dict[str, Any]
BODY_MAX = 1_000_000


@dataclass(frozen=True)
class Asked:
    """names: what stands in the path where its route has a star."""

    sandbox: Sandbox
    request: Request
    names: tuple[str, ...]

    @property
    def query(self) -> Fields:
        return Fields(self.request.args)

    @property
    def fields(self) -> Fields:
        return Fields(self.body)

    @property
    def body(self) -> Json:
        raw = self.request.get_data()
        if len(raw) > BODY_MAX:
            raise BadInputError(f"a body has at most {BODY_MAX} bytes")
        try:
            body = json.loads(raw or b"{}")
        except (ValueError, RecursionError) as error:
            raise BadInputError(f"the body must be a JSON object: {error}") from error
        if not isinstance(body, dict):
            raise BadInputError("the body must be a JSON object")
        return body

    def number(self, place: int) -> int:
        found = whole_number(self.names[place])
        if found is None:
            raise BadInputError(f"{self.names[place]!r:.100} is no number")
        return found


Act = Callable[[Asked], Any]


@dataclass(frozen=True)
class Route:
    """path: words and stars between slashes. What `act` gives is the JSON to answer, or a whole response."""

    method: str
    path: str
    act: Act
    meaning: str
    status: int = 200
    is_alone: bool = False  # no other call may be under way

    def names_in(self, parts: list[str]) -> tuple[str, ...] | None:
        """What stands for the stars; None when this is not the path."""
        own = self.path.split("/")
        if len(own) != len(parts) or any(word not in ("*", part) for word, part in zip(own, parts, strict=True)):
            return None
        return tuple(part for word, part in zip(own, parts, strict=True) if word == "*")


def one_of(known: dict[str, Any], name: str, *, what: str) -> Any:
    if name not in known:
        raise BadInputError(f"no {what} {name!r:.100}; known: {', '.join(known)}")
    return known[name]


def lines_of(rows: Any) -> Response:
    """JSON lines, sent while they are read."""
    return Response((json.dumps(row) + "\n" for row in rows), content_type="application/x-ndjson")
