"""Which sales found under an order's name are the order's own."""

from typing import Any

import pytest

from integrations.netsuite.records import RecordRef
from returnsops.returns.descent import sales_of_other_orders
from returnsops.returns.models import LoopReturn

OWN, OTHER = "5873120045678", "5873120049999"


def found(record_type: str = "salesOrder", **changes: Any) -> RecordRef:
    values = {"external_id": OTHER, "tran_id": None, "status": "G", "last_modified": None, "type_code": ""}
    return RecordRef(record_type=record_type, internal_id="6001", **values | changes)


@pytest.mark.parametrize(
    ("ref", "names", "is_of_other"),
    [
        (found(), ["#1001"], True),
        (found(), ["1001"], True),
        (found(external_id=OWN), [OWN, "#1001"], False),
        (found(), ["#1001", "#EXC-1"], False),
        (found(), ["#1001", OTHER], False),
        (found(external_id=None), ["#1001"], False),
        (found(external_id="SHOPIFY-77"), ["#1001"], False),
        (found(external_id="10045"), ["#1001"], False),
        (found("invoice"), ["#1001"], False),
    ],
    ids=[
        "by name", "by bare name", "by its own id", "by the name of a replacement", "by the id of a replacement",
        "without an id", "with another kind of id", "with a number of NetSuite's", "a bill may bear any id",
    ],
)  # fmt: skip
def test_sale_found_by_name_alone_is_not_the_order_s_if_it_bears_the_id_of_another(
    ref: RecordRef, names: list[str], *, is_of_other: bool
) -> None:
    row = LoopReturn(provider_order_id=OWN, order_name="#1001")
    references = [OWN, "#1001", "1001", OTHER, "#EXC-1"]

    others = sales_of_other_orders(row, references, {name: [ref] for name in names})

    assert others == ({"6001"} if is_of_other else set())
