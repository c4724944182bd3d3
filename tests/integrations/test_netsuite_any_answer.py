"""Records of any age and form: read without losing a field, or called unreadable; never anything else."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import IntegrationError, UnreadableRecordError
from integrations.http import HttpAnswer
from integrations.netsuite.parsing import parse_transaction
from integrations.netsuite.records import TransactionRecord
from integrations.netsuite.refusals import classify_failure
from integrations.netsuite.sublists import expand_sublists

FIXTURES = Path(__file__).parent.parent / "fixtures" / "netsuite"
PAYLOADS = {path.stem: json.loads(path.read_text(), parse_float=Decimal) for path in sorted(FIXTURES.glob("*.json"))}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "1e999999", "-0", "T", "RtnAuth:B", "٣", "２", "9999-12-31T23:59:59-14:00", "0000-00-00"]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "items", "refName", "x"]), inner)
    ),
    max_leaves=6,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to everything inside."""
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, inner in pairs for place in places(inner, (*path, key))]


def mutate(payload: dict[str, Any], path: tuple[Any, ...], value: object, *, drop: bool) -> dict[str, Any]:
    changed = copy.deepcopy(payload)
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    if drop:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(sorted(PAYLOADS)))
    payload = PAYLOADS[name]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(payload)))
        payload = mutate(payload, path, draw(ANYTHING), drop=draw(st.booleans()))
        if not places(payload):
            break
    return name.partition("__")[0], payload


@given(mutated())
def test_mutated_record_is_read_or_called_unreadable(case: tuple[str, dict[str, Any]]) -> None:
    record_type, payload = case
    try:
        record = parse_transaction(payload, record_type=record_type)
    except UnreadableRecordError:
        return
    assert record.raw is payload
    assert record.internal_id


@given(ANYTHING)
def test_anything_else_is_called_unreadable(value: object) -> None:
    try:
        record = parse_transaction(value, record_type="creditMemo")
    except UnreadableRecordError:
        return
    assert isinstance(value, dict)
    assert record.internal_id


@given(ANYTHING, st.integers(300, 599), st.booleans())
def test_any_refusal_is_one_of_our_errors(value: object, status: int, writes: bool) -> None:
    text = json.dumps(value, default=str)
    answer = HttpAnswer(status=status, headers={}, text=text, duration_s=0.1)

    assert isinstance(classify_failure(answer, operation="x", writes=writes), IntegrationError)


@given(st.text(max_size=40), st.integers(300, 599))
def test_any_body_of_a_refusal_is_understood(text: str, status: int) -> None:
    answer = HttpAnswer(status=status, headers={}, text=text, duration_s=0.1)

    assert isinstance(classify_failure(answer, operation="x", writes=True), IntegrationError)


def read(**fields: Any) -> TransactionRecord:
    return parse_transaction({"id": "7", **fields}, record_type="returnAuthorization")


@pytest.mark.parametrize(
    "value", [{"id": "12", "refName": "Bay"}, {"id": 12}, {"id": "12", "links": []}, "12", 12, Decimal("12")]
)
def test_reference_comes_in_many_forms(value: object) -> None:
    found = read(location=value, subsidiary=value, currency=value)

    assert (found.location_id, found.subsidiary_id, found.currency_id) == ("12", "12", "12")


@pytest.mark.parametrize("value", [Decimal("51.84"), "51.84", " 51.84 ", {"refName": "51.84"}])
def test_amount_comes_as_number_or_text(value: object) -> None:
    assert read(total=value).total == Decimal("51.84")


@pytest.mark.parametrize(
    ("value", "amount"), [("1,234.50", "1234.50"), ("-1,234,567.5", "-1234567.5"), ("45.0%", "45.0")]
)
def test_amount_written_for_people_is_read(value: str, amount: str) -> None:
    assert read(total=value).total == Decimal(amount)


@pytest.mark.parametrize("value", ["1.234,50", "12,50", "1,23", "12 USD"])
def test_amount_that_can_be_read_two_ways_is_not_guessed(value: str) -> None:
    with pytest.raises(UnreadableRecordError):
        read(total=value)


def test_amounts_keep_the_digits_of_their_currency() -> None:
    dinar, yen = read(total=Decimal("1.250"), exchangeRate="3.2617"), read(total=1250)

    assert (str(dinar.total), str(dinar.exchange_rate), str(yen.total)) == ("1.250", "3.2617", "1250")


def test_what_the_account_added_is_kept() -> None:
    line = {"line": 1, "custcol_shop_line": {"id": "3"}, "quantity": 1}

    found = read(custbody_shop_order="#1001", item={"items": [line]}, somethingNew={"a": 1})

    assert dict(found.custom) == {"custbody_shop_order": "#1001"}
    assert dict(found.lines[0].custom) == {"custcol_shop_line": {"id": "3"}}
    assert found.raw["somethingNew"] == {"a": 1}


def test_rows_of_a_kit_name_the_kit() -> None:
    rows = [{"line": 1, "itemType": {"id": "Kit"}}, {"line": 2, "kitMemberOf": 1, "itemType": "InvtPart"}]

    kit, member = read(item={"items": rows}).lines

    assert (kit.kit_member_of, kit.item_type) == (None, "Kit")
    assert (member.kit_member_of, member.item_type) == (1, "InvtPart")


def test_hours_and_metres_do_not_make_an_order_unreadable() -> None:
    (line,) = read(item={"items": [{"line": 1, "quantity": Decimal("-1.5")}]}).lines

    assert (line.quantity, line.quantity_exact) == (1, Decimal("1.5"))


@pytest.mark.parametrize("details", [None, {"links": []}, {"items": []}])
def test_tax_details_that_are_not_told_are_none(details: object) -> None:
    assert read(taxDetails=details).tax_details == ()


def test_tax_details_are_read() -> None:
    row = {"taxDetailsReference": "L1", "taxBasis": 48, "taxAmount": "3.84", "taxRate": "8.0%"}

    (tax,) = read(taxDetails={"items": [row]}).tax_details

    assert (tax.line_ref, tax.basis, tax.amount, tax.rate) == ("L1", Decimal(48), Decimal("3.84"), Decimal("8.0"))


def test_only_a_record_has_sublists_to_expand() -> None:
    assert expand_sublists(None, None, ["no record"]) == ["no record"]  # type: ignore[arg-type]
