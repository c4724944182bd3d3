"""The credit NetSuite will compute, beside the figure Loop pays; every cent between them gets a name (promise 4).

Source: loop.md §3.1, §3.3, §7.4 (line refunds are net of the fee, the header is gross); netsuite.md §3.4.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import ZERO, add_up, round_money, share_of, smallest_unit
from returnsops.returns.facts import LineFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.figures import exchange_value, is_zero_credit, left_open, read_figures, store_credit
from returnsops.returns.plan.matching import Sale

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
    """What will be credited. The parts add up: goods + tax − fee + shipping and duties − exchange discount − paid
    otherwise + differences = total.

    paid_otherwise: on a Cash Refund, which is money back, what Loop gave as store credit or for new goods (item key,
    amount). A Credit Memo stays open for these.
    """

    lines: tuple[CreditLine, ...]
    kept_goods: Decimal  # on rows without stock, since these never come back
    kept_tax: Decimal
    fee: Decimal
    shipping: Decimal
    shipping_tax: Decimal
    duties: Decimal
    exchange_discount: Decimal
    paid_otherwise: tuple[tuple[str, Decimal], ...]
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
        return self.goods + self.tax + add_up(amount for _, amount in self.known_rows)

    @property
    def known_rows(self) -> list[tuple[str, Decimal]]:
        """Rows beside the goods that are no difference: item key of the policy, signed amount."""
        rows = [("kept_goods", self.kept_goods), ("kept_tax", self.kept_tax), ("fee", -self.fee)]
        rows += [("shipping", self.shipping), ("shipping_tax", self.shipping_tax), ("duties", self.duties)]
        rows += [("exchange_discount", -self.exchange_discount)]
        rows += [(key, -amount) for key, amount in self.paid_otherwise]
        return [(key, amount) for key, amount in rows if amount]

    @property
    def extra_rows(self) -> list[tuple[str, Decimal]]:
        """Every row beside the goods: one each, so that no cent hides in another."""
        return [*self.known_rows, *((f"difference_{cause}", amount) for cause, amount in self.differences)]

    @property
    def worth(self) -> Decimal:
        """What the customer gets, however it is paid: money, store credit, new goods."""
        return self.total + add_up(amount for _, amount in self.paid_otherwise) + self.exchange_discount

    @property
    def kept_worth(self) -> Decimal:
        return self.kept_goods + self.kept_tax

    @property
    def difference(self) -> Decimal:
        return add_up(abs(amount) for _, amount in self.differences)

    def hash(self) -> str:
        return content_hash(self)


def propose_credit(facts: ReturnFacts, sale: Sale) -> Credit:
    """Draw up the credit for the accepted units and those the customer keeps.

    The lines carry NetSuite's own prices (or those less the fee, under `net`), so what they differ from Loop's
    figures is seen by cause. The total is Loop's figure to the cent.
    """
    loop = read_figures(facts)
    lines = tuple(_credit_lines(facts, sale, net=loop.is_net))
    causes = {
        "discount": loop.goods - loop.kept_goods - add_up(line.amount for line in lines),
        "tax": loop.tax - loop.kept_tax - add_up(line.tax for line in lines),
    }
    otherwise = tuple(_paid_otherwise(facts)) if sale.is_cash_sale else ()
    return Credit(
        lines,
        kept_goods=loop.kept_goods,
        kept_tax=loop.kept_tax,
        fee=loop.fee,
        shipping=loop.shipping,
        shipping_tax=loop.shipping_tax,
        duties=loop.duties,
        exchange_discount=loop.exchange_discount,
        paid_otherwise=otherwise,
        differences=(*((cause, amount) for cause, amount in causes.items() if amount), *loop.causes),
        total=loop.total - add_up(amount for _, amount in otherwise),
    )


def _paid_otherwise(facts: ReturnFacts) -> Iterable[tuple[str, Decimal]]:
    exchange = ZERO if is_zero_credit(facts) else exchange_value(facts)
    parts = (("store_credit", store_credit(facts)), ("exchange_clearing", exchange))
    left = left_open(facts)
    for key, amount in parts:
        if amount and left:
            yield key, min(amount, left)
            left -= min(amount, left)


def allowed_difference(facts: ReturnFacts, credit: Credit) -> Decimal:
    """0.01 a line or 0.5 % of the goods' value, whichever is less (policy `tolerance`)."""
    policy = facts.policy
    by_line = policy.tolerance_per_line and max(policy.tolerance_per_line, smallest_unit(facts.currency))
    by_value = policy.tolerance_share * (credit.goods + credit.tax + credit.kept_worth)
    return min(by_line * max(len(credit.lines), 1), by_value)


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
