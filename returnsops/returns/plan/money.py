"""The credit NetSuite will compute, beside the figure Loop pays; every cent between them gets a name (promise 4).

Source: loop.md §3.1, §3.3, §7.4 (line refunds are net of the fee, the header is gross); netsuite.md §3.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import ZERO, add_up, round_money, share_of
from returnsops.returns.facts import LineFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.sale import Sale
from returnsops.returns.policy import CreditLines, ExchangeSettlement

RATE_DIGITS = range(2, 7)  # tax rates in use have two to six decimals as a fraction


@dataclass(frozen=True)
class CreditLine:
    """Accepted units of one line of the sale. `amount` without tax; `own_rate`: NetSuite's own price is taken."""

    sale_line: str
    item_id: str
    quantity: int
    amount: Decimal
    tax: Decimal
    own_rate: bool


@dataclass(frozen=True)
class Credit:
    """What will be credited. The parts add up: goods + tax − fee − exchange discount + differences = total."""

    lines: tuple[CreditLine, ...]
    fee: Decimal
    exchange_discount: Decimal
    differences: tuple[tuple[str, Decimal], ...]  # cause, signed amount
    total: Decimal

    @property
    def goods(self) -> Decimal:
        return add_up(line.amount for line in self.lines)

    @property
    def tax(self) -> Decimal:
        return add_up(line.tax for line in self.lines)

    @property
    def netsuite_total(self) -> Decimal:
        """What NetSuite computes by itself, before any difference line."""
        return self.goods + self.tax - self.fee - self.exchange_discount

    @property
    def difference(self) -> Decimal:
        return add_up(abs(amount) for _, amount in self.differences)

    def hash(self) -> str:
        return content_hash(self)


def propose_credit(facts: ReturnFacts, sale: Sale) -> Credit:
    """Draw up the credit for the accepted units.

    The lines carry NetSuite's own prices (or those less the fee, under `net`), so what they differ from Loop's
    figures is seen by cause: tax, discount, and a rest called rounding. The total is Loop's figure to the cent.
    """
    units = facts.accepted_units
    net = _is_net(facts) and not _unsplit_units(facts)
    lines = tuple(_credit_lines(facts, sale, net=net))
    fee = ZERO if net else kept_fee(facts, units)
    exchange_discount = _exchange_discount(facts)
    loop_goods = add_up((unit.refund_item or ZERO) if net else unit.worth for unit in units)
    loop_tax = add_up((unit.refund_tax or ZERO) if net else unit.tax for unit in units)
    total = owed_by_loop(facts)
    causes = {
        "discount": loop_goods - add_up(line.amount for line in lines),
        "tax": loop_tax - add_up(line.tax for line in lines),
        "rounding": total - (loop_goods + loop_tax - fee - exchange_discount),
    }
    differences = tuple((cause, amount) for cause, amount in causes.items() if amount)
    return Credit(lines, fee, exchange_discount, differences, total)


def find_untold_amounts(facts: ReturnFacts) -> tuple[str, ...]:
    """Amounts this credit depends on and Loop did not tell. Zero would be a guess: a person looks (promise 4)."""
    unsplit = _unsplit_units(facts) if _is_net(facts) else []
    return (*facts.loop.untold, *(f"refund_item of unit {unit.unit}" for unit in unsplit))


def owed_by_loop(facts: ReturnFacts) -> Decimal:
    """What the credit must come to, by Loop's own figures: money back, store credit, and under «value in» the exchange.

    Before Loop settles, refused units are still in its header, so their share is left out by hand.
    """
    loop = facts.loop
    exchange = ZERO if _is_zero_credit(facts) else loop.exchange_credit
    if loop.settled_at is None and facts.unaccepted_units:
        return add_up(unit.refund for unit in facts.accepted_units) + _store_credit_left(facts) + exchange
    return loop.refund + loop.gift_card + exchange


def left_open(facts: ReturnFacts) -> Decimal:
    """What stays open on the credit by plan: store credit not spent yet, an exchange invoice not there yet."""
    applied = _is_zero_credit(facts) or facts.posted("credit_apply")
    return facts.loop.gift_card + (ZERO if applied else facts.loop.exchange_credit)


def _store_credit_left(facts: ReturnFacts) -> Decimal:
    """Units paid out as store credit have no refund of their own (loop.md §3.3)."""
    refused = add_up(unit.worth + unit.tax for unit in facts.unaccepted_units if not unit.refund)
    return max(facts.loop.gift_card - refused, ZERO)


def kept_fee(facts: ReturnFacts, units: Iterable[UnitFacts]) -> Decimal:
    """The fee the merchant keeps on these units."""
    if facts.loop.settled_at is None and facts.unaccepted_units and not _has_other_parts(facts):
        return add_up(unit.worth + unit.tax - unit.refund for unit in units)
    return facts.loop.fee


def allowed_difference(facts: ReturnFacts, credit: Credit) -> Decimal:
    """0.01 a line or 0.5 % of the goods' value, whichever is less (policy `tolerance`)."""
    policy = facts.policy
    by_line = policy.tolerance_per_line * len(credit.lines)
    by_value = policy.tolerance_share * (credit.goods + credit.tax)
    return min(by_line, by_value)


def _credit_lines(facts: ReturnFacts, sale: Sale, *, net: bool) -> Iterable[CreditLine]:
    by_line: dict[str, list[UnitFacts]] = {}
    for unit in facts.accepted_units:
        by_line.setdefault(sale.line_of[unit.unit].line, []).append(unit)
    for line_id, units in sorted(by_line.items(), key=lambda pair: int(pair[0])):
        line = sale.line_of[units[0].unit]
        quantity, whole = Decimal(len(units)), Decimal(line.quantity)
        value = share_of(line.amount, part=quantity, whole=whole, currency=facts.currency)
        fee = add_up(unit.worth - (unit.refund_item or ZERO) for unit in units) if net else ZERO
        amount = value - fee
        tax = tax_on(line, amount, currency=facts.currency)
        yield CreditLine(line_id, line.item_id, len(units), amount, tax, own_rate=not fee)


def tax_on(line: LineFacts, amount: Decimal, *, currency: str) -> Decimal:
    """The tax NetSuite will compute on part of a sold line, from the roundest rate that explains the line's own tax.

    A rate read off rounded amounts is off by a little (7.27 of 100.23 is not quite 7.25 %), which costs a cent on half
    the line. Where our guess is wrong all the same, the read-back sees the difference before Loop is asked to settle.
    """
    for digits in RATE_DIGITS:
        rate = (line.tax_amount / line.amount).quantize(Decimal(1).scaleb(-digits)) if line.amount else ZERO
        if round_money(line.amount * rate, currency) == line.tax_amount:
            return round_money(amount * rate, currency)
    return share_of(line.tax_amount, part=amount, whole=line.amount, currency=currency)


def _is_net(facts: ReturnFacts) -> bool:
    return facts.policy.credit_lines == CreditLines.NET and not _has_other_parts(facts)


def _unsplit_units(facts: ReturnFacts) -> list[UnitFacts]:
    return [unit for unit in facts.accepted_units if unit.refund_item is None or unit.refund_tax is None]


def _has_other_parts(facts: ReturnFacts) -> bool:
    """Store credit and exchanges are not in the lines' refund figures (loop.md §3.3)."""
    return bool(facts.loop.exchange_credit or facts.loop.gift_card)


def _exchange_discount(facts: ReturnFacts) -> Decimal:
    return facts.loop.exchange_credit if _is_zero_credit(facts) else ZERO


def _is_zero_credit(facts: ReturnFacts) -> bool:
    return facts.policy.exchange_settlement == ExchangeSettlement.ZERO_CREDIT
