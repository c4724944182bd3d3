"""What an account's settings change in the body that goes out."""

from collections.abc import Sequence
from typing import Any

import pytest

from integrations.errors import AlreadyExistsError, RejectedError, UncertainError
from integrations.netsuite.options import AccountOptions, ReceiptKey
from returnsops.posting.wire import Call, carry_out, netsuite_body
from tests.posting.conftest import DOWN, FakeNetSuite

ROWS = [{"orderLine": 4, "itemReceive": True, "quantity": 1}, {"orderLine": 7, "itemReceive": False}]


def request(target_type: str, **body: Any) -> dict[str, Any]:
    return {"operation": "transform", "source_id": "77120", "target_type": target_type, "body": body}


def rows_sent(target_type: str, options: AccountOptions) -> list[dict[str, Any]]:
    planned = request(target_type, item={"items": [dict(row) for row in ROWS]})
    rows: list[dict[str, Any]] = netsuite_body(planned, "loop-fern-1-x-1", options=options)["item"]["items"]
    assert planned["body"]["item"]["items"] == ROWS, "what was planned must not change"
    return rows


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (ReceiptKey.ORDER_LINE, {"orderLine"}),
        (ReceiptKey.LINE, {"line"}),
        (ReceiptKey.BOTH, {"orderLine", "line"}),
    ],
)
def test_row_of_a_receipt_is_named_as_the_account_wants_it(key: ReceiptKey, names: set[str]) -> None:
    rows = rows_sent("itemReceipt", AccountOptions(receipt_key=key))

    assert [{name: row[name] for name in ("orderLine", "line") if name in row} for row in rows] == [
        dict.fromkeys(names, 4),
        dict.fromkeys(names, 7),
    ]


def test_rows_of_other_documents_keep_their_name() -> None:
    assert rows_sent("creditMemo", AccountOptions(receipt_key=ReceiptKey.LINE)) == ROWS


@pytest.mark.parametrize(("sends", "expected"), [(True, {"id": "77120"}), (False, None)])
def test_rows_of_an_authorization_name_the_sale_if_the_account_wants_it(sends: bool, expected: object) -> None:
    rows = rows_sent("returnAuthorization", AccountOptions(sends_order_doc=sends))

    assert [row.get("orderDoc") for row in rows] == [expected, expected]


def test_memo_is_no_longer_than_the_account_takes() -> None:
    body = netsuite_body(
        request("creditMemo", memo="Loop 5550101 order #20044"), "x", options=AccountOptions(memo_chars_max=12)
    )

    assert body["memo"] == "Loop 5550101"


@pytest.mark.parametrize(
    ("target_type", "subsidiary", "expected"),
    [
        ("inventoryTransfer", "2", {"id": "2"}),
        ("inventoryTransfer", "", None),
        ("creditMemo", "2", None),  # follows the document it is made from
    ],
)
def test_only_what_is_made_out_of_nothing_names_the_subsidiary(
    target_type: str, subsidiary: str, expected: object
) -> None:
    body = netsuite_body(request(target_type), "x", options=AccountOptions(subsidiary_id=subsidiary))

    assert body.get("subsidiary") == expected


SCRIPT = RejectedError(system="netsuite", operation="transform", detail="Pick a channel.", family="script")
PERIOD = RejectedError(system="netsuite", operation="transform", detail="It is closed.", family="period_closed")


def send(netsuite: FakeNetSuite) -> str:
    return carry_out(Call("loop-fern-1-rma-1", request("returnAuthorization") | {"source_type": "invoice"}, netsuite))  # type: ignore[arg-type]


def test_refusal_by_a_script_stands_when_nothing_was_saved() -> None:
    netsuite = FakeNetSuite(failures=[SCRIPT])

    with pytest.raises(RejectedError) as refused:
        send(netsuite)

    assert (refused.value, netsuite.queries) == (SCRIPT, ["external ids"])


def test_refusal_by_a_script_is_a_doubt_while_nobody_tells_what_was_saved() -> None:
    with pytest.raises(UncertainError, match=r"Pick a channel.*Down for maintenance"):
        send(FakeNetSuite(fails_after=[SCRIPT], queries_refused=[DOWN]))


class ScriptAfterChange(FakeNetSuite):
    """Makes the change, or not, and answers in the words of a script."""

    saves = True

    def update_record(
        self, record_type: str, internal_id: str, body: Any, *, replace: Sequence[str] = (), key: str = ""
    ) -> None:
        if self.saves:
            self.change(internal_id, raw=body)
        raise SCRIPT


def change_memo(netsuite: FakeNetSuite) -> str:
    netsuite.create_record("salesOrder", {"externalId": "celigo-7"})
    update = {"operation": "update", "target_type": "salesOrder", "target_id": "9001", "body": {"memo": "RMA 7"}}
    return carry_out(Call("loop-fern-1-exchange-link-1", update, netsuite))  # type: ignore[arg-type]


def test_change_that_was_saved_before_a_script_failed_is_there() -> None:
    with pytest.raises(AlreadyExistsError, match="Pick a channel"):
        change_memo(ScriptAfterChange())


def test_change_that_a_script_refused_is_refused() -> None:
    netsuite = ScriptAfterChange()
    netsuite.saves = False

    with pytest.raises(RejectedError) as refused:
        change_memo(netsuite)

    assert (refused.value, netsuite.reads) == (SCRIPT, ["9001"])


def test_change_is_a_doubt_while_its_record_is_not_shown() -> None:
    with pytest.raises(UncertainError, match=r"Pick a channel.*Down for maintenance"):
        change_memo(ScriptAfterChange(unreadable={"9001": DOWN}))


def test_refusal_whose_cause_comes_before_the_saving_is_not_looked_into() -> None:
    netsuite = FakeNetSuite(failures=[PERIOD])

    with pytest.raises(RejectedError):
        send(netsuite)

    assert netsuite.queries == []
