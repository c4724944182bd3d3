"""Which record stands in the place of a posting, and which only looks like it: by one look, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from returnsops.posting.look import Found, Sought, look_first
from tests.posting.conftest import FakeNetSuite

ASKED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROW = {"orderLine": 3, "item": {"id": "501"}, "quantity": 1, "location": {"id": "31"}}
OURS = "loop-fern-7-rma-1"


def sought(kind: str = "rma", target_type: str = "returnAuthorization", **changes: Any) -> Sought:
    request = {
        "operation": "transform", "source_type": "invoice", "source_id": "7001", "target_type": target_type,
        "body": {"item": {"items": [ROW]}},
    }  # fmt: skip
    values: dict[str, Any] = {"request": request, "own_prefixes": ("loop-fern-",), "since": ASKED_AT}
    return Sought(external_id=f"loop-fern-7-{kind}-1", kind=kind, **values | changes)


def holding(external_id: str, *, made_from: str = "7001", record_type: str = "returnAuthorization",
            row: dict[str, Any] = ROW, **columns: Any) -> FakeNetSuite:  # fmt: skip
    """A NetSuite with one record, 9001, which is as the posting would make it but for these columns."""
    netsuite = FakeNetSuite()
    body = {"externalId": external_id, "item": {"items": [row]}}
    if record_type == "salesOrder":
        netsuite.create_record(record_type, body)
    else:
        netsuite.transform_record("invoice", made_from, record_type, body)
    netsuite.change("9001", **columns)
    return netsuite


def find(netsuite: FakeNetSuite, wanted: Sought) -> Found | None:
    return look_first(netsuite, [wanted]).found.get(wanted.external_id)  # type: ignore[arg-type]


def test_record_of_others_with_the_same_units_stands_in_its_place() -> None:
    found = find(holding("celigo-7"), sought())

    assert found is not None
    assert (found.is_ours, found.is_same) == (False, True)


def test_voided_record_under_our_id_was_ours() -> None:
    """A person undid it: that is told once it is read back, and none is made in its place."""
    found = find(holding(OURS, status="V", lines=()), sought())

    assert found is not None
    assert (found.is_ours, found.differences) == (True, ())


@pytest.mark.parametrize(
    ("external_id", "columns", "changes"),
    [
        ("celigo-7", {}, {"explained": frozenset({"9001"})}),  # it stands for another posting, or a person noted it
        ("loop-fern-8-rma-1", {}, {}),  # ours, for another return
        ("celigo-7", {"status": "V"}, {}),
        ("celigo-7", {"status": "C"}, {}),  # cancelled
        ("celigo-7", {"created_at": ASKED_AT - timedelta(days=1)}, {}),  # about other units of the same line
        ("celigo-7", {"other_ref_num": "8"}, {"siblings": frozenset({"8"})}),  # names another return of the order
    ],
)
def test_record_that_only_looks_like_it_stands_in_nobodys_place(
    external_id: str, columns: dict[str, Any], changes: dict[str, Any]
) -> None:
    assert find(holding(external_id, **columns), sought(**changes)) is None


def test_own_record_of_another_number_stands_in_its_place() -> None:
    found = find(holding("loop-fern-7-rma-2"), sought())

    assert found is not None
    assert not found.is_ours


def test_record_that_a_person_chose_is_free_or_told_not_to_be() -> None:
    chosen = sought(request=sought().request | {"adopt": "9001"})

    free = find(holding("celigo-7"), chosen)
    taken = find(holding("celigo-7"), replace(chosen, explained=frozenset({"9001"})))

    assert free is not None
    assert free.is_same
    assert taken is not None
    assert taken.differences == ("it stands for another posting already",)


@pytest.mark.parametrize(("item", "is_found"), [("501", True), ("999", False)])
def test_credit_of_others_made_from_the_bill_is_told_by_its_items(item: str, is_found: bool) -> None:
    """Its lines are those of the bill, and have other numbers."""
    row = ROW | {"orderLine": 12, "item": {"id": item}}
    netsuite = holding("celigo-7", record_type="creditMemo", made_from="6001", row=row)

    found = find(netsuite, sought("credit", "creditMemo", sale_id="6001"))

    assert (found is not None) is is_found


@pytest.mark.parametrize(("reference", "is_found"), [("EXC-7", True), ("EXC-8", False)])
def test_exchange_order_of_others_is_told_by_its_reference(reference: str, is_found: bool) -> None:
    netsuite = holding("shopify-1", record_type="salesOrder", other_ref_num=reference)
    wanted = sought(
        "exchange_order", "salesOrder", references=("EXC-7",),
        request={"operation": "create", "target_type": "salesOrder", "body": {"item": {"items": [ROW]}}},
    )  # fmt: skip

    assert (find(netsuite, wanted) is not None) is is_found
