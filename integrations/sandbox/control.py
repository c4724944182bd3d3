"""The control API under /_sandbox/: for people, demos and tests; loopback only, no credentials."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.dump import dump_account, dump_shop
from integrations.sandbox.faults import BadFaultError
from integrations.sandbox.loop.engine import PARCEL
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.money import cents
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.scenario_kinds import SCENARIOS, BadScenarioError
from integrations.sandbox.settings import UnknownSettingError
from integrations.sandbox.world import describe_account, describe_shop

Json = dict[str, Any]
Answer = tuple[Any, int]
ROOT = "/_sandbox/"
LOOPBACK = ("127.0.0.1", "::1", "localhost", None)


@dataclass
class Control:
    sandbox: Sandbox

    def __post_init__(self) -> None:
        self._resetting = threading.Lock()

    def answer(self, request: Request) -> Response:
        if request.remote_addr not in LOOPBACK:
            return _json({"error": "the control API answers on loopback only"}, status=403)
        parts = request.path.removeprefix(ROOT).strip("/").split("/")
        try:
            body, status = self._route(request, parts=parts)
        except Refusal as refusal:
            body, status = {"error": refusal.detail, "path": refusal.path}, refusal.status
        except (BadScenarioError, BadFaultError, UnknownSettingError) as error:
            body, status = {"error": str(error)}, 400
        except (KeyError, ValueError, TypeError) as error:
            body, status = {"error": f"bad request: {type(error).__name__}: {error}"}, 400
        return _json(body, status=status)

    def _route(self, request: Request, *, parts: list[str]) -> Answer:
        sandbox = self.sandbox
        match (request.method, parts):
            case ("GET", ["health"]):
                return {"status": "ok", "jobs": sandbox.jobs.count(), "failed_jobs": sandbox.jobs.failures}, 200
            case ("GET", ["world"]):
                return self._world(), 200
            case ("GET", ["dump"]):
                return self._dump(), 200
            case ("GET", ["loop", "scenarios"]):
                return {"scenarios": list(SCENARIOS)}, 200
            case ("POST", ["loop", "returns"]):
                return self._make_return(_body(request)), 201
            case ("POST", ["loop", "returns", return_id, action]):
                return self._act_in_loop(int(return_id), action=action, body=_body(request)), 200
            case ("POST", ["netsuite", "act"]):
                return self._act_in_netsuite(_body(request)), 200
            case ("POST", ["reset"]):
                with self._resetting:
                    sandbox.reset()
                return {"status": "ok"}, 200
        return self._switches(request, parts=parts)

    def _switches(self, request: Request, *, parts: list[str]) -> Answer:
        sandbox = self.sandbox
        match (request.method, parts):
            case ("POST", ["faults"]):
                return sandbox.faults.add(_body(request)), 201
            case ("GET", ["faults"]):
                return {"faults": sandbox.faults.as_json()}, 200
            case ("DELETE", ["faults"]):
                sandbox.faults.clear()
                return {"faults": []}, 200
            case ("GET", ["settings"]):
                return sandbox.settings.as_json(), 200
            case ("POST", ["settings"]):
                sandbox.settings.update(_body(request))
                return sandbox.settings.as_json(), 200
            case ("GET", ["clock"]):
                return self._clock(), 200
            case ("POST", ["clock"]):
                sandbox.clock.advance(float(_body(request)["advance_seconds"]))
                return self._clock(), 200
            case ("POST", ["tokens", "forget"]):
                sandbox.desk.forget_all()
                return {"status": "ok"}, 200
        return {"error": f"nothing at {request.method} {request.path}"}, 404

    def _clock(self) -> Json:
        clock = self.sandbox.clock
        return {"now": clock.now().isoformat(), "offset_seconds": clock.offset_s()}

    def _world(self) -> Json:
        sandbox = self.sandbox
        return {
            "loop_shops": [describe_shop(shop) for shop in sandbox.shops.values()],
            "netsuite_accounts": [describe_account(account) for account in sandbox.accounts.values()],
        }

    def _dump(self) -> Json:
        sandbox = self.sandbox
        return {
            "netsuite": {key: dump_account(account) for key, account in sandbox.accounts.items()},
            "loop": {code: dump_shop(sandbox.engine, shop=code) for code in sandbox.shops},
        }

    def _make_return(self, body: Json) -> Json:
        params = dict(body.get("params") or {})
        return self.sandbox.scenarios.make(
            str(body.get("shop", "northwind")), scenario=str(body.get("scenario", "refund")), params=params
        )

    def _act_in_netsuite(self, body: Json) -> Json:
        account = self.sandbox.accounts.get(str(body.get("account")))
        if account is None:
            raise Refusal(f"no account {body.get('account')!r}; known: {', '.join(self.sandbox.accounts)}")
        return act_as_person(account, action=str(body.get("action")), request=body)

    def _act_in_loop(self, return_id: int, *, action: str, body: Json) -> Json:
        engine = self.sandbox.engine
        act = LOOP_ACTIONS.get(action)
        if act is None:
            raise Refusal(f"no action {action!r}; known: {', '.join(LOOP_ACTIONS)}")
        with engine.store.transaction():
            loop_return = engine.load(return_id)
            if loop_return is None:
                raise Refusal(f"no return {return_id}", status=404)
            act(self.sandbox, loop_return, body)
            return {"id": str(return_id), "state": loop_return.state, "label_status": loop_return.label_status}


LoopAct = Callable[[Sandbox, LoopReturn, Json], None]


def _advance(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    to = str(body.get("to", "delivered"))
    if to not in PARCEL:
        raise BadScenarioError(f"to is one of {', '.join(PARCEL)}")
    sandbox.engine.advance_parcel(loop_return, to=to)


def _edit(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    """As a person in Loop's admin: {"remove": [line_item_id…], "fee": "5.00", "tax": {"387001": "5.10"}}."""
    engine = sandbox.engine
    removed = [int(one) for one in body.get("remove", [])]
    taxes = {int(key): cents(value) for key, value in body.get("tax", {}).items()}
    for unit in loop_return.units:
        if unit.line_item_id in removed:
            unit.removed, unit.returned_at = True, None
            unit.price = unit.discount = unit.tax = cents(0)
        unit.tax = taxes.get(unit.line_item_id, unit.tax)
    if "fee" in body:
        loop_return.fee = cents(body["fee"])
    loop_return.edited_at = engine.now_text()
    engine.save(loop_return)
    engine.log(loop_return, who="person", action="edit", content=body)
    engine.emit(loop_return, "return.updated")


def _cancel(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.cancel(loop_return, who="person")


def _settle(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.log(loop_return, who="person", action="process")
    sandbox.engine.queue_processing(loop_return, source="admin")


def _expire(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.set_state(loop_return, state="expired", who="loop")


def _flag(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.set_state(loop_return, state="review", who="person")


def _review(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.set_state(loop_return, state="open", who="person")


def _close(sandbox: Sandbox, loop_return: LoopReturn, body: Json) -> None:
    sandbox.engine.set_state(loop_return, state="closed", who="person")


LOOP_ACTIONS: dict[str, LoopAct] = {
    "advance": _advance,
    "edit": _edit,
    "cancel": _cancel,
    "settle": _settle,
    "expire": _expire,
    "flag": _flag,
    "review": _review,
    "close": _close,
}


def _body(request: Request) -> Json:
    body = json.loads(request.get_data() or b"{}")
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    return body


def _json(body: Any, *, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
