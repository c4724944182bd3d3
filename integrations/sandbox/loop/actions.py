"""Acting on a return over the API; success is the body `true`, refusals come with HTTP 200 too (loop.md 2.3-2.5)."""

from integrations.sandbox.loop.call import NO_RETURN, Answer, Call, in_object, invalid
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.numbers import whole_number

DETAILS_MAX = 50


def _refused(call: Call, loop_return: LoopReturn, *, verb: str, code: str = "UNPROCESSABLE_RETURN") -> Answer:
    """A refusal with HTTP 200: as documented with a code for some states, for the others the bare sentence."""
    text = f"Return is {loop_return.state} and therefore cannot be {verb}."
    has_code = {"coded": True, "bare": False}.get(call.rules.text("loop.refusals"))
    if has_code is None:
        has_code = loop_return.state == "closed" or code != "UNPROCESSABLE_RETURN"
    return ({"errors": {"message": text, "code": code}} if has_code else {"message": text}), 200


def process(call: Call) -> Answer:
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return NO_RETURN, 200
        refusal = _why_not_processed(call, loop_return)
        if refusal is not None:
            return refusal
        details = {str(key): str(value) for key, value in list(call.body().items())[:DETAILS_MAX]}
        if details:
            call.engine.add_note(loop_return, content=" ".join(f"{key}: {value}" for key, value in details.items()))
        call.engine.log(loop_return, who="api", action="process", content=details)
        call.engine.queue_processing(loop_return, source="api")
    return True, 200


def _why_not_processed(call: Call, loop_return: LoopReturn) -> Answer | None:
    if loop_return.state in ("closed", "cancelled"):
        return _refused(call, loop_return, verb="processed")
    if loop_return.state == "review" and not call.rules.flag("loop.allow_flagged_processing"):
        return _refused(call, loop_return, verb="processed", code="UNPROCESSABLE_FLAGGED_RETURN")
    if loop_return.state == "expired" and call.rules.text("loop.process_expired") == "refused":
        return _refused(call, loop_return, verb="processed")
    if loop_return.balance > 0:
        text = "Return has an outstanding balance and therefore cannot be processed."
        return {"errors": {"message": text, "code": "UNPROCESSABLE_RETURN"}}, 200
    return None


def remove(call: Call) -> Answer:
    """Takes units out and processes the rest; only those that turn into money or store credit."""
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return NO_RETURN, 200
        asked = (call.query("line_item_id") or "").split(",")
        wanted = [number for one in asked if (number := whole_number(one.strip())) is not None]
        if not wanted:
            return invalid("line_item_id", text="The line item id field is required.")
        if loop_return.state != "open" or loop_return.is_queued:
            return in_object("Return cannot be modified.", status=422)
        qualified = {unit.line_item_id for unit in loop_return.live_units if unit.outcome in ("refund", "credit")}
        if not set(wanted) & qualified:
            return in_object("There are no line items that qualify for removal", status=422)
        if not set(wanted) <= qualified:
            return in_object("Not all line items qualify for removal", status=422)
        call.engine.remove_units(loop_return, line_item_ids=wanted, who="api")
    return True, 200


def cancel(call: Call) -> Answer:
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return NO_RETURN, 200
        if loop_return.state == "expired":
            return {"content": "Return is expired and cannot be processed."}, 200
        if loop_return.state == "review":
            return {"content": "Return is flagged and cannot be processed."}, 200
        if loop_return.state != "open":
            return _refused(call, loop_return, verb="cancelled")
        call.engine.cancel(loop_return, who="api")
    return True, 200


def flag(call: Call) -> Answer:
    return _move(call, state="review", verb="flagged")


def close(call: Call) -> Answer:
    """Ends the return and pays nothing."""
    return _move(call, state="closed", verb="closed")


def _move(call: Call, *, state: str, verb: str) -> Answer:
    with call.engine.store.transaction():
        loop_return = call.find_return()
        if loop_return is None:
            return NO_RETURN, 200
        if loop_return.state in ("closed", "cancelled"):
            return _refused(call, loop_return, verb=verb)
        call.engine.set_state(loop_return, state=state, who="api")
    return True, 200
