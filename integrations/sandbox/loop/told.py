"""What a teller makes of a return that is there: figures it shows, goods it orders, processing that waits or fails."""

from collections.abc import Callable
from typing import Any

from integrations.sandbox.inputs import BadInputError, Fields
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import Exchange, LoopReturn, Unit
from integrations.sandbox.loop.outcomes import new_order_id, new_order_name
from integrations.sandbox.loop.totals import FIGURES
from integrations.sandbox.loop.views import AMOUNTS, money

Json = dict[str, Any]
LoopAct = Callable[[Engine, LoopReturn, Json], None]
PARTS = ("item", "tax", "shipping", "shipping_tax")


def tell(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """From now on Loop shows these.

    {"amounts": {"refund": "70.00"}, "units": {"387001": {"item": "65.00", "tax": "5.00"}}, "leaves_out": ["refund"],
    "refunds": [{"gateway", "amount", "currency"}], "restocked": ["387001"]}
    """
    fields = Fields(body)
    told = dict(loop_return.told)
    if "amounts" in body:
        told["amounts"] = _figures(Fields(fields.object("amounts")), FIGURES)
    if "units" in body:
        rows = fields.object("units")
        told["units"] = {number: _figures(Fields(row, name=f"{number}: "), PARTS) for number, row in rows.items()}
    if "refunds" in body:
        told["refunds"] = [_payment(loop_return, row) for row in fields.rows("refunds")]
    if "leaves_out" in body:
        told["leaves_out"] = sorted(fields.names("leaves_out", of=AMOUNTS))
    restocked = fields.texts("restocked")
    for unit in loop_return.units:
        if str(unit.line_item_id) in restocked:
            unit.restock_location_id = engine.shops[loop_return.shop].provider_location_id
    loop_return.is_instant = fields.flag("instant", loop_return.is_instant)
    fields.done()
    loop_return.told = told
    engine.save(loop_return)
    engine.log(loop_return, who="person", action="tell", content=body)
    engine.emit(loop_return, "return.updated")


def _figures(fields: Fields, known: tuple[str, ...]) -> Json:
    figures = {name: str(fields.money(name)) for name in known if fields.has(name)}
    fields.done()
    return figures


def _payment(loop_return: LoopReturn, row: Fields) -> Json:
    payment = {
        "gateway": row.word("gateway"),
        "amount": money(row.money("amount")),
        "currency": row.word("currency", loop_return.currency),
    }
    row.done()
    return payment


def order_goods(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Loop orders its new goods now, before it settles; {"exchanges": [id…]}: only these, on an order of their own."""
    wanted = {int(one) for one in body.get("exchanges", [one.exchange_id for one in loop_return.exchanges])}
    goods = [one for one in loop_return.exchanges if one.exchange_id in wanted]
    if not goods or len(goods) < len(wanted):
        raise BadInputError("exchanges names new goods of this return")
    is_native = loop_return.exchange_mode == "native"
    own = (loop_return.order_name, str(loop_return.provider_order_id))
    _put_on_order(goods, *(own if is_native else (new_order_name(engine, loop_return), new_order_id(engine))))
    engine.save(loop_return)
    for make in engine.on_exchange_order:
        make(loop_return, goods)
    engine.emit(loop_return, "return.updated")


def _put_on_order(goods: list[Exchange], name: str, order_id: str) -> None:
    for one in goods:
        one.is_issued, one.order_name, one.order_id = True, name, order_id


def fail_next(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """The next processing ends in review; the one after it goes through."""
    loop_return.fails_with = str(body.get("message", "Refund could not be created"))
    engine.save(loop_return)


def hold(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Processing is taken on and not done, until a person settles it."""
    loop_return.is_held = True
    engine.save(loop_return)


def add_units(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """The shopper adds units of lines that are in the return already: {"units": [{"like": "387001"}]}."""
    for row in Fields(body).rows("units"):
        loop_return.units.append(_another(engine, loop_return, like=row.count("like", 0)))
        row.done()
    loop_return.edited_at = engine.now_text()
    engine.save(loop_return)
    engine.log(loop_return, who="shopper", action="edit", content=body)
    engine.emit(loop_return, "return.updated")


def _another(engine: Engine, loop_return: LoopReturn, *, like: int) -> Unit:
    model = next((unit for unit in loop_return.units if unit.line_item_id == like), None)
    if model is None:
        raise BadInputError(f"like names a unit of this return; not {like}")
    number = engine.store.next_number("line_item", start=387_001)
    return Unit(**vars(model) | {"line_item_id": number, "returned_at": engine.now_text()})


def set_any_state(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Any word as its state, also one that nobody has documented: {"state": "limbo"}."""
    state = Fields(body).word("state")
    loop_return.is_queued = False
    engine.set_state(loop_return, state=state, who="person")


TOLD_ACTIONS: dict[str, LoopAct] = {
    "tell": tell,
    "order_goods": order_goods,
    "fail_next": fail_next,
    "hold": hold,
    "add_units": add_units,
    "set_state": set_any_state,
}
