"""What we rely on in Loop. Read-only unless marked; sources: loop.md by section."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest

from integrations.errors import ConfigurationError, RejectedError
from integrations.loop.records import LoopReturnRecord, LoopState
from tests.contract.places import LoopPlace

ROWS_MAX = 200  # of a real shop; enough to meet what it has
STATES = ("open", "closed", "cancelled", "expired", "review")
UNKNOWN_RETURN = "999999999999"
ZERO, CENT = Decimal("0"), Decimal("0.01")


@pytest.fixture
def rows(loop: LoopPlace) -> list[LoopReturnRecord]:
    found = list(islice(loop.list(), ROWS_MAX))
    assert found, "no return changed in the window, so nothing could be checked"
    return found


def test_wrong_key_is_a_401(loop: LoopPlace) -> None:  # loop.md 1.2
    assert loop.get("warehouse/return/list", key="not a key").status_code == 401


def test_answers_tell_budget_and_request(loop: LoopPlace) -> None:  # 1.3
    headers = loop.list_page().headers

    assert int(headers["x-ratelimit-limit"]) > int(headers["x-ratelimit-remaining"]) >= 0
    assert headers["x-loop-request-id"]


def test_list_without_pages_is_a_bare_array(loop: LoopPlace) -> None:  # 1.4
    assert isinstance(loop.list_page().json(), list)


def test_pages_come_in_an_envelope_with_the_next_address(loop: LoopPlace) -> None:  # 1.4
    body = loop.list_page(paginate="true", pageSize="1").json()

    assert len(body["returns"]) <= 1
    assert body["nextPageUrl"] is None or "cursor=" in body["nextPageUrl"]


def test_page_by_page_gives_the_same_returns_as_all_at_once(loop: LoopPlace) -> None:  # 1.4
    at_once = {str(row["id"]) for row in loop.list_page().json()}

    by_page = {record.id for record in loop.list(page_size=max(1, len(at_once) // 3))}

    assert at_once <= by_page


@pytest.mark.parametrize("state", STATES)
def test_asked_for_one_state_only_that_comes(loop: LoopPlace, state: str) -> None:  # 2.1
    found = islice(loop.list(state=state), ROWS_MAX)

    assert {record.state for record in found} <= {LoopState(state)}


def test_without_a_state_cancelled_and_review_are_hidden(rows: list[LoopReturnRecord]) -> None:  # 2.1
    assert not {record.state for record in rows} & {LoopState.CANCELLED, LoopState.REVIEW}


def test_window_is_over_the_column_asked_for(loop: LoopPlace, rows: list[LoopReturnRecord]) -> None:  # 2.1
    assert all(loop.since <= record.updated_at for record in rows)


def test_window_over_120_days_is_refused(loop: LoopPlace) -> None:  # 2.1
    answer = loop.get("warehouse/return/list", **{"from": "2026-01-01T00:00:00.000Z", "to": "2026-06-01T00:00:00.000Z"})

    assert answer.status_code == 422
    assert "message" in answer.json()


def test_unknown_return_is_none(loop: LoopPlace) -> None:  # 2.2
    assert loop.client.get_return(UNKNOWN_RETURN) is None


def test_list_and_details_tell_the_same_return(loop: LoopPlace, rows: list[LoopReturnRecord]) -> None:  # 3.4
    for listed in rows[:5]:
        detailed = loop.client.get_return(listed.id)

        assert detailed is not None
        assert (detailed.id, detailed.created_at, detailed.currency) == (listed.id, listed.created_at, listed.currency)
        assert {unit.line_item_id for unit in detailed.units} == {unit.line_item_id for unit in listed.units}
        if detailed.updated_at == listed.updated_at:
            assert (detailed.refund, detailed.return_total) == (listed.refund, listed.return_total)


def test_ids_are_text_and_money_is_decimal_text_in_the_list(loop: LoopPlace) -> None:  # 1.7
    for row in loop.list_page().json()[:50]:
        assert isinstance(row["id"], str)
        assert re.fullmatch(r"-?\d+\.\d{2}", row["return_total"])


def test_every_unit_is_a_row_of_its_own(rows: list[LoopReturnRecord]) -> None:  # 3.3
    for record in rows:
        ids = [unit.line_item_id for unit in record.units]
        assert len(ids) == len(set(ids))


def test_refunds_of_units_add_up_to_the_refund(rows: list[LoopReturnRecord]) -> None:  # 3.1, 7.4
    for record in rows:
        shipping = (record.refund_shipping_total or ZERO) + (record.refund_shipping_tax_total or ZERO)
        difference = abs(sum((unit.refund or ZERO for unit in record.units), ZERO) - (record.refund or ZERO))
        assert difference <= shipping + CENT * len(record.units), record.id


def test_words_we_do_not_know_are_none(rows: list[LoopReturnRecord]) -> None:  # 10, questions 2, 3
    assert {record.raw_state for record in rows if record.state is LoopState.UNKNOWN} == set()


def test_notices_of_shipping_have_a_row_per_unit(loop: LoopPlace) -> None:  # 2.9
    today = datetime.now(UTC)
    answer = loop.get(
        "warehouse/reporting/asn", **{"from": f"{today - timedelta(days=1):%Y-%m-%d}", "to": f"{today:%Y-%m-%d}"}
    )

    assert answer.status_code == 200
    assert all({"id", "return_line_item_id", "sku", "state"} <= set(row) for row in answer.json())


def test_destinations_and_subscriptions_are_readable(loop: LoopPlace) -> None:  # 2.10, 2.11
    assert isinstance(loop.client.list_destinations(), tuple)
    assert isinstance(loop.client.list_webhooks(), tuple)


@pytest.mark.writes
def test_action_on_an_unknown_return_is_refused(loop: LoopPlace) -> None:  # 1.5
    with pytest.raises((RejectedError, ConfigurationError)):
        loop.client.flag_return(UNKNOWN_RETURN)


@pytest.mark.writes
def test_note_and_flag_put_a_return_into_review_where_it_cannot_be_cancelled(loop: LoopPlace) -> None:  # 2.5, 2.6
    assert loop.changeable, "LIVE_LOOP_RETURN must name an open return that may be flagged"

    loop.client.add_note(loop.changeable, "Contract check: this return is flagged to see that flagging works.")
    loop.client.flag_return(loop.changeable)

    after = loop.client.get_return(loop.changeable)
    assert after is not None
    assert after.state is LoopState.REVIEW
    with pytest.raises(RejectedError):
        loop.client.cancel_return(loop.changeable)
