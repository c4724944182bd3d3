"""The front door of the NetSuite REST services: login, place, route, and what every answer carries."""

import json
import uuid
from datetime import UTC

from werkzeug.wrappers import Request, Response

from integrations.sandbox.netsuite import limits, metadata, permissions
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.async_jobs import AsyncJobs
from integrations.sandbox.netsuite.auth import GrantRefusedError, TokenDesk
from integrations.sandbox.netsuite.calls import BODY_MAX, ROOT, Call, Reply, refused, shown
from integrations.sandbox.netsuite.edits import open_record, unchanged
from integrations.sandbox.netsuite.errors import Refusal, method_not_allowed, not_found
from integrations.sandbox.netsuite.query_calls import answer_query
from integrations.sandbox.netsuite.record_calls import answer_record
from integrations.sandbox.pace import wait_inside


class NetSuiteApi:
    def __init__(self, desk: TokenDesk, jobs: AsyncJobs) -> None:
        self._desk = desk
        self._jobs = jobs

    def answer(self, request: Request) -> Response:
        if request.path.removeprefix(ROOT).startswith("auth/oauth2/"):
            return self._token(request)
        try:
            account = self._desk.account_of(request)
        except Refusal as refusal:
            return refused(refusal, type_form=self._desk.home.settings.text("netsuite.error_type_form")).response()
        reply = self._answer_in(account, request)
        response = reply.response()
        if account.settings.flag("netsuite.timing_headers"):
            operation = uuid.uuid4()
            response.headers["X-N-OperationId"] = str(operation)
            response.headers["NS_RTIMER_COMPOSITE"] = f"{operation.int % 10**9}:{operation.hex.upper()}:443"
        return response

    def _answer_in(self, account: Account, request: Request) -> Reply:
        is_write = request.method not in ("GET", "HEAD", "OPTIONS") and "/record/" in request.path
        try:
            opened = open_record(account, request)
            with limits.one_call(account, is_write=is_write):
                wait_inside(request)
                if (request.content_length or 0) > BODY_MAX:
                    raise Refusal("The request body is larger than 104 MB.", status=413, code="INVALID_REQUEST")
                with unchanged(account, opened):
                    return self._route(account, Call.of(request))
        except Refusal as refusal:
            return refused(refusal, type_form=account.settings.text("netsuite.error_type_form"))

    def _route(self, account: Account, call: Call) -> Reply:
        if call.method == "OPTIONS":
            return Reply(headers={"Allow": "GET, POST, PATCH, PUT, DELETE, OPTIONS"})
        permissions.require(account, permissions.REST, level="full")
        match call.parts:
            case ["record", "v1", "metadata-catalog", *names]:
                return metadata.answer(account, call, names=names)
            case ["record", "v1", _, *_]:
                return self._jobs.submit(account, call) if self._jobs.wants(call) else answer_record(account, call)
            case ["query", "v1", "suiteql"]:
                return answer_query(account, call)
            case ["async", "v1", "job", number, *rest]:
                return self._jobs.show(account, call, job=number, rest=rest)
            case ["system", "v1", name]:
                return _system(account, call, name=name)
        raise not_found()

    def _token(self, request: Request) -> Response:
        try:
            if request.method != "POST":
                raise GrantRefusedError("invalid_request", status=405, why="POST is expected")
            issued = self._desk.issue(request.form.to_dict(), token_url=request.base_url)
        except GrantRefusedError as wrong:
            body = {"error": wrong.word, "error_description": wrong.why}
            return Response(json.dumps(body), status=wrong.status, content_type="application/json")
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        return Response(json.dumps(issued), content_type="application/json", headers=headers)


def _system(account: Account, call: Call, *, name: str) -> Reply:
    if call.method != "GET":
        raise method_not_allowed("GET")
    if name == "serverTime":
        now = account.clock.now().astimezone(UTC)
        return shown({"serverTime": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"})
    if name == "governanceLimits":
        if not account.settings.flag("netsuite.administrator"):
            raise permissions.violation(account, "Administrator")
        return shown(limits.governance(account))
    raise not_found()
