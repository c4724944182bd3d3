"""Loop's own arithmetic: what a return is worth and how refund, credit, exchange and fee share it (loop.md 3)."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.model import LoopReturn, Unit
from integrations.sandbox.money import ZERO, cents, places_of, share_out

FIGURES = ("refund", "gift_card", "exchange_credit", "upsell", "fee")


@dataclass(frozen=True)
class UnitRefund:
    item: Decimal = ZERO
    tax: Decimal = ZERO
    shipping: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    duties: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.item + self.tax + self.shipping + self.shipping_tax + self.duties


@dataclass(frozen=True)
class Totals:
    product: Decimal
    discount: Decimal
    tax: Decimal
    credit: Decimal  # what the shopper could spend on new items
    exchange_product: Decimal
    exchange_discount: Decimal
    exchange_tax: Decimal
    exchange: Decimal
    exchange_credit: Decimal
    upsell: Decimal
    refund: Decimal
    gift_card: Decimal
    fee: Decimal
    unit_refunds: dict[int, UnitRefund]
    outcome: str

    @property
    def returned(self) -> Decimal:
        return self.product - self.discount + self.tax


def total_up(loop_return: LoopReturn) -> Totals:
    totals = _sum_up(loop_return)
    return _as_told(totals, loop_return) if loop_return.told else totals


def _as_told(totals: Totals, loop_return: LoopReturn) -> Totals:
    """Figures somebody told instead: real returns have been seen whose header and lines contradict each other."""
    amounts: dict[str, Any] = {name: Decimal(text) for name, text in loop_return.told.get("amounts", {}).items()}
    units = {
        int(number): UnitRefund(**{name: Decimal(text) for name, text in row.items()})
        for number, row in loop_return.told.get("units", {}).items()
    }
    changed = replace(totals, **amounts, unit_refunds=totals.unit_refunds | units)
    outcome = _outcome(
        has_exchange=bool(loop_return.exchanges),
        upsell=changed.upsell,
        refund=changed.refund,
        gift_card=changed.gift_card,
    )
    return replace(changed, outcome=outcome)


def figures_of(loop_return: LoopReturn) -> dict[str, Any]:
    """What may be told otherwise, as it stands: the header's amounts, and the parts of each unit's refund."""
    totals = total_up(loop_return)
    amounts = {name: str(getattr(totals, name)) for name in FIGURES}
    units = {
        str(unit.line_item_id): {
            "item": str(parts.item),
            "tax": str(parts.tax),
            "shipping": str(parts.shipping + parts.shipping_tax),
        }
        for unit in loop_return.units
        for parts in (totals.unit_refunds.get(unit.line_item_id, UnitRefund()),)
    }
    return {"amounts": amounts, "units": units}


def _sum_up(loop_return: LoopReturn) -> Totals:
    units = loop_return.live_units
    exchanges = loop_return.exchanges
    credit = _worth(units, outcome="exchange")
    exchange = sum((one.total for one in exchanges), ZERO)
    exchange_credit = min(credit + loop_return.bonus, exchange)
    left_over = max(credit - exchange_credit, ZERO)
    paid_back = left_over if loop_return.left_over_as == "refund" else ZERO
    refundable = _worth(units, outcome="refund") + paid_back
    fee = min(loop_return.fee, refundable)
    on_top = loop_return.refund_shipping + loop_return.refund_shipping_tax + loop_return.refund_duties
    refund = refundable - fee + on_top
    gift_card = _gift_card(loop_return, units=units, left_over=left_over - paid_back)
    upsell = exchange - exchange_credit
    return Totals(
        product=sum((unit.price for unit in units), ZERO),
        discount=sum((unit.discount for unit in units), ZERO),
        tax=sum((unit.tax for unit in units), ZERO),
        credit=credit,
        exchange_product=sum((one.price for one in exchanges), ZERO),
        exchange_discount=sum((one.discount for one in exchanges), ZERO),
        exchange_tax=sum((one.tax for one in exchanges), ZERO),
        exchange=exchange,
        exchange_credit=exchange_credit,
        upsell=upsell,
        refund=refund,
        gift_card=gift_card,
        fee=fee,
        unit_refunds=_with_extras(
            loop_return,
            refunds=_unit_refunds(
                units, refund=refund - on_top, left_over=paid_back, decimals=places_of(loop_return.currency)
            ),
        ),
        outcome=_outcome(has_exchange=bool(exchanges), upsell=upsell, refund=refund, gift_card=gift_card),
    )


def _worth(units: list[Unit], *, outcome: str) -> Decimal:
    return sum((unit.worth for unit in units if unit.outcome == outcome), ZERO)


def _gift_card(loop_return: LoopReturn, *, units: list[Unit], left_over: Decimal) -> Decimal:
    """Bonus credit rides on a gift card; what is left of it after new goods is lost (loop.md 7.9)."""
    credited = _worth(units, outcome="credit")
    return credited + left_over + (loop_return.bonus if credited else ZERO)


def _unit_refunds(units: list[Unit], *, refund: Decimal, left_over: Decimal, decimals: int) -> dict[int, UnitRefund]:
    """The refund after the fee, shared over the units it comes from, and in each over item and tax."""
    sharing = [unit for unit in units if unit.outcome == "refund" or (unit.outcome == "exchange" and left_over)]
    gross = sum((unit.worth for unit in sharing if unit.outcome == "refund"), ZERO) + left_over
    exchanged = [unit.worth for unit in sharing if unit.outcome == "exchange"]
    parts = iter(share_out(left_over, weights=exchanged, decimals=decimals))
    weights = [unit.worth if unit.outcome == "refund" else next(parts) for unit in sharing]
    shares = share_out(refund, weights=weights, decimals=decimals) if gross else [ZERO for _ in sharing]
    return {
        unit.line_item_id: _split(unit, share=share, decimals=decimals)
        for unit, share in zip(sharing, shares, strict=True)
    }


def _with_extras(loop_return: LoopReturn, *, refunds: dict[int, UnitRefund]) -> dict[int, UnitRefund]:
    """Shipping and duties given back are spread over the refunded units in proportion (loop.md 7.4)."""
    if not loop_return.refund_shipping + loop_return.refund_shipping_tax + loop_return.refund_duties:
        return refunds
    weights = [one.total for one in refunds.values()]
    on_top = (loop_return.refund_shipping, loop_return.refund_shipping_tax, loop_return.refund_duties)
    decimals = places_of(loop_return.currency)
    shipping, taxes, duties = (share_out(amount, weights=weights, decimals=decimals) for amount in on_top)
    return {
        line_item_id: replace(one, shipping=part, shipping_tax=tax, duties=duty)
        for (line_item_id, one), part, tax, duty in zip(refunds.items(), shipping, taxes, duties, strict=True)
    }


def _split(unit: Unit, *, share: Decimal, decimals: int) -> UnitRefund:
    """Item and tax in the proportion of the unit; the odd cent goes to the tax."""
    if share == unit.worth:
        return UnitRefund(unit.price - unit.discount, tax=unit.tax)
    if not unit.worth:
        return UnitRefund()
    item = cents((unit.price - unit.discount) * share / unit.worth, decimals=decimals)
    return UnitRefund(item, tax=share - item)


def _outcome(*, has_exchange: bool, upsell: Decimal, refund: Decimal, gift_card: Decimal) -> str:
    words: list[str] = []
    if has_exchange:
        words.append("upsell" if upsell else "exchange")
    if refund:
        words.append("refund")
    if gift_card:
        words.append("credit")
    return "+".join(words) or "refund"
