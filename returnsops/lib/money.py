"""Money: Decimal with its currency beside it. All rounding of the project happens here."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0")
DECIMALS_DEFAULT = 2
DECIMALS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "OMR": 3,
    "TND": 3,
}

# What NetSuite calls common currencies, in small letters; its name of one is any text (netsuite.md §2.3).
NAMES = {
    "us dollar": "USD",
    "usa": "USD",
    "euro": "EUR",
    "british pound": "GBP",
    "canadian dollar": "CAD",
    "australian dollar": "AUD",
    "new zealand dollar": "NZD",
    "swiss franc": "CHF",
    "japanese yen": "JPY",
    "kuwaiti dinar": "KWD",
    "swedish krona": "SEK",
    "danish krone": "DKK",
    "norwegian krone": "NOK",
    "polish zloty": "PLN",
    "mexican peso": "MXN",
}
CODES = frozenset(NAMES.values()) | DECIMALS.keys()


def currency_code(name: str) -> str:
    """The code of a currency by its name or code; empty if we do not know it, since guessing would mix currencies."""
    return name.upper() if name.upper() in CODES else NAMES.get(name.lower(), "")


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Half up to the smallest unit of the currency, the way both systems book (netsuite.md §9.2)."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def smallest_unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-DECIMALS.get(currency, DECIMALS_DEFAULT))


def share_of(amount: Decimal, *, part: Decimal, whole: Decimal, currency: str) -> Decimal:
    """The share of `amount` that falls on `part` of `whole`; nothing falls on a part of nothing."""
    if not whole:
        return ZERO
    return round_money(amount * part / whole, currency)


def add_up(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def money_text(amount: Decimal, currency: str) -> str:
    return f"{round_money(amount, currency):,} {currency}"
