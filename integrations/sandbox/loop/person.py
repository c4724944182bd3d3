"""What people do to a return behind Loop's back: carrier, shopper, merchant in the admin; over the control API."""

from collections.abc import Callable
from typing import Any

from integrations.sandbox.loop import shipments
from integrations.sandbox.loop.engine import PARCEL, Engine, take_units_out
from integrations.sandbox.loop.keys import make_key
from integrations.sandbox.loop.model import LoopReturn, Parcel
from integrations.sandbox.loop.parcels import ODD_SCANS, expire, scan_parcel, start_walk
from integrations.sandbox.loop.secrets import add_secret, drop_old_secret, subscription_secret, valid_secrets
from integrations.sandbox.loop.told import TOLD_ACTIONS
from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.switches.loop import SCOPES

Json = dict[str, Any]
LoopAct = Callable[[Engine, LoopReturn, Json], None]
ShopAct = Callable[[Engine, str, Json], Json]
EDITS = ("remove", "fee", "tax", "outcome", "keep", "balance")


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


# --- the carrier


def _parcel(loop_return: LoopReturn, body: Json) -> Parcel | None:
    """The parcel named by its tracking number; None for all of them."""
    named = body.get("tracking_number")
    if named is None:
        return None
    found = next((one for one in loop_return.parcels if one.tracking_number == named), None)
    if found is None:
        known = ", ".join(one.tracking_number for one in loop_return.parcels)
        raise UnknownActError(f"no parcel {named!r}; known: {known or 'none'}")
    return found


def _advance(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    to = str(body.get("to", "delivered"))
    if to not in PARCEL:
        raise UnknownActError(f"to is one of {', '.join(PARCEL)}")
    engine.advance_parcel(loop_return, to=to, parcel=_parcel(loop_return, body))


def _scan(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """One scan, whatever came before: {"status": "failure"}; steps may be left out, repeated or taken back."""
    status = str(body.get("status", ""))
    if not status or not loop_return.parcels:
        raise UnknownActError(
            f"status is one of {', '.join((*PARCEL, *ODD_SCANS))} or any other word; a parcel is needed"
        )
    scan_parcel(engine, loop_return, parcel=_parcel(loop_return, body) or loop_return.parcels[0], status=status)


def _walk(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    start_walk(engine, loop_return)


def _drop_off(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    shipments.drop_off(engine, loop_return)


def _consolidate(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Into one box with others of the shop: {"with": [return id…]}."""
    others = [engine.load(int(one), shop=loop_return.shop) for one in body.get("with", [])]
    shipments.consolidate(engine, [loop_return, *(one for one in others if one is not None)])


def _deliver_box(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    shipments.deliver(engine, loop_return)


# --- the merchant


def _edit(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """As in Loop's admin: {"remove": [line_item_id…], "fee": "5.00", "tax": {"387001": "5.10"}, "keep": true,
    "outcome": {"387001": "credit"}, "balance": "12.00"}."""
    unknown = sorted(set(body) - set(EDITS))
    if unknown:
        raise UnknownActError(f"cannot edit {', '.join(unknown)}; known: {', '.join(EDITS)}")
    take_units_out(loop_return, line_item_ids=[int(one) for one in body.get("remove", [])])
    taxes = {int(key): cents(value) for key, value in body.get("tax", {}).items()}
    outcomes = {int(key): str(value) for key, value in body.get("outcome", {}).items()}
    if not set(outcomes.values()) <= {"refund", "credit"}:
        raise UnknownActError("an outcome is refund or credit")
    for unit in loop_return.units:
        unit.tax = taxes.get(unit.line_item_id, unit.tax)
        unit.outcome = outcomes.get(unit.line_item_id, unit.outcome)
    if "fee" in body:
        loop_return.fee = cents(body["fee"])
    loop_return.balance = cents(body.get("balance", loop_return.balance))
    loop_return.is_kept = bool(body.get("keep", loop_return.is_kept))
    loop_return.edited_at = engine.now_text()
    engine.save(loop_return)
    engine.log(loop_return, who="person", action="edit", content=body)
    engine.emit(loop_return, "return.updated")


def _pay_balance(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    loop_return.balance = ZERO
    engine.save(loop_return)
    engine.log(loop_return, who="shopper", action="pay_balance")


def _cancel(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.cancel(loop_return, who="person")


def _settle(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.log(loop_return, who="person", action="process")
    if loop_return.is_held:
        loop_return.is_held = loop_return.is_queued = False
    engine.queue_processing(loop_return, source="admin")


def _restock_item(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.restock_goods(loop_return)


def _expire(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    expire(engine, loop_return)


def _flag(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="review", who="person")


def _review(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="open", who="person")


def _close(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    engine.set_state(loop_return, state="closed", who="person")


def _reopen(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Closed or cancelled, and open again; no call does that, and nobody knows whether the admin can."""
    loop_return.closed_at = loop_return.actioned_by = None
    engine.set_state(loop_return, state="open", who="person")


def _hide(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    """Deleted for good: no list has it and details do not find it. Nothing is announced."""
    _set_hidden(engine, loop_return, is_hidden=True)


def _show(engine: Engine, loop_return: LoopReturn, body: Json) -> None:
    _set_hidden(engine, loop_return, is_hidden=False)


def _set_hidden(engine: Engine, loop_return: LoopReturn, *, is_hidden: bool) -> None:
    loop_return.is_hidden = is_hidden
    engine.save(loop_return)
    engine.log(loop_return, who="person", action="hide" if is_hidden else "show")


# --- the shop


def _make_key(engine: Engine, shop: str, body: Json) -> Json:
    """A key with only some scopes: {"scopes": ["returns"]}; or a token: {"kind": "token"}."""
    kind = str(body.get("kind", "key"))
    if kind not in ("key", "token"):
        raise UnknownActError("kind is key or token")
    return make_key(engine, shop, scopes=[str(one) for one in body.get("scopes", SCOPES)], kind=kind)


def _rotate_secret(engine: Engine, shop: str, body: Json) -> Json:
    add_secret(engine.store, engine.shops[shop])
    return _secrets(engine, shop, body)


def _drop_old_secret(engine: Engine, shop: str, body: Json) -> Json:
    drop_old_secret(engine.store, engine.shops[shop])
    return _secrets(engine, shop, body)


def _secrets(engine: Engine, shop: str, body: Json) -> Json:
    profile = engine.shops[shop]
    rows = engine.store.rows("SELECT id FROM subscription WHERE shop = ? ORDER BY id", (shop,))
    of_each = {str(row["id"]): subscription_secret(profile, row["id"]) for row in rows}
    return {"secrets": valid_secrets(engine.store, profile), "of_subscriptions": of_each}


LOOP_ACTIONS: dict[str, LoopAct] = {
    "advance": _advance,
    "scan": _scan,
    "walk": _walk,
    "drop_off": _drop_off,
    "consolidate": _consolidate,
    "deliver_box": _deliver_box,
    "edit": _edit,
    "pay_balance": _pay_balance,
    "cancel": _cancel,
    "settle": _settle,
    "restock_item": _restock_item,
    "expire": _expire,
    "flag": _flag,
    "review": _review,
    "close": _close,
    "reopen": _reopen,
    "hide": _hide,
    "show": _show,
    **TOLD_ACTIONS,
}
SHOP_ACTIONS: dict[str, ShopAct] = {
    "make_key": _make_key,
    "rotate_secret": _rotate_secret,
    "drop_old_secret": _drop_old_secret,
    "secrets": _secrets,
}
