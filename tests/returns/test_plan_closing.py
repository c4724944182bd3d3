"""What of an authorization never came is taken off it, once its receipts are known (netsuite.md §4.5)."""

from dataclasses import replace
from typing import Any

import pytest

from returnsops.returns.plan import plan_return
from tests.builders import make_facts, make_posted, make_unit, with_credit, with_receipts, with_rma
from tests.other_side import kinds_of


@pytest.mark.parametrize(
    ("kind", "changes", "closes"),
    [
        ("receipt", {"read_back": True}, True),
        ("receipt", {"read_back": False}, False),
        ("receipt", {"status": "uncertain"}, False),
        ("receipt", {"status": "rejected", "read_back": False}, True),
        ("receipt", {"external_id": "", "read_back": False}, True),  # of another system: read, or it were not here
        ("transfer", {"read_back": False}, True),
    ],
)
def test_units_that_did_not_come_are_taken_off_once_every_receipt_is_read(
    kind: str, changes: dict[str, Any], closes: bool
) -> None:
    """Beside the receipt of the unit that came and was read back."""
    units = (make_unit(1, "sellable"), make_unit(2, "refused", provider_line="2"))
    facts = with_credit(with_receipts(with_rma(make_facts(units=units))), total="77.76")
    other = make_posted(kind, "8109", ["unit:387009"], number=2, **changes)

    plan = plan_return(replace(facts, postings=(*facts.postings, other)))

    assert ("rma_close" in kinds_of(plan)) is closes
