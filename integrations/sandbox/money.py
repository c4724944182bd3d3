"""Money as Decimal with its currency's places (two unless told otherwise), rounded half up; odd cents shared out."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
PLACES = {"JPY": 0, "KWD": 3}  # of the sandbox's currencies that have other than two


def places_of(currency: str) -> int:
    return PLACES.get(currency, 2)


def cents(value: Decimal | int | float | str, *, decimals: int = 2) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def share_out(total: Decimal, *, weights: Sequence[Decimal], decimals: int = 2) -> list[Decimal]:
    """Split total by weight so that the parts add up to the cent; the earlier parts take the odd cents."""
    whole = sum(weights, Decimal(0))
    if not weights or whole == 0:
        return [ZERO for _ in weights]
    shares: list[Decimal] = []
    given = taken = Decimal(0)
    for weight in weights:
        given += weight
        share = cents(total * given / whole, decimals=decimals) - taken
        shares.append(share)
        taken += share
    return shares
