"""What the shops of an account rely on, as values: their policies live on a higher floor."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    HOLDING = "holding"
    SELLABLE = "sellable"
    DAMAGED = "damaged"
    SHIPPING = "shipping"
    PLACE = "returns"  # whose units a status keeps apart, whatever is sold beside them
    STATUS = "inventory status"
    STATUS_SOLD = "inventory status of sellable units"
    ITEM = "item"
    ACCOUNT = "account"
    METHOD = "refund method"

    @property
    def is_location(self) -> bool:
        return self in (Purpose.HOLDING, Purpose.SELLABLE, Purpose.DAMAGED, Purpose.SHIPPING, Purpose.PLACE)


@dataclass(frozen=True)
class Use:
    """One id that a policy names. name: the setting, as a person finds it again; shop: whose policy."""

    purpose: Purpose
    id: str
    name: str
    shop: str


@dataclass(frozen=True, kw_only=True)
class Configured:
    """writes: record kinds (rma, receipt, …) that ReturnsOps writes for at least one shop.
    own_marks: how the external ids of our own documents begin."""

    uses: tuple[Use, ...] = ()
    writes: frozenset[str] = frozenset()
    own_marks: tuple[str, ...] = ()

    def ids_for(self, *purposes: Purpose) -> list[str]:
        return sorted({use.id for use in self.uses if use.purpose in purposes and use.id})
