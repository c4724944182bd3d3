"""Batches: up to a hundred records of one type in one asynchronous request, a task for each (netsuite.md 2.6)."""

import json
from dataclasses import replace
from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import Call
from integrations.sandbox.netsuite.errors import Refusal, invalid_header, invalid_parameter

Json = dict[str, Any]
RECORDS_MAX = 100
SINGLE = "application/json"


def is_batch(call: Call) -> bool:
    """A collection is sent, or ids are named, at the path of a record type."""
    at_collection = len(call.parts) == 3
    if call.method in ("POST", "PATCH", "PUT"):
        return at_collection and (call.sends_collection or call.method != "POST")
    return at_collection and call.method in ("GET", "DELETE") and "ids" in call.query


def is_parallel(call: Call) -> bool:
    return call.preferences.get("batch-processing") == "parallel"


def calls_of(account: Account, call: Call) -> list[Call]:
    """The single calls a batch stands for."""
    if not account.settings.flag("netsuite.batch"):
        raise Refusal("Batch operations are not available.", code="INVALID_REQUEST")
    if "respond-async" not in call.preferences:
        raise invalid_header("Prefer", detail="Batch operations need the header 'Prefer: respond-async'.")
    if call.method in ("POST", "PATCH", "PUT"):
        if not call.sends_collection:
            raise invalid_header("Content-Type", detail="Batch operations need the content type of a collection.")
        return [_of_item(call, item, path=f"items[{number}]") for number, item in enumerate(_items(call))]
    return [_of_identity(call, one) for one in _identities(call)]


def _items(call: Call) -> list[Json]:
    items = call.json_object().get("items")
    if not isinstance(items, list) or not items or not all(isinstance(one, dict) for one in items):
        raise Refusal("A batch holds its records in 'items'.", code="INVALID_CONTENT", path="items")
    if len(items) > RECORDS_MAX:
        raise Refusal(f"A batch holds {RECORDS_MAX} records at most.", code="INVALID_CONTENT", path="items")
    return items


def _of_item(call: Call, item: Json, *, path: str) -> Call:
    named = {name.lower(): value for name, value in item.items() if name.lower() in ("id", "externalid")}
    content = {name: value for name, value in item.items() if name.lower() != "id"}
    target = call.path
    if call.method == "PUT":
        if named.get("externalid") is None:
            raise Refusal("An upsert needs an externalId.", code="INVALID_CONTENT", path=f"{path}.externalId")
        target = f"{call.path}/eid:{named['externalid']}"
    elif call.method == "PATCH":
        target = f"{call.path}/{_identity(named, path=path)}"
    headers = {**call.headers, "content-type": SINGLE, "prefer": ""}
    return replace(call, path=target, headers=headers, body=json.dumps(content).encode())


def _identity(named: Json, *, path: str) -> str:
    """The internal id goes before the external one."""
    if named.get("id") is not None:
        return str(named["id"])
    if named.get("externalid") is None:
        raise Refusal("Each record needs an id or an externalId.", code="INVALID_CONTENT", path=f"{path}.id")
    return f"eid:{named['externalid']}"


def _identities(call: Call) -> list[str]:
    identities = [one.strip() for one in call.query["ids"].split(",") if one.strip()]
    if not 1 <= len(identities) <= RECORDS_MAX:
        raise invalid_parameter("ids", detail=f"A batch names 1 to {RECORDS_MAX} ids.")
    return identities


def _of_identity(call: Call, identity: str) -> Call:
    query = {name: value for name, value in call.query.items() if name not in ("ids", "expandrecords")}
    if call.method == "GET" and not call.flag("expandRecords"):
        query |= {"fields": "id"}
    return replace(call, path=f"{call.path}/{identity}", query=query, headers={**call.headers, "prefer": ""})
