"""The NetSuite REST paths: from HTTP to the functions below, and back."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.faults import wait_inside
from integrations.sandbox.netsuite import kinds, lists, records
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.auth import GrantRefusedError, TokenDesk
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import Refusal, not_found
from integrations.sandbox.netsuite.fields import body_names, check_names, lower_keys
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.render import render_document
from integrations.sandbox.netsuite.suiteql import check_page, run_query
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
ROOT = "/services/rest/"
SINGULAR = "application/vnd.oracle.resource+json; type=singular"
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
FAULT = "application/vnd.oracle.resource+json; type=error"
SCALARS = (str, int, float, bool, type(None))
FORM = "type=create-form"


class NetSuiteApi:
    def __init__(self, desk: TokenDesk) -> None:
        self._desk = desk

    def answer(self, request: Request) -> Response:
        parts = request.path.removeprefix(ROOT).strip("/").split("/")
        try:
            if parts[:2] == ["auth", "oauth2"]:
                return self._token(request)
            account = self._desk.account_of(request.headers.get("Authorization", ""))
            with _one_call(account, is_write=request.method != "GET" and parts[0] == "record"):
                wait_inside(request)
                return self._route(account, request, parts=parts)
        except Refusal as refusal:
            body = json.dumps(refusal.envelope())
            return Response(body, status=refusal.status, content_type=FAULT, headers=refusal.headers)

    def _token(self, request: Request) -> Response:
        try:
            issued = self._desk.issue(request.form.to_dict(), token_url=request.base_url)
        except GrantRefusedError as refused:
            body = {"error": refused.word, "error_description": refused.why}
            return Response(json.dumps(body), status=refused.status, content_type="application/json")
        return Response(json.dumps(issued), content_type="application/json")

    def _route(self, account: Account, request: Request, *, parts: list[str]) -> Response:
        match parts:
            case ["record", "v1", "metadata-catalog", *names]:
                return _metadata(names)
            case ["record", "v1", *rest]:
                return _record(account, request, rest=rest)
            case ["query", "v1", "suiteql"]:
                return _suiteql(account, request)
            case ["system", "v1", "serverTime"]:
                now = account.clock.now().astimezone(UTC)
                return _shown({"serverTime": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"})
        raise not_found()


@contextmanager
def _one_call(account: Account, *, is_write: bool) -> Iterator[None]:
    """Count the call against the account's limit of concurrent ones, and take as long as the profile says."""
    limit = int(account.settings.number("netsuite.concurrency"))
    with account.lock:
        if account.in_flight >= limit:
            raise Refusal(
                "Concurrent request limit exceeded. Request blocked.", status=429, code="CONCURRENCY_LIMIT_EXCEEDED"
            )
        account.in_flight += 1
    try:
        low, high = account.settings.span(f"netsuite.latency_s.{'write' if is_write else 'read'}")
        if high:
            time.sleep(random.uniform(low, high))
        yield
    finally:
        with account.lock:
            account.in_flight -= 1


def _shown(body: Json, *, content_type: str = SINGULAR) -> Response:
    return Response(json.dumps(body), content_type=content_type)


def _record(account: Account, request: Request, *, rest: list[str]) -> Response:
    """rest: the path below record/v1, such as ["returnAuthorization", "90211", "!transform", "itemReceipt"]."""
    kind = kinds.BY_RECORD_TYPE.get(rest[0].lower())
    base = request.host_url + "services/rest/record/v1"
    if kind is None:
        if request.method != "GET":
            raise Refusal(f"The sandbox keeps {rest[0]} for reading only.", status=405, code="INVALID_REQUEST")
        return _shown(lists.read(account, rest=rest, base=base, query=request.args.get("q", "")))
    match (request.method, rest[1:]):
        case ("GET", []):
            return _shown(_collection(account, kind, request, base=base), content_type=COLLECTION)
        case ("POST", []):
            return _create(account, kind, request, base=base)
        case ("POST", [identity, "!transform", target]):
            return _transform(account, request, base=base, source=kind, identity=identity, target=target)
        case ("GET", [identity, *sublist]):
            return _get(account, kind, request, base=base, identity=identity, sublist=sublist)
        case ("PATCH", [identity]):
            return _update(account, kind, request, base=base, identity=identity)
        case ("DELETE", [identity]):
            records.delete(account, document_id=_identity(account, identity, kind=kind), kind=kind, who="api")
            return Response(status=204)
    raise Refusal("Method not allowed.", status=405, code="INVALID_REQUEST")


def _identity(account: Account, text: str, *, kind: Kind) -> int:
    if text.lower().startswith("eid:"):
        found = account.store.value(
            "SELECT id FROM txn WHERE lower(externalid) = lower(?) AND type = ? AND deleted = 0",
            (text[4:], kind.code),
        )
        if found is None:
            raise not_found()
        return int(found)
    number = whole_number(text)
    if number is None:
        raise not_found()
    return number


def _get(account: Account, kind: Kind, request: Request, *, base: str, identity: str, sublist: list[str]) -> Response:
    document = load_document(account.store, document_id=_identity(account, identity, kind=kind))
    if document is None or document.kind != kind:
        raise not_found()
    expand = request.args.get("expandSubResources", "").lower() == "true" or bool(sublist)
    shown = render_document(account, document, base=base, expand=expand)
    if sublist:
        if sublist[0] not in shown:
            raise not_found()
        return _shown(shown[sublist[0]], content_type=COLLECTION)
    wanted = request.args.get("fields")
    if wanted and not expand:
        names = {*wanted.split(","), "id", "links"}
        shown = {key: value for key, value in shown.items() if key in names}
    return _shown(shown)


def _collection(account: Account, kind: Kind, request: Request, *, base: str) -> Json:
    limit, offset = check_page(limit=request.args.get("limit"), offset=request.args.get("offset"))
    where, parameters = lists.filter_of(request.args.get("q", ""), columns=lists.TRANSACTION_COLUMNS)
    condition = f"type = ? AND deleted = 0 AND {where}"
    total = account.store.value(f"SELECT COUNT(*) FROM txn WHERE {condition}", (kind.code, *parameters))
    found = account.store.rows(
        f"SELECT id FROM txn WHERE {condition} ORDER BY id LIMIT ? OFFSET ?",
        (kind.code, *parameters, limit, offset),
    )
    return lists.collection([row["id"] for row in found], base=f"{base}/{kind.record_type}", offset=offset, total=total)


def _written(document: Document, *, base: str, unknown: list[str]) -> Response:
    """Success has no body: the id is in the Location only. Names that were ignored show in a header."""
    headers = {"Location": f"{base}/{document.kind.record_type.lower()}/{document.id}"}
    if unknown:
        headers["Warning"] = f'299 - "Unknown property names were ignored: {", ".join(unknown)}"'
    return Response(status=204, headers=headers)


def _body(request: Request) -> Json:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise Refusal("Invalid content in the request body. Expected a JSON object.", code="INVALID_CONTENT") from error
    if not isinstance(body, dict):
        raise Refusal("Invalid content in the request body. Expected a JSON object.", code="INVALID_CONTENT")
    return lower_keys(body)


def _replaced(request: Request) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in request.args.get("replace", "").split(",") if name.strip())


def _unknown_names(account: Account, kind: Kind, request: Request, *, body: Json) -> list[str]:
    mode = request.headers.get("X-NetSuite-PropertyNameValidation", "Warning")
    unknown = check_names(kind, body=body, mode=mode, restock=account.settings.text("netsuite.restock"))
    return unknown if mode.lower() == "warning" else []


def _create(account: Account, kind: Kind, request: Request, *, base: str) -> Response:
    body = _body(request)
    unknown = _unknown_names(account, kind, request, body=body)
    document = records.create(account, kind=kind, body=body, replace=_replaced(request), who="api")
    return _written(document, base=base, unknown=unknown)


def _update(account: Account, kind: Kind, request: Request, *, base: str, identity: str) -> Response:
    document_id = _identity(account, identity, kind=kind)
    body = _body(request)
    unknown = _unknown_names(account, kind, request, body=body)
    document = records.update(
        account, document_id=document_id, kind=kind, body=body, replace=_replaced(request), who="api"
    )
    return _written(document, base=base, unknown=unknown)


def _transform(account: Account, request: Request, *, base: str, source: Kind, identity: str, target: str) -> Response:
    kind = kinds.BY_RECORD_TYPE.get(target.lower())
    if kind is None:
        raise not_found()
    source_id = _identity(account, identity, kind=source)
    body = _body(request)
    unknown = _unknown_names(account, kind, request, body=body)
    replace = _replaced(request)
    if FORM in request.headers.get("Accept", "").replace(" ", ""):
        return _preview(account, source, source_id=source_id, target=kind, body=body, replace=replace, base=base)
    document = records.transform(
        account, source_id=source_id, source_kind=source, target=kind, body=body, replace=replace, who="api"
    )
    return _written(document, base=base, unknown=unknown)


def _preview(
    account: Account, source: Kind, *, source_id: int, target: Kind, body: Json, replace: frozenset[str], base: str
) -> Response:
    if not account.settings.flag("netsuite.create_form"):
        raise Refusal("Invalid Accept header.", code="INVALID_HEADER", header="Accept")
    draft = records.draft_transform(
        account, source_id=source_id, source_kind=source, target=target, body=body, replace=replace
    )
    return _shown(render_document(account, draft, base=base, expand=True))


def _suiteql(account: Account, request: Request) -> Response:
    if request.headers.get("Prefer", "").strip().lower() != "transient":
        raise Refusal(
            "The required request header 'Prefer' is missing or invalid. Only 'transient' is supported.",
            code="INVALID_HEADER",
            header="Prefer",
        )
    limit, offset = check_page(limit=request.args.get("limit"), offset=request.args.get("offset"))
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise Refusal("Invalid content in the request body.", code="INVALID_CONTENT") from error
    parameters = body.get("params") or [] if isinstance(body, dict) else None
    if parameters is None or not isinstance(body.get("q"), str):
        raise Refusal("Missing required property 'q'.", code="INVALID_CONTENT", path="q")
    if not isinstance(parameters, list) or not all(isinstance(one, SCALARS) for one in parameters):
        raise Refusal("Invalid value of the property 'params'.", code="INVALID_CONTENT", path="params")
    page = run_query(
        account,
        query=body["q"],
        parameters=parameters,
        limit=limit,
        offset=offset,
        url=request.base_url,
    )
    return _shown(page, content_type=COLLECTION)


def _metadata(names: list[str]) -> Response:
    if not names:
        items = [{"name": kind.record_type} for kind in kinds.KINDS]
        return _shown({"items": items}, content_type=COLLECTION)
    kind = kinds.BY_RECORD_TYPE.get(names[0].lower())
    if kind is None:
        raise not_found()
    properties = {name: {"title": name} for name in body_names(kind)}
    schema = {"type": "object", "title": kind.record_type, "properties": properties}
    return _shown(schema, content_type="application/schema+json")
