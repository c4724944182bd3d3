"""Grade and assess: what a warehouse saw. They annotate units and never process, refund or restock (loop.md 2.8)."""

import re
from typing import Any

from integrations.sandbox.loop.call import Answer, Call, Json, in_object, invalid
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.numbers import whole_number

OUTCOMES = ("back_to_stock", "resale_hold", "recycle", "donate", "missing")
GRADES = ("grade_a", "grade_b", "grade_c", "grade_d", "incorrect_item", "missing", "junk")
LIVE_STATES = ("open", "review")
FORBIDDEN: Answer = ({"errors": [{"message": "This action is unauthorized."}]}, 403)
TEXT_LIMITS = {"description": 255, "return_processor": 100, "note": 65_535}
CATEGORY_MAX = 100
IMAGES_MAX = 5
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
URL = re.compile(r"https?://\S+")


def grade(call: Call) -> Answer:
    return _inspect(call, what="grade")


def assess(call: Call) -> Answer:
    return _inspect(call, what="assess")


def _inspect(call: Call, *, what: str) -> Answer:
    items = call.body().get("items")
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return invalid("items", text="The items field is required.")
    limit = int(call.rules.number("loop.items_limit"))
    if len(items) > limit:
        return invalid("items", text=f"The items may not have more than {limit} items.")
    for number, item in enumerate(items):
        wrong = _find_fault(item, what=what, is_new=call.is_from_2026_10)
        if wrong is not None:
            field, text = wrong
            return invalid(f"items.{number}.{field}", text=text)
    with call.engine.store.transaction():
        returns = [_return_of_unit(call, item) for item in items]
        if not all(returns):
            return FORBIDDEN
        over = next((one for one in returns if one and one.state not in LIVE_STATES), None)
        if over and call.rules.text("loop.inspect_ended") == "refused":
            return in_object(f"Return is {over.state} and therefore cannot be inspected.", status=422)
        _annotate(call, items, what=what)
    return items, 200


def _find_fault(item: Json, *, what: str, is_new: bool) -> tuple[str, str] | None:
    """The first field of an item that cannot be, with the reason."""
    if whole_number(item.get("line_item_id")) is None:
        return "line_item_id", "The line item id field is required."
    for field, limit in TEXT_LIMITS.items():
        if not isinstance(item.get(field) or "", str) or len(item.get(field) or "") > limit:
            return field, f"The {field.replace('_', ' ')} may not be greater than {limit} characters."
    if item.get("return_processor") and not EMAIL.fullmatch(item["return_processor"]):
        return "return_processor", "The return processor must be a valid email address."
    if what == "assess":
        is_known = item.get("disposition_outcome") in OUTCOMES
        return None if is_known else ("disposition_outcome", "The selected disposition outcome is invalid.")
    if not _are_images(item.get("images")):
        return "images", f"The images may not have more than {IMAGES_MAX} items, each a URL."
    return _find_fault_of_category(item.get("condition_category"), is_new=is_new)


def _are_images(images: Any) -> bool:
    if images is None:
        return True
    if not isinstance(images, list) or len(images) > IMAGES_MAX:
        return False
    return all(isinstance(one, str) and URL.fullmatch(one) for one in images)


def _find_fault_of_category(category: Any, *, is_new: bool) -> tuple[str, str] | None:
    """One of a few words up to 2026-07, an object of texts from 2026-10."""
    if not is_new:
        is_known = isinstance(category, str) and category in GRADES
        return None if is_known else ("condition_category", "The selected condition category is invalid.")
    if not isinstance(category, dict):
        return "condition_category", "The condition category must be an object."
    for name in ("subject", "title"):
        if not category.get(name):
            return f"condition_category.{name}", f"The {name} field is required."
    for name, value in category.items():
        if value is not None and (not isinstance(value, str) or len(value) > CATEGORY_MAX):
            return f"condition_category.{name}", f"The {name} may not be greater than {CATEGORY_MAX} characters."
    return None


def _return_of_unit(call: Call, item: Json) -> LoopReturn | None:
    sql = "SELECT return_id FROM loop_unit WHERE line_item_id = ?"
    found = call.engine.store.value(sql, (str(item["line_item_id"]),))
    return call.find_return(str(found)) if found else None


def _annotate(call: Call, items: list[Json], *, what: str) -> None:
    """One call may be about units of several returns; each has it in its log once."""
    by_return: dict[int, list[Json]] = {}
    for item in items:
        loop_return = _return_of_unit(call, item)
        if loop_return is not None:
            _write_beside(loop_return, item=item, what=what)
            call.engine.save(loop_return)
            by_return.setdefault(loop_return.id, []).append(item)
    for return_id, told in by_return.items():
        loop_return = call.find_return(str(return_id))
        if loop_return is not None:
            call.engine.log(loop_return, who="api", action=what, content={"items": told})


def _write_beside(loop_return: LoopReturn, *, item: Json, what: str) -> None:
    note = {key: value for key, value in item.items() if key != "line_item_id"}
    for unit in loop_return.units:
        if str(unit.line_item_id) == str(item["line_item_id"]):
            if what == "grade":
                unit.condition = note
            else:
                unit.disposition = note
