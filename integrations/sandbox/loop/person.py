"""What people do to a return behind Loop's back: carrier, shopper, merchant in the admin; over the control API."""

from collections.abc import Callable
from typing import Any

from integrations.sandbox.loop.engine import PARCEL, Engine
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.money import cents

Json = dict[str, Any]
LoopAct = Callable[[Engine, LoopReturn, Json], None]
ShopAct = Callable[[Engine, str, Json], Json]


class UnknownActError(ValueError):
    """Nobody can do that here; says what can be done."""


def act_on_return(engine: Engine, return_id: int, *, action: str, body: Json) -> Json:
    act = LOOP_ACTIONS.get(action)
    if act is None:
        raise UnknownActError(f"no action {action!r}; known: {', '.join(LOOP_ACTIONS)}")
    with engine.store.transaction():
        loop_return = engine.load(return_id)
        if loop_return is None:
            raise UnknownActError(f"no return {return_id}")
        act(engine, loop_return, body)
        return {"id": str(return_id), "state": loop_return.state, "label_status": loop_return.label_status}


def act_on_shop(engine: Engine, shop: str, *, action: str, body: Json) -> Json:
    act = SHOP_ACTIONS.get(action)
    if act is None:
        raise UnknownActError(f"no action {action!r}; known: {', '.join(SHOP_ACTIONS)}")
    if shop not in engine.shops:
        raise UnknownActError(f"no shop {shop!r}; known: {', '.join(engine.shops)}")
    with engine.store.transaction():
        return act(engine, shop, body)


def _advance(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    to = str(body.get("to", "delivered"))
    if to not in PARCEL:
        raise UnknownActError(f"to is one of {', '.join(PARCEL)}")
    engine.advance_parcel(loop_return, to=to)


def _edit(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """As a person in Loop's admin: {"remove": [line_item_id…], "fee": "5.00", "tax": {"387001": "5.10"}}."""
    removed = [int(one) for one in body.get("remove", [])]
    taxes = {int(key): cents(value) for key, value in body.get("tax", {}).items()}
    for unit in loop_return.units:
        if unit.line_item_id in removed:
            unit.removed, unit.returned_at = True, None
            unit.price = unit.discount = unit.tax = cents(0)
        unit.tax = taxes.get(unit.line_item_id, unit.tax)
    if "fee" in body:
        loop_return.fee = cents(body["fee"])
    loop_return.edited_at = engine.now_text()
    engine.save(loop_return)
    engine.log(loop_return, who="person", action="edit", content=body)
    engine.emit(loop_return, "return.updated")


def _cancel(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.cancel(loop_return, who="person")


def _settle(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.log(loop_return, who="person", action="process")
    engine.queue_processing(loop_return, source="admin")


def _expire(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="expired", who="loop")


def _flag(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="review", who="person")


def _review(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="open", who="person")


def _close(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="closed", who="person")


LOOP_ACTIONS: dict[str, LoopAct] = {
    "advance": _advance,
    "edit": _edit,
    "cancel": _cancel,
    "settle": _settle,
    "expire": _expire,
    "flag": _flag,
    "review": _review,
    "close": _close,
}
SHOP_ACTIONS: dict[str, ShopAct] = {}
