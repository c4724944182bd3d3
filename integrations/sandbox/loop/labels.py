"""Labels: made again on request, or by a third party that answers label requests (loop.md 2.7)."""

import json
from typing import Any

from integrations.sandbox.loop import parcels
from integrations.sandbox.loop.call import Answer, Call, Json, invalid
from integrations.sandbox.loop.listing import BadQueryError, as_text, read_moment
from integrations.sandbox.loop.model import LoopReturn, Parcel
from integrations.sandbox.loop.processing import PARCEL
from integrations.sandbox.numbers import whole_number

REASONS = ("INSUFFICIENT_FUNDS", "INVALID_ADDRESS", "Other")
STATUSES = ("issued", "cancelled", "fulfilled")
LIMITS = {"tracking_number": 256, "carrier": 32, "label_url": 2048, "tracking_url": 2048, "qrcode_url": 512}
NEEDED = ("tracking_number", "carrier", "label_url")
LIMIT_DEFAULT, LIMIT_MAX = 50, 250
MISSING: Answer = ({"code": "NOT_FOUND", "message": "The label request could not be found."}, 404)
LABEL_DELAY_S = 0.2


def _bad(message: str) -> Answer:
    return {"error": {"code": "BAD_REQUEST", "message": message}}, 400


def _label_error(code: str, message: str, *, status: int) -> Answer:
    return {"error": {"code": code, "message": message}}, status


def generate_label(call: Call) -> Answer:
    """Queued; the label shows in the return and by webhook."""
    with call.engine.store.transaction():
        loop_return = call.find_return()
        answer = call.rules.text("loop.label_answer")
        if loop_return is None:
            return _label_error("return_not_found", "Return not found.", status=404)
        if loop_return.label is not None:
            return _label_error("label_already_exists", "A label already exists for this return.", status=409)
        if loop_return.state != "open" or not loop_return.parcels or loop_return.is_kept:
            return _label_error("return_cannot_receive_label", "This return cannot receive a label.", status=422)
        if answer == "failed":
            return _label_error("label_generation_failed", "The label could not be generated.", status=500)
        if answer == "internal_error":
            return _label_error("internal_error", "Internal server error.", status=500)
        call.engine.jobs.add("label", content={"return_id": loop_return.id}, after_s=LABEL_DELAY_S)
    return {"message": "Label generation queued", "returnId": loop_return.id}, 202


# --- third-party providers


def list_requests(call: Call) -> Answer:
    try:
        where, values = _conditions(call)
    except BadQueryError as error:
        return invalid(error.field, text=str(error))
    limit, offset = whole_number(call.query("limit") or LIMIT_DEFAULT), whole_number(call.query("offset") or 0)
    if limit is None or limit > LIMIT_MAX or offset is None:
        return invalid("limit", text=f"The limit must be between 0 and {LIMIT_MAX}.")
    rows = call.engine.store.rows(
        f"SELECT * FROM label_request WHERE {where} ORDER BY id LIMIT ? OFFSET ?", (*values, limit, offset)
    )
    return {"data": [_shown(row) for row in rows]}, 200


def _conditions(call: Call) -> tuple[str, list[Any]]:
    where = "shop = ?"
    values: list[Any] = [call.shop.code]
    for name, sign in (("from", ">="), ("to", "<")):
        text = call.query(name)
        if text:
            where, values = f"{where} AND created_at {sign} ?", [*values, as_text(read_moment(text, field=name))]
    if call.query("return_id"):
        where, values = f"{where} AND return_id = ?", [*values, call.query("return_id")]
    status = call.query("status")
    if status:
        if status not in STATUSES:
            raise BadQueryError("status", text="The selected status is invalid.")
        where, values = f"{where} AND status = ?", [*values, status]
    return where, values


def _shown(row: Any) -> Json:
    content = json.loads(row["content"])
    names = ("addresses", "parcel", "return_id", "shop_id")
    return {
        "id": str(row["id"]),
        **{name: content[name] for name in names},
        "status": row["status"],
        "created_at": content["created_at"],
    }


def _find_request(call: Call, number: Any) -> Any:
    found = whole_number(number)
    sql = "SELECT * FROM label_request WHERE id = ? AND shop = ?"
    return None if found is None else call.engine.store.row(sql, (found, call.shop.code))


def read_request(call: Call) -> Answer:
    row = _find_request(call, call.parts[0])
    return MISSING if row is None else (_shown(row), 200)


def report_error(call: Call) -> Answer:
    """The provider cannot: the return goes on without a label, with a note on its timeline."""
    body = call.body()
    message = body.get("message")
    if body.get("reason") not in REASONS or not isinstance(message or "", str):
        return _bad(f"The reason must be one of: {', '.join(REASONS)}")
    with call.engine.store.transaction():
        row = _find_request(call, call.parts[0])
        loop_return = None if row is None else call.find_return(str(row["return_id"]))
        if loop_return is None:
            return MISSING
        call.engine.add_note(loop_return, content=f"Label failed: {body['reason']} {message or ''}".strip())
        call.engine.log(loop_return, who="api", action="label_error", content=body)
    at = call.engine.now_text().replace(" ", "T") + "+00:00"
    return {"reason": body["reason"], "message": message, "created_at": at}, 200


def create_label(call: Call) -> Answer:
    body = call.body()
    wrong = _find_fault(body)
    if wrong is not None:
        return _bad(wrong)
    with call.engine.store.transaction():
        row = _find_request(call, body.get("label_request_id"))
        loop_return = None if row is None else call.find_return(str(row["return_id"]))
        if loop_return is None or row["status"] != "issued":
            return _bad("The label request does not exist or is no longer issued.")
        parcel = next(one for one in loop_return.parcels if one.id == row["parcel_id"])
        parcel.tracking_number, parcel.carrier = body["tracking_number"], body["carrier"]
        parcel.url, parcel.rate_cents = body["label_url"], body["rate"]["amount"]
        call.engine.store.execute("UPDATE label_request SET status = 'fulfilled' WHERE id = ?", (row["id"],))
        parcels.make_label(call.engine, loop_return, parcel=parcel)
    return _label(parcel, body=body), 200


def _find_fault(body: Json) -> str | None:
    for name in NEEDED:
        if not body.get(name):
            return f"The {name} field is required."
    for name, limit in LIMITS.items():
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > limit):
            return f"The {name} field must not be greater than {limit} characters."
    rate = body.get("rate")
    if not isinstance(rate, dict) or whole_number(rate.get("amount")) is None or not rate.get("currency_code"):
        return "The rate field is required, with amount in cents and currency_code."
    return None if isinstance(rate["amount"], int) else "The rate amount must be an integer."


def _label(parcel: Parcel, *, body: Json) -> Json:
    return {
        "id": parcel.id,
        "tracking_number": parcel.tracking_number,
        "tracking_url": body.get("tracking_url"),
        "carrier": parcel.carrier,
        "label_url": parcel.url,
        "qrcode_url": body.get("qrcode_url"),
        "rate": {"amount": parcel.rate_cents, "currency_code": body["rate"]["currency_code"]},
        "status": parcel.status,
        "created_at": (parcel.updated_at or "").replace(" ", "T") + "+00:00",
    }


def change_status(call: Call) -> Answer:
    """How a provider tells where the parcel is."""
    status = call.body().get("status")
    if status not in PARCEL:
        return _bad(f"The status must be one of: {', '.join(PARCEL)}")
    with call.engine.store.transaction():
        found = _find_parcel(call)
        if found is None:
            return _bad("The label could not be found.")
        loop_return, parcel = found
        parcels.scan_parcel(call.engine, loop_return, parcel=parcel, status=status)
        call.engine.log(loop_return, who="api", action="label_status", content={"status": status})
    return {"id": parcel.id, "status": parcel.status}, 200


def _find_parcel(call: Call) -> tuple[LoopReturn, Parcel] | None:
    number = whole_number(call.parts[0])
    return_id = call.engine.store.value("SELECT return_id FROM parcel WHERE id = ?", (number,))
    loop_return = call.find_return(str(return_id)) if return_id else None
    if loop_return is None:
        return None
    parcel = next(one for one in loop_return.parcels if one.id == number)
    return (loop_return, parcel) if parcel.status is not None else None
