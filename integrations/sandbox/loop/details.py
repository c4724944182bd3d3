"""One return, or all of an order (loop.md 2.2)."""

from integrations.sandbox.loop import views
from integrations.sandbox.loop.call import NO_RETURN, Answer, Call, Json, invalid
from integrations.sandbox.loop.drift import drifted
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.shelf import load_returns_of_order

CURRENCIES = (None, "", "shop", "presentment")


def return_details(call: Call) -> Answer:
    """An object by return id, an array by order; an unknown id is an error with HTTP 200."""
    if call.query("currency_type") not in CURRENCIES:
        return invalid("currency_type", text="The selected currency type is invalid.")
    if call.query("return_id"):
        found = call.find_return(call.query("return_id"))
        if found is None:
            return NO_RETURN, 200
        shown = _shown(call, found)
        return [shown] if call.rules.flag("loop.drift.details_as_array") else shown, 200
    for parameter, column in (("order_id", "provider_order_id"), ("order_name", "order_name")):
        value = call.query(parameter)
        if value:
            return _of_order(call, column=column, value=value)
    return invalid("return_id", text="The return id field is required.")


def _of_order(call: Call, *, column: str, value: str) -> Answer:
    several = load_returns_of_order(call.engine.store, shop=call.shop.code, column=column, value=value)
    if not several and call.rules.text("loop.unknown_order") == "error":
        return NO_RETURN, 200
    return [_shown(call, one) for one in several], 200


def _shown(call: Call, loop_return: LoopReturn) -> Json:
    shown = views.details(loop_return, shop=call.shop, rules=call.rules)
    currency = call.query("currency_type") or call.rules.text("loop.details_currency")
    if currency == "presentment" and loop_return.presentment_currency:
        shown = views.in_presentment(shown, loop_return=loop_return) | {"currency": loop_return.presentment_currency}
    return drifted(shown, rules=call.rules, is_list=False)
