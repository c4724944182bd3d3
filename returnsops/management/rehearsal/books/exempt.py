"""Units made sellable uninspected because an administrator let them: by SKU, once Loop restocked, up to a day."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from returnsops.management.rehearsal.books.families import Family, is_ours

Json = dict[str, Any]


@dataclass(frozen=True)
class Exemption:
    """skus: a star at the end stands for all that begin so. until: its last day."""

    skus: tuple[str, ...]
    until: date

    def names(self, sku: str) -> bool:
        return any(fnmatchcase(sku, pattern) for pattern in self.skus)


def count_exempt(one: Json, family: Family, exemption: Exemption | None) -> int:
    """As many as our receipts put into sellable places while it held, of what it names and Loop restocked."""
    if exemption is None:
        return 0
    restocked = Counter(
        unit["sku"]
        for unit in one["units"]
        if not unit["removed"] and unit["restock_location_id"] and exemption.names(unit["sku"])
    )
    receipts = [document for document in family.receipts if is_ours(document) and _is_in_time(document, exemption)]
    received: Counter[str] = Counter()
    for document in receipts:
        received.update({line["sku"]: line["quantity"] for line in document["lines"] if line["location_sellable"]})
    return (restocked & received).total()


def _is_in_time(document: Json, exemption: Exemption) -> bool:
    return date.fromisoformat(document["trandate"]) <= exemption.until
