"""Loop's own figures for the accepted units, and what they come to; every cent they leave unexplained gets a cause.

Source: loop.md §3.1, §3.3 (what the amounts mean), §7.4 (line refunds are net of the fee), §7.9 (bonus credit).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from returnsops.lib.money import ZERO, add_up, share_of, smallest_unit
from returnsops.returns.facts import PostingFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.policy import CreditLines, ExchangeSettlement

ROUNDED_PARTS = 2  # item and tax of each unit are rounded
OVERPAID, UNDERPAID = "overpaid", "underpaid"
BEYOND_THE_GOODS = (OVERPAID, UNDERPAID)
LEFT_OUT = {OVERPAID: "loop_paid_more", UNDERPAID: "loop_paid_less"}  # noted by a person, it is no part of the credit


@dataclass(frozen=True)
class Figures:
    """goods + tax − fee + shipping and duties − exchange discount + causes = total.

    is_net: goods and tax are what Loop gives back of them, so the fee is inside. total: what the credit must come to.
    """

    is_net: bool
    goods: Decimal
    tax: Decimal
    kept_goods: Decimal  # of goods and tax, what the customer keeps
    kept_tax: Decimal
    fee: Decimal
    shipping: Decimal
    shipping_tax: Decimal
    duties: Decimal
    exchange_discount: Decimal
    causes: tuple[tuple[str, Decimal], ...]
    total: Decimal


def read_figures(facts: ReturnFacts) -> Figures:
    units = facts.credited_units
    is_net = _is_net(facts) and not unsplit_units(facts)
    goods, tax = _value_of(units, is_net=is_net)
    kept_goods, kept_tax = _value_of(facts.kept_units, is_net=is_net)
    fee = ZERO if is_net else kept_fee(facts)
    shipping, shipping_tax, duties = (_share_of_refund(facts, amount) for amount in _on_top(facts))
    discount = exchange_value(facts) if is_zero_credit(facts) else ZERO
    owed = _owed(facts)
    rest = owed - (goods + tax - fee + shipping + shipping_tax + duties - discount)
    causes = tuple(_explain(facts, rest, is_net=is_net))
    left_out = add_up(amount for cause, amount in causes if _is_left_out(facts, cause, amount))
    standing = tuple((cause, amount) for cause, amount in causes if not _is_left_out(facts, cause, amount))
    given_for_nothing = min(max(left_out - owed, ZERO), discount)  # no credit is below nothing: the discount shrinks
    return Figures(
        is_net,
        goods=goods,
        tax=tax,
        kept_goods=kept_goods,
        kept_tax=kept_tax,
        fee=fee,
        shipping=shipping,
        shipping_tax=shipping_tax,
        duties=duties,
        exchange_discount=discount - given_for_nothing,
        causes=standing,
        total=owed - left_out + given_for_nothing,
    )


def _value_of(units: Iterable[UnitFacts], *, is_net: bool) -> tuple[Decimal, Decimal]:
    """Goods and their tax."""
    told = [(unit.refund_item or ZERO, unit.refund_tax or ZERO) if is_net else (unit.worth, unit.tax) for unit in units]
    return add_up(goods for goods, _ in told), add_up(tax for _, tax in told)


def is_paid_for_nothing(facts: ReturnFacts) -> bool:
    """Loop settled, and nothing was accepted: whatever it gave is beyond the goods, until a person leaves it out."""
    return facts.loop.settled_at is not None and not facts.credited_units and bool(read_figures(facts).causes)


def find_untold_amounts(facts: ReturnFacts) -> tuple[str, ...]:
    """Amounts this credit depends on and Loop did not tell. Zero would be a guess: a person looks (promise 4)."""
    units = facts.credited_units if _is_net(facts) else ()
    return (*facts.loop.untold, *(f"{name} of unit {unit.unit}" for unit in units for name in _untold_parts(unit)))


def unsplit_units(facts: ReturnFacts) -> list[UnitFacts]:
    return [unit for unit in facts.credited_units if _untold_parts(unit)]


def _untold_parts(unit: UnitFacts) -> list[str]:
    """By Loop's own names."""
    parts = {"refund_item": unit.refund_item, "refund_tax": unit.refund_tax}
    return [name for name, amount in parts.items() if amount is None]


# --- What Loop pays ---------------------------------------------------------------------------------


def _owed(facts: ReturnFacts) -> Decimal:
    """Money back, store credit without its bonus, and under «value in» the exchange.

    Before Loop settles, refused units are still in its header, so their share is left out by hand.
    """
    exchange = ZERO if is_zero_credit(facts) else exchange_value(facts)
    if _is_partly_refused(facts):
        return add_up(unit.refund for unit in facts.credited_units) + _store_credit_left(facts) + exchange
    return facts.loop.refund + store_credit(facts) + exchange


def store_credit(facts: ReturnFacts) -> Decimal:
    """Without the bonus, which is a discount the shop gives on top: no part of any credit (loop.md §7.9)."""
    return facts.loop.gift_card - min(bonus_credit(facts), facts.loop.gift_card)


def exchange_value(facts: ReturnFacts) -> Decimal:
    """What the returned goods paid of the new ones; bonus credit spent on them was never worth anything returned."""
    bonus_spent = max(bonus_credit(facts) - facts.loop.gift_card, ZERO)
    return facts.loop.exchange_credit - min(bonus_spent, facts.loop.exchange_credit)


def bonus_credit(facts: ReturnFacts) -> Decimal:
    """By how much store credit and exchange exceed what the returned units leave for them."""
    loop = facts.loop
    if not has_other_parts(facts):
        return ZERO
    worth = add_up(unit.worth + unit.tax for unit in facts.live_units)
    money_back = min(loop.refund - add_up(_on_top(facts)), _refund_in_lines(facts))
    return min(max(loop.exchange_credit + loop.gift_card + money_back + loop.fee - worth, ZERO), _other_parts(facts))


def _refund_in_lines(facts: ReturnFacts) -> Decimal:
    """What the lines tell of the money: no bonus is paid out, so money beyond that is a surplus and none."""
    told = [(unit, unit.refund_item, unit.refund_tax) for unit in facts.live_units]
    return add_up(unit.refund if item is None or tax is None else item + tax for unit, item, tax in told)


def left_open(facts: ReturnFacts) -> Decimal:
    """What stays open on a Credit Memo by plan: store credit not spent yet, an exchange invoice not there yet."""
    kept = store_credit(facts) if facts.posted("credit_apply") else value_kept(facts)
    return max(min(kept, read_figures(facts).total - facts.loop.refund), ZERO)


def value_kept(facts: ReturnFacts) -> Decimal:
    """What of a Credit Memo is never refunded, spent already or not: store credit, and what the exchange takes."""
    return store_credit(facts) + (ZERO if is_zero_credit(facts) else exchange_value(facts))


def kept_fee(facts: ReturnFacts) -> Decimal:
    """The fee the merchant keeps on the accepted units."""
    if _refused_lines(facts) and not has_other_parts(facts):
        return _fee_in_lines(facts, facts.credited_units) + add_up(
            _share_of_refund(facts, amount) for amount in _on_top(facts)
        )
    return facts.loop.fee


def _store_credit_left(facts: ReturnFacts) -> Decimal:
    """Units paid out as store credit have no refund of their own (loop.md §3.3)."""
    refused = add_up(unit.worth + unit.tax for unit in facts.unaccepted_units if not unit.refund)
    return max(store_credit(facts) - refused, ZERO)


def _on_top(facts: ReturnFacts) -> tuple[Decimal, Decimal, Decimal]:
    """What is given back beside the goods."""
    return facts.loop.refund_shipping, facts.loop.refund_shipping_tax, facts.loop.refund_duties


def _share_of_refund(facts: ReturnFacts, amount: Decimal) -> Decimal:
    """It is given back in proportion, so what falls on refused units falls away (loop.md §7.4)."""
    if not _refused_lines(facts):
        return amount
    part, whole = (add_up(unit.refund for unit in units) for units in (facts.credited_units, facts.live_units))
    return share_of(amount, part=part, whole=whole, currency=facts.currency)


def _fee_in_lines(facts: ReturnFacts, units: Iterable[UnitFacts]) -> Decimal:
    return add_up(unit.worth + unit.tax - unit.refund for unit in units)


# --- What is left between them ----------------------------------------------------------------------


def _explain(facts: ReturnFacts, rest: Decimal, *, is_net: bool) -> Iterable[tuple[str, Decimal]]:
    """The causes of the rest: one whose figure is found, cents as rounding, else what is paid beyond the goods."""
    for cause, amount in _known_causes(facts, is_net=is_net):
        if abs(rest - amount) < abs(rest):
            yield cause, amount
            rest -= amount
    if not rest:
        return
    if abs(rest) <= smallest_unit(facts.currency) * ROUNDED_PARTS * len(facts.live_units):
        yield "rounding", rest
    else:
        yield (OVERPAID if rest > 0 else UNDERPAID), rest


def _known_causes(facts: ReturnFacts, *, is_net: bool) -> Iterable[tuple[str, Decimal]]:
    """Where Loop's header and its lines disagree about the fee or what is given back on top."""
    if has_other_parts(facts) or _refused_lines(facts):
        return
    on_top = add_up(_on_top(facts))
    if not unsplit_units(facts):
        parts = add_up(one.refund - (one.refund_item or ZERO) - (one.refund_tax or ZERO) for one in facts.live_units)
        yield "shipping", parts - on_top
    in_lines = _fee_in_lines(facts, facts.live_units) + on_top
    gap = facts.loop.fee - in_lines
    yield "fee", -gap if is_net else gap


def _is_left_out(facts: ReturnFacts, cause: str, amount: Decimal) -> bool:
    """A person noted that exactly this is recovered, or refunded a second time, by hand."""
    return cause in LEFT_OUT and facts.is_acknowledged(LEFT_OUT[cause], beyond_subject(facts, amount))


def beyond_subject(facts: ReturnFacts, amount: Decimal) -> str:
    """The amount is in it, so that a note lapses when the figures move."""
    return f"return:{facts.loop.loop_id}:{abs(amount).normalize():f}"


def total_subject(facts: ReturnFacts, record: RecordFacts, *, expected: Decimal) -> str:
    """Of what a credit comes to. By how much it differs is in it, so that a note lapses when either figure moves; and
    what else was changed on ours, as that is asked about by the same question."""
    own = booked_credit(facts)
    is_changed = own and own.their_id == record.internal_id and own.differences
    mark = f":{own.mark}" if own and is_changed else ""
    return f"record:{record.internal_id}:{(record.total - expected).normalize():f}{mark}"


def noted_beyond(facts: ReturnFacts, record: RecordFacts, *, expected: Decimal) -> Decimal:
    """By how much more than expected a credit may come to, or less, as a person noted of exactly that; else zero."""
    is_noted = facts.is_acknowledged("record_differs", total_subject(facts, record, expected=expected))
    return record.total - expected if is_noted else ZERO


# --- How this return is paid ------------------------------------------------------------------------


def _is_partly_refused(facts: ReturnFacts) -> bool:
    return facts.loop.settled_at is None and bool(facts.unaccepted_units)


def _refused_lines(facts: ReturnFacts) -> list[UnitFacts]:
    """Units that Loop's header still counts and the warehouse did not accept."""
    return [unit for unit in facts.live_units if unit.outcome and not unit.is_accepted]


def _is_net(facts: ReturnFacts) -> bool:
    return facts.policy.credit_lines == CreditLines.NET and not has_other_parts(facts)


def has_other_parts(facts: ReturnFacts) -> bool:
    """Store credit and exchanges are not in the lines' refund figures (loop.md §3.3)."""
    return bool(_other_parts(facts))


def _other_parts(facts: ReturnFacts) -> Decimal:
    return facts.loop.exchange_credit + facts.loop.gift_card


def is_zero_credit(facts: ReturnFacts) -> bool:
    return exchange_rule(facts) == ExchangeSettlement.ZERO_CREDIT


def exchange_rule(facts: ReturnFacts) -> ExchangeSettlement:
    """The policy's; of what is credited the one it was credited by, as NetSuite shows, whatever is chosen later."""
    credit = booked_credit(facts)
    if credit is None:
        return facts.policy.exchange_settlement
    record = facts.record(credit.their_id)
    shown = [line.item_id for line in record.lines] if record else []
    items = shown or [row["item"]["id"] for row in credit.body["item"]["items"]]
    has_discount = facts.policy.items.get("exchange_discount") in items
    return ExchangeSettlement.ZERO_CREDIT if has_discount else ExchangeSettlement.VALUE_IN_VALUE_OUT


def booked_credit(facts: ReturnFacts) -> PostingFacts | None:
    """Ours, over there or on its way."""
    credit = facts.taken("credit") or facts.taken("cash_refund")
    return credit if credit and not credit.is_theirs else None
