"""The SuiteQL service over HTTP."""

import json

from integrations.sandbox.netsuite import permissions
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import COLLECTION, Call, Reply, shown
from integrations.sandbox.netsuite.errors import Refusal, invalid_header, method_not_allowed
from integrations.sandbox.netsuite.suiteql import check_page, run_query

SCALARS = (str, int, float, bool, type(None))


def answer_query(account: Account, call: Call) -> Reply:
    if call.method != "POST":
        raise method_not_allowed("POST")
    permissions.require(account, permissions.WORKBOOK, level="edit")
    if "transient" not in call.preferences:
        raise invalid_header(
            "Prefer",
            detail="The required request header 'Prefer' is missing or invalid. Only 'transient' is supported.",
        )
    limit, offset = check_page(limit=call.query.get("limit"), offset=call.query.get("offset"))
    query, parameters = _read(call)
    page = run_query(account, query=query, parameters=parameters, limit=limit, offset=offset, url=call.url)
    return shown(page, content_type=COLLECTION)


def _read(call: Call) -> tuple[str, list[str | int | float | bool | None]]:
    try:
        body = json.loads(call.body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("Invalid content in the request body.", code="INVALID_CONTENT") from error
    if not isinstance(body, dict) or not isinstance(body.get("q"), str):
        raise Refusal("Missing required property 'q'.", code="INVALID_CONTENT", path="q")
    parameters = body.get("params") or []
    if not isinstance(parameters, list) or not all(isinstance(one, SCALARS) for one in parameters):
        raise Refusal("Invalid value of the property 'params'.", code="INVALID_CONTENT", path="params")
    return body["q"], parameters
