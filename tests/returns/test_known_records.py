"""What has to be read from NetSuite once more, and what surely says what it said before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.netsuite.records import RecordRef
from returnsops.returns.known_records import Known, is_in_doubt, tells_news

CHANGED = datetime(2026, 11, 18, 10, 0, 7, tzinfo=UTC)
REF = RecordRef(
    record_type="returnAuthorization", internal_id="7", external_id=None, tran_id="RMA7", status="B",
    last_modified=CHANGED, type_code="RtnAuth",
)  # fmt: skip


def known(**changes: Any) -> Known:
    row = Known(
        status="B",
        last_modified=CHANGED,
        told_at=CHANGED + timedelta(minutes=1),
        fetched_at=timezone.now(),
        gone_at=None,
    )
    return replace(row, **changes)


def test_what_has_not_changed_since_it_was_read_is_known() -> None:
    assert not is_in_doubt(REF, known())


@pytest.mark.parametrize(
    "changes",
    [
        {"last_modified": CHANGED - timedelta(seconds=1)},
        {"last_modified": CHANGED + timedelta(seconds=1)},
        {"last_modified": None},
        {"status": "D"},
        {"gone_at": CHANGED},
        {"told_at": None},
        {"fetched_at": timezone.now() - timedelta(hours=7)},
    ],
    ids=["changed", "younger than the query", "undated", "status", "gone", "told nobody knows when", "long ago"],
)
def test_what_is_in_doubt_is_read(changes: dict[str, Any]) -> None:
    assert is_in_doubt(REF, known(**changes))


def test_what_we_never_read_and_what_bears_no_date_is_read() -> None:
    assert is_in_doubt(REF, None)
    assert is_in_doubt(replace(REF, last_modified=None), known())


MADE: dict[str, Any] = {"was_read": False, "last_modified": None, "status": ""}


@pytest.mark.parametrize(
    ("changes", "is_read"),
    [
        ({}, False),
        ({"fetched_at": timezone.now() - timedelta(days=7)}, False),
        ({"told_at": CHANGED - timedelta(minutes=1)}, True),
        ({"told_at": None}, True),
        ({"gone_at": CHANGED}, True),
    ],
    ids=["as we made it", "long ago", "changed since", "doubted", "said to be gone"],
)
def test_what_we_made_and_trust_is_read_only_once_it_changed(changes: dict[str, Any], *, is_read: bool) -> None:
    row = known(**MADE | changes)

    assert is_in_doubt(REF, row, is_ours=True) is is_read
    assert (tells_news(REF, row) or row.told_at is None) is is_read


@pytest.mark.parametrize(("after_s", "is_read"), [(0, True), (1, True), (4, True), (5, False)])
def test_what_was_read_in_the_second_of_its_change_may_have_changed_once_more_in_it(
    after_s: int, *, is_read: bool
) -> None:
    assert is_in_doubt(REF, known(told_at=CHANGED + timedelta(seconds=after_s))) is is_read


def test_status_of_a_receipt_means_nothing() -> None:
    assert not is_in_doubt(replace(REF, record_type="itemReceipt", status="Y"), known())
