"""One call of Loop's API on its way through: who asks for what, by which version."""

import json
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.shelf import load_visible
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.settings import Reading
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
Answer = tuple[Any, int]
NO_RETURN = {"error": {"message": "No return found with this ID."}}


@dataclass(frozen=True)
class Call:
    engine: Engine
    shop: ShopProfile
    request: Request
    version: str  # what answers: 2026-07, 2026-10 or unstable
    parts: tuple[str, ...] = ()  # what stood in the open places of the path

    @property
    def rules(self) -> Reading:
        return self.engine.switches(self.shop.code)

    @property
    def is_from_2026_10(self) -> bool:
        return self.version in ("2026-10", "unstable")

    def query(self, name: str) -> str | None:
        return self.request.args.get(name)

    def body(self) -> Json:
        """The JSON object that was sent; an empty one for anything else."""
        try:
            body = json.loads(self.request.get_data() or b"{}")
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    def find_return(self, text: str | None = None) -> LoopReturn | None:
        number = whole_number(self.parts[0] if text is None else text)
        return None if number is None else load_visible(self.engine.store, return_id=number, shop=self.shop.code)


def invalid(field: str, *, text: str) -> Answer:
    return {"message": "The given data was invalid.", "errors": {field: [text]}}, 422


def in_object(text: str, *, status: int) -> Answer:
    return {"errors": {"message": text}}, status
