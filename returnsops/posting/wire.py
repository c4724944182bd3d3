"""From a posting's request to one call of a client. Runs in the sender's threads: no database here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.errors import AlreadyExistsError, Failure, IntegrationError, RejectedError, UncertainError
from integrations.loop.client import LoopClient
from integrations.loop.records import AssessedAs, GradedAs, UnitAssessment, UnitGrade
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions, ReceiptKey
from returnsops.posting.verify import holds_update
from returnsops.returns.record_changes import STOCK_TYPES

AMOUNT_KEYS = frozenset({"amount", "rate"})
# A script that runs after the saving ends the call with its own words, and what was saved stays (netsuite.md §6.2).
MAY_BE_SAVED = frozenset({"script", "unknown"})


@dataclass(frozen=True)
class Call:
    """All a thread needs: what to send, under which external id, through which client."""

    external_id: str
    request: dict[str, Any]
    client: LoopClient | NetSuiteClient


def carry_out(call: Call) -> str:
    """Send it. Gives the other side's id. Raises the errors of `integrations.errors`."""
    if isinstance(call.client, LoopClient):
        return _act_in_loop(call.client, call.request)
    try:
        return _write_in_netsuite(call.client, call.request, call.external_id)
    except RejectedError as refusal:
        if refusal.family in MAY_BE_SAVED:
            _look_whether_saved(call, call.client, refusal)
        raise


def _look_whether_saved(call: Call, client: NetSuiteClient, refusal: RejectedError) -> None:
    """Raises AlreadyExistsError if it is over there all the same, UncertainError if NetSuite does not tell."""
    failure = Failure(
        system="netsuite", operation=refusal.operation, status=refusal.status, code=refusal.code, body=refusal.body,
        detail=refusal.detail, request_id=refusal.request_id,
    )  # fmt: skip
    try:
        saved = _is_saved(call, client)
    except IntegrationError as error:
        failure["detail"] += f" Whether it was saved all the same is not known: {error.detail}"
        raise UncertainError(**failure) from error
    if saved:
        raise AlreadyExistsError(family=refusal.family, path=refusal.path, **failure) from refusal


def _is_saved(call: Call, client: NetSuiteClient) -> bool:
    if call.request["operation"] != "update":
        return bool(client.find_by_external_ids([call.external_id]))
    record = client.get_record(call.request["target_type"], call.request["target_id"])
    return record is not None and holds_update(record, call.request)


def netsuite_body(
    request: dict[str, Any], external_id: str, *, options: AccountOptions | None = None
) -> dict[str, Any]:
    """The body as it goes out: amounts as JSON numbers, our external id on every record we make, the account's ways."""
    body = _with_numbers(request["body"])
    assert isinstance(body, dict)
    _fit_account(body, request, options or AccountOptions())
    if request["operation"] == "update":
        return body
    return {"externalId": external_id, **body}


def _fit_account(body: dict[str, Any], request: dict[str, Any], options: AccountOptions) -> None:
    """What NetSuite's documentation leaves open is a setting of the account (netsuite.md §13)."""
    if "memo" in body:
        body["memo"] = str(body["memo"])[: options.memo_chars_max]
    rows = body.get("item", {}).get("items", [])
    if request.get("target_type") == "itemReceipt":
        for row in rows:
            _name_receipt_row(row, options.receipt_key)
    # Made out of nothing that names a subsidiary.
    if request.get("target_type") in STOCK_TYPES and options.subsidiary_id:
        body["subsidiary"] = {"id": options.subsidiary_id}
    if request.get("target_type") == "returnAuthorization" and options.sends_order_doc:
        for row in rows:
            if "orderLine" in row:
                row["orderDoc"] = {"id": request["source_id"]}


def _name_receipt_row(row: dict[str, Any], key: ReceiptKey) -> None:
    """Planned is always orderLine, the line of the authorization."""
    if key != ReceiptKey.ORDER_LINE:
        row["line"] = row["orderLine"]
    if key == ReceiptKey.LINE:
        del row["orderLine"]


def _write_in_netsuite(client: NetSuiteClient, request: dict[str, Any], external_id: str) -> str:
    if request.get("adopt"):
        detail = f"A person chose record {request['adopt']} in the place of {external_id}; it is adopted, never made."
        raise RejectedError(system="netsuite", operation="adopt", detail=detail, family="foreign_record")
    body = netsuite_body(request, external_id, options=client.options)
    replace = request.get("replace", [])
    if request["operation"] == "transform":
        return client.transform_record(
            request["source_type"], request["source_id"], request["target_type"], body, replace=replace
        )
    if request["operation"] == "create":
        if request["target_type"] == "customerRefund":
            _take_apply_lines(client, body)
        return client.create_record(request["target_type"], body)
    assert request["operation"] == "update", f"no such operation: {request['operation']}"
    client.update_record(request["target_type"], request["target_id"], body, key=external_id)
    return str(request["target_id"])


def _take_apply_lines(client: NetSuiteClient, body: dict[str, Any]) -> None:
    """Which line names a credit is told by the form, where the account has it (netsuite.md §4.8, §13 U9)."""
    form = client.preview_record(
        "customerRefund", {name: body[name] for name in ("customer", "account") if name in body}
    )
    lines = {row.doc_id: row.line for row in form.applies} if form else {}
    for row in body["apply"]["items"]:
        told = lines.get(str(row["doc"]["id"]))
        row["line"] = row["line"] if told is None else told


def _act_in_loop(client: LoopClient, request: dict[str, Any]) -> str:
    return_id = str(request["return_id"])
    if request["operation"] == "process":
        client.process_return(return_id)
    elif request["operation"] == "note":
        client.add_note(return_id, request["content"])
    elif request["operation"] == "flag":
        client.flag_return(return_id)
    elif request["operation"] in TELLERS:
        TELLERS[request["operation"]](client, request["items"])
    else:
        assert request["operation"] == "remove", f"no such operation: {request['operation']}"
        client.remove_units(return_id, request["units"])
    return return_id


def _grade(client: LoopClient, items: list[dict[str, str]]) -> None:
    client.grade_units([UnitGrade(grade=GradedAs(one["word"]), **_seen(one)) for one in items])


def _assess(client: LoopClient, items: list[dict[str, str]]) -> None:
    client.assess_units([UnitAssessment(assessed_as=AssessedAs(one["word"]), **_seen(one)) for one in items])


TELLERS = {"grade": _grade, "assess": _assess}


def _seen(one: dict[str, str]) -> dict[str, Any]:
    seen_at = datetime.fromisoformat(one["inspected_at"])
    return {"line_item_id": one["unit"], "inspected_at": seen_at, "note": one.get("note", "")}


def _with_numbers(value: Any, *, key: str = "") -> Any:
    """Amounts are kept as text and sent as numbers; a float shows up to 15 digits unchanged in JSON."""
    if isinstance(value, dict):
        return {name: _with_numbers(item, key=name) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if key in AMOUNT_KEYS and isinstance(value, str):
        return float(value)
    return value
