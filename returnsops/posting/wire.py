"""From a posting's request to one call of a client. Runs in the sender's threads: no database here."""

from dataclasses import dataclass
from typing import Any

from integrations.loop.client import LoopClient
from integrations.netsuite.client import NetSuiteClient

AMOUNT_KEYS = frozenset({"amount", "rate"})


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
    return _write_in_netsuite(call.client, call.request, call.external_id)


def netsuite_body(request: dict[str, Any], external_id: str) -> dict[str, Any]:
    """The body as it goes out: amounts as JSON numbers, and our external id on every record we make."""
    body = _with_numbers(request["body"])
    assert isinstance(body, dict)
    if request["operation"] == "update":
        return body
    return {"externalId": external_id, **body}


def _write_in_netsuite(client: NetSuiteClient, request: dict[str, Any], external_id: str) -> str:
    body = netsuite_body(request, external_id)
    replace = request.get("replace", [])
    if request["operation"] == "transform":
        return client.transform_record(
            request["source_type"], request["source_id"], request["target_type"], body, replace=replace
        )
    if request["operation"] == "create":
        return client.create_record(request["target_type"], body)
    assert request["operation"] == "update", f"no such operation: {request['operation']}"
    client.update_record(request["target_type"], request["target_id"], body)
    return str(request["target_id"])


def _act_in_loop(client: LoopClient, request: dict[str, Any]) -> str:
    return_id = str(request["return_id"])
    if request["operation"] == "process":
        client.process_return(return_id)
    else:
        assert request["operation"] == "remove", f"no such operation: {request['operation']}"
        client.remove_units(return_id, request["units"])
    return return_id


def _with_numbers(value: Any, *, key: str = "") -> Any:
    """Amounts are kept as text and sent as numbers; a float shows up to 15 digits unchanged in JSON."""
    if isinstance(value, dict):
        return {name: _with_numbers(item, key=name) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if key in AMOUNT_KEYS and isinstance(value, str):
        return float(value)
    return value
