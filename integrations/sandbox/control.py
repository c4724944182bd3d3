"""The control API under /_sandbox/: for people, demos and tests; loopback only, no credentials."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.dump import dump_account, dump_shop
from integrations.sandbox.faults import STRIKES_MAX, describe_kinds
from integrations.sandbox.inputs import BadInputError, Fields
from integrations.sandbox.loop.person import UnknownActError, act_on_return, act_on_shop
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.scenario_kinds import SCENARIOS, BadScenarioError
from integrations.sandbox.switches.declare import UnknownSettingError
from integrations.sandbox.switches.shown import describe_switches
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
        except (BadScenarioError, BadInputError, UnknownSettingError, UnknownActError) as error:
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
                return act_on_return(sandbox.engine, int(return_id), action=action, body=_body(request)), 200
            case ("POST", ["loop", "shops", shop, action]):
                return act_on_shop(sandbox.engine, shop, action=action, body=_body(request)), 200
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
            case ("GET", ["faults", "kinds"]):
                return {"kinds": describe_kinds()}, 200
            case ("GET", ["faults", "strikes"]):
                return {"strikes": sandbox.faults.strikes(limit=_limit(request, most=STRIKES_MAX))}, 200
            case ("DELETE", ["faults", *which]):
                sandbox.faults.remove(int(which[0]) if which else None)
                return {"faults": sandbox.faults.as_json()}, 200
            case ("GET", ["settings"]):
                return _settings(sandbox, query=request.args), 200
            case ("GET", ["settings", "help"]):
                return describe_switches(), 200
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


def _settings(sandbox: Sandbox, *, query: Mapping[str, str]) -> Json:
    """All of them, or what holds for one account or shop."""
    for scope, parameter in (("accounts", "account"), ("shops", "shop")):
        if parameter in query:
            return sandbox.settings.shown_for(scope, one=query[parameter])
    return sandbox.settings.as_json()


def _limit(request: Request, *, most: int) -> int:
    given = Fields(request.args)
    limit = given.count("limit", most, low=1, high=most)
    given.done()
    return limit


def _body(request: Request) -> Json:
    body = json.loads(request.get_data() or b"{}")
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    return body


def _json(body: Any, *, status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
