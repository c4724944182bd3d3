"""Acting on a return over the API: process, remove, cancel, flag, close, notes, grade and assess (loop.md 2.3-2.8)."""

import json
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
Answer = tuple[Any, int]
NOTE_MAX = 255
INSPECTED_MAX = 30
OUTCOMES = ("back_to_stock", "resale_hold", "recycle", "donate", "missing")
GRADES = ("grade_a", "grade_b", "grade_c", "grade_d", "incorrect_item", "missing", "junk")


def act(engine: Engine, shop: ShopProfile, return_id: str, action: str, request: Request) -> Answer:
    with engine.store.transaction():
        loop_return = _find(engine, shop, return_id)
        if loop_return is None:
            return {"error": {"message": "No return found with this ID."}}, 200
        match action:
            case "process":
                return _process(engine, loop_return, request)
            case "remove":
                return _remove(engine, loop_return, request.args.get("line_item_id", ""))
            case "cancel":
                return _cancel(engine, loop_return)
            case "flag":
                return _flag(engine, loop_return)
            case "close":
                return _close(engine, loop_return)
            case "note":
                return _note(engine, loop_return, request)
    return {"message": "Not Found"}, 404


def _find(engine: Engine, shop: ShopProfile, return_id: str) -> LoopReturn | None:
    number = whole_number(return_id)
    return None if number is None else engine.load(number, shop=shop.code)


def _refused(loop_return: LoopReturn, *, verb: str) -> Answer:
    """A refusal with HTTP 200: for closed ones with a code, for the others the bare sentence."""
    text = f"Return is {loop_return.state} and therefore cannot be {verb}."
    if loop_return.state == "closed":
        return {"errors": {"message": text, "code": "UNPROCESSABLE_RETURN"}}, 200
    return {"message": text}, 200


def _process(engine: Engine, loop_return: LoopReturn, request: Request) -> Answer:
    if loop_return.state in ("closed", "cancelled"):
        return _refused(loop_return, verb="processed")
    if loop_return.state == "review" and not engine.switches(loop_return.shop).flag("loop.allow_flagged_processing"):
        text = "Return is review and therefore cannot be processed."
        return {"errors": {"message": text, "code": "UNPROCESSABLE_FLAGGED_RETURN"}}, 200
    details = _body(request)
    if details:
        content = " ".join(f"{key}: {value}" for key, value in details.items())
        _add_note(engine, loop_return, content=content)
    engine.log(loop_return, who="api", action="process", content=details)
    engine.queue_processing(loop_return, source="api")
    return True, 200


def _remove(engine: Engine, loop_return: LoopReturn, ids: str) -> Answer:
    wanted = [number for one in ids.split(",") if (number := whole_number(one.strip())) is not None]
    if not wanted:
        text = "The line item id field is required."
        return {"message": "The given data was invalid.", "errors": {"line_item_id": [text]}}, 422
    if loop_return.state != "open" or loop_return.is_queued:
        return {"errors": {"message": "Return cannot be modified."}}, 422
    qualified = [unit.line_item_id for unit in loop_return.live_units if unit.outcome in ("refund", "credit")]
    if not set(wanted) & set(qualified):
        return {"errors": {"message": "There are no line items that qualify for removal"}}, 422
    if not set(wanted) <= set(qualified):
        return {"errors": {"message": "Not all line items qualify for removal"}}, 422
    engine.remove_units(loop_return, line_item_ids=wanted, who="api")
    return True, 200


def _cancel(engine: Engine, loop_return: LoopReturn) -> Answer:
    if loop_return.state in ("expired", "review"):
        return {"content": f"Return is {loop_return.state} and cannot be processed."}, 200
    if loop_return.state != "open":
        return _refused(loop_return, verb="cancelled")
    engine.cancel(loop_return, who="api")
    return True, 200


def _flag(engine: Engine, loop_return: LoopReturn) -> Answer:
    if loop_return.state in ("closed", "cancelled"):
        return _refused(loop_return, verb="flagged")
    engine.set_state(loop_return, state="review", who="api")
    return True, 200


def _close(engine: Engine, loop_return: LoopReturn) -> Answer:
    if loop_return.state in ("closed", "cancelled"):
        return _refused(loop_return, verb="closed")
    loop_return.is_queued = False
    engine.set_state(loop_return, state="closed", who="api")
    return True, 200


def _note(engine: Engine, loop_return: LoopReturn, request: Request) -> Answer:
    content = _body(request).get("content")
    if not isinstance(content, str) or not content or len(content) >= NOTE_MAX:
        text = "Content is required and must be less than 255 characters."
        return {"errors": {"message": text}}, 422
    _add_note(engine, loop_return, content=content)
    engine.log(loop_return, who="api", action="note", content={"content": content})
    return True, 200


def _add_note(engine: Engine, loop_return: LoopReturn, *, content: str) -> None:
    number = engine.store.next_number("note", start=901)
    at = engine.now_text().replace(" ", "T") + "+00:00"
    loop_return.notes.append({"id": number, "content": content, "created_at": at})
    engine.save(loop_return)


def notes(engine: Engine, shop: ShopProfile, return_id: str) -> Answer:
    loop_return = _find(engine, shop, return_id)
    if loop_return is None or not loop_return.notes:
        return False, 422  # a return without notes answers like this, too
    return {"notes": loop_return.notes}, 200


def inspect(engine: Engine, shop: ShopProfile, what: str, request: Request, *, version: str) -> Answer:
    """Grade and assess only annotate the units: they never process, refund or restock."""
    items = _body(request).get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return _invalid("items", text="The items field is required.")
    if len(items) > INSPECTED_MAX:
        return _invalid("items", text=f"The items may not have more than {INSPECTED_MAX} items.")
    with engine.store.transaction():
        for number, item in enumerate(items):
            refusal = _check_item(item, what=what, number=number, version=version)
            if refusal is not None:
                return refusal
            if _return_of_unit(engine, shop, item) is None:
                return {"errors": [{"message": "This action is unauthorized."}]}, 403
        for item in items:
            loop_return = _return_of_unit(engine, shop, item)
            if loop_return is not None:
                _annotate(engine, loop_return, item=item, what=what)
    return items, 200


def _invalid(field: str, *, text: str) -> Answer:
    return {"message": "The given data was invalid.", "errors": {field: [text]}}, 422


def _check_item(item: Json, *, what: str, number: int, version: str) -> Answer | None:
    if what == "assess" and item.get("disposition_outcome") not in OUTCOMES:
        field = f"items.{number}.disposition_outcome"
        return _invalid(field, text="The selected disposition outcome is invalid.")
    category = item.get("condition_category")
    is_known = isinstance(category, dict) if version in ("2026-10", "latest") else category in GRADES
    if what == "grade" and not is_known:
        field = f"items.{number}.condition_category"
        return _invalid(field, text="The selected condition category is invalid.")
    return None


def _return_of_unit(engine: Engine, shop: ShopProfile, item: Json) -> LoopReturn | None:
    found = engine.store.value(
        "SELECT return_id FROM loop_unit WHERE line_item_id = ?", (str(item.get("line_item_id")),)
    )
    return engine.load(int(found), shop=shop.code) if found else None


def _annotate(engine: Engine, loop_return: LoopReturn, *, item: Json, what: str) -> None:
    note = {key: value for key, value in item.items() if key != "line_item_id"}
    for unit in loop_return.units:
        if str(unit.line_item_id) == str(item["line_item_id"]):
            if what == "grade":
                unit.condition = note
            else:
                unit.disposition = note
    engine.save(loop_return)
    engine.log(loop_return, who="api", action=what, content=item)


def _body(request: Request) -> Json:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
