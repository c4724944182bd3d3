"""What a return turns into when it is processed: money back, a gift card, new goods (loop.md 3.6, 3.7, 4.1)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.desk import Desk
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.payloads import Occasion
from integrations.sandbox.loop.totals import Totals, total_up
from integrations.sandbox.loop.views import in_shoppers_currency, money
from integrations.sandbox.money import ZERO
from integrations.sandbox.settings import Reading

Json = dict[str, Any]
OUTCOMES = ("refund", "credit", "exchange")
DONE_KEYS = {"refund": "refund_processed", "credit": "gift_card_processed", "exchange": "exchange_processed"}
CARD_GATEWAY = "shopify_payments"


def outcomes_of(loop_return: LoopReturn) -> set[str]:
    """All that this return turns into, issued or not."""
    totals = total_up(loop_return)
    found = {unit.outcome for unit in loop_return.live_units} & {"refund", "credit"}
    found |= {"refund"} if totals.refund else set()
    found |= {"credit"} if totals.gift_card else set()
    return found | ({"exchange"} if loop_return.exchanges else set())


def outstanding(loop_return: LoopReturn) -> set[str]:
    """What no processing has issued yet; new goods count until the last of them is on an order."""
    open_goods = any(not one.is_issued for one in loop_return.exchanges)
    done = {outcome for outcome, key in DONE_KEYS.items() if loop_return.processed_at.get(key)}
    done -= {"exchange"} if open_goods else set()
    return outcomes_of(loop_return) - done


def issue(desk: Desk, loop_return: LoopReturn, *, outcomes: Iterable[str]) -> None:
    """Issue these of the outstanding outcomes; new goods that are out of stock stay outstanding."""
    now, totals = desk.now_text(), total_up(loop_return)
    due = outstanding(loop_return) & set(outcomes)
    if "refund" in due:
        _refund(desk, loop_return, amount=totals.refund, at=now)
    if "credit" in due:
        _issue_gift_card(desk, loop_return, totals=totals, at=now)
    if "exchange" in due:
        _issue_goods(desk, loop_return, is_paid=bool(totals.refund), at=now)


def _issue_goods(desk: Desk, loop_return: LoopReturn, *, is_paid: bool, at: str) -> None:
    """New goods that are out of stock stay behind; those of an instant exchange have their order already."""
    waiting = [one for one in loop_return.exchanges if not one.is_issued]
    if waiting and all(one.out_of_stock for one in waiting):
        return
    loop_return.processed_at["exchange_processed"] = at
    if waiting:
        make_exchange_order(desk, loop_return)
    if not is_paid and not loop_return.refunds:
        loop_return.refunds.append(_refund_row(desk, loop_return, gateway="manual", amount=ZERO))


def _refund(desk: Desk, loop_return: LoopReturn, *, amount: Decimal, at: str) -> None:
    """One row per tender, in the order in which they are paid back; nothing to pay leaves a manual row."""
    loop_return.processed_at["refund_processed"] = at
    if not amount:
        loop_return.refunds.append(_refund_row(desk, loop_return, gateway="manual", amount=ZERO))
    for gateway, part in _tender_parts(loop_return, amount=amount):
        provider_id = 987_000_000 + desk.store.next_number("provider_refund", start=1)
        row = _refund_row(desk, loop_return, gateway=gateway, amount=part)
        loop_return.refunds.append({**row, "provider_refund_id": provider_id})
        loop_return.shopify_refunds.append(
            {
                "id": desk.store.next_number("shopify_refund", start=55_001),
                "return_id": loop_return.id,
                "provider_refund_id": str(provider_id),
                "provider_created_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )


def _tender_parts(loop_return: LoopReturn, *, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
    left = amount
    for tender in loop_return.tenders:
        part = min(left, Decimal(tender["amount"]))
        if part:
            yield tender["gateway"], part
        left -= part
    if left:
        yield CARD_GATEWAY, left


def _refund_row(desk: Desk, loop_return: LoopReturn, *, gateway: str, amount: Decimal) -> Json:
    """In the shop's currency, or by switch in the one the shop's platform really refunds in (loop.md 7.5)."""
    foreign = loop_return.presentment_currency
    if foreign and desk.rules_of(loop_return).text("loop.refund_currency") == "presentment":
        return {"gateway": gateway, "amount": money(in_shoppers_currency(loop_return, amount)), "currency": foreign}
    return {"gateway": gateway, "amount": money(amount), "currency": loop_return.currency}


def _issue_gift_card(desk: Desk, loop_return: LoopReturn, *, totals: Totals, at: str) -> None:
    loop_return.processed_at["gift_card_processed"] = at
    loop_return.gift_card_issued = str(totals.gift_card)
    provider = loop_return.gift_card_provider or desk.rules_of(loop_return).text("loop.gift_cards")
    if provider == "third_party":
        desk.emit(loop_return, "giftcard.requested", occasion=Occasion())


def make_exchange_order(desk: Desk, loop_return: LoopReturn) -> None:
    """An order of its own for the new goods (mode A), or lines on the original one (mode B)."""
    goods = [one for one in loop_return.exchanges if not one.is_issued and not one.out_of_stock]
    rules = desk.rules_of(loop_return)
    if (loop_return.exchange_mode or rules.text("loop.exchange_mode")) == "native":
        name, order_id = _native_names(loop_return, rules=rules)
    else:
        name, order_id = new_order_name(desk, loop_return), new_order_id(desk)
    for one in goods:
        one.is_issued, one.order_name, one.order_id = True, name, order_id
    for make in desk.on_exchange_order:
        make(loop_return, goods)


def _native_names(loop_return: LoopReturn, *, rules: Reading) -> tuple[str | None, str | None]:
    if rules.text("loop.native_order_names") == "null":
        return None, None
    return loop_return.order_name, str(loop_return.provider_order_id)


def new_order_id(desk: Desk) -> str:
    return str(5_873_120_000_000 + desk.store.next_number("provider_order", start=1) * 1013)


def new_order_name(desk: Desk, loop_return: LoopReturn) -> str:
    """Prefix and original name; how a second one is told apart nobody knows (loop.md 3.7)."""
    rules = desk.rules_of(loop_return)
    earlier = desk.store.next_number(f"exchange {loop_return.shop} {loop_return.order_name}", start=1)
    suffix = {"number": f"-{earlier}", "letter": f"-{chr(64 + min(earlier, 26))}", "none": ""}
    name = f"{rules.text('loop.exchange_prefix')}{loop_return.order_name.lstrip('#')}"
    return name if earlier == 1 else name + suffix[rules.text("loop.exchange_suffix")]
