"""Several returns of one order, each in its own state: what one frees another takes, and nothing is taken twice."""

from typing import Any

import pytest

from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage
from tests.journey.test_mirrors import act_in_netsuite

pytestmark = pytest.mark.journey
BILLINGS = pytest.mark.parametrize("billing", ["invoice", "cash_sale"])


def one_of(sold: int, stage: Stage, **params: Any) -> LoopReturn:
    """The first return of an order that sold so many of one thing."""
    return stage.make("refund", quantity=sold, returned=1, **params)


def another(stage: Stage, first: LoopReturn) -> LoopReturn:
    """One more unit of the same line comes back, by a return of its own."""
    unit = first.lines.get()
    told = {
        "line": "same", "sku": unit.sku, "title": unit.title, "price": str(unit.price), "discount": str(unit.discount),
        "tax": str(unit.tax), "outcome": "refund", "kept": False,
    }  # fmt: skip
    body = {"shop": first.shop.code, "order_of": int(first.loop_id), "units": [told]}
    made = stage.ask("loop/told", body)
    stage.run()
    return LoopReturn.objects.get(shop=first.shop, loop_id=made["return_id"])


def cancel(stage: Stage, row: LoopReturn) -> None:
    stage.ask(f"loop/returns/{row.loop_id}/cancel", {})
    stage.run()


def bring_to_its_end(stage: Stage, row: LoopReturn) -> None:
    stage.judge(row, "sellable")
    stage.run()


def state_of(stage: Stage, row: LoopReturn) -> tuple[str, list[str]]:
    row.refresh_from_db()
    return row.stage, stage.cases(row)


def authorised(stage: Stage, row: LoopReturn) -> int:
    """Units that authorizations of the order hold or have received."""
    lines = [line for rma in stage.books(row).rmas for line in rma["lines"]]
    return sum(line["received"] if line["is_closed"] else line["quantity"] for line in lines)


@BILLINGS
def test_unit_that_a_cancelled_return_gave_up_goes_to_the_next_and_no_further(stage: Stage, billing: str) -> None:
    done = one_of(3, stage, billing=billing)
    bring_to_its_end(stage, done)
    given_up, waiting = another(stage, done), another(stage, done)
    too_many = another(stage, done)
    assert state_of(stage, too_many) == ("needs_person", ["unit_not_on_order"])

    cancel(stage, given_up)
    bring_to_its_end(stage, too_many)

    assert state_of(stage, done) == state_of(stage, too_many) == ("settled", [])
    assert state_of(stage, given_up) == ("ended", [])
    assert state_of(stage, waiting)[1] == []
    assert authorised(stage, done) == 3
    bring_to_its_end(stage, waiting)
    assert state_of(stage, waiting) == ("settled", [])
    books = stage.books(done)
    assert (len(books.credits), sum(line["quantity"] for one in books.credits for line in one["lines"])) == (3, 3)


@BILLINGS
def test_unit_that_was_received_for_a_cancelled_return_is_not_free(stage: Stage, billing: str) -> None:
    done = one_of(2, stage, billing=billing)
    bring_to_its_end(stage, done)
    received = another(stage, done)
    stage.ask("settings", {"shops": {"northwind": {"loop": {"process_delay_s": [600.0, 600.0]}}}})
    bring_to_its_end(stage, received)

    cancel(stage, received)
    too_many = another(stage, done)

    assert state_of(stage, done) == ("settled", [])
    assert state_of(stage, received) == ("needs_person", ["ended_after_receipt"])
    assert state_of(stage, too_many) == ("needs_person", ["unit_not_on_order"])
    assert authorised(stage, done) == 2


@BILLINGS
@pytest.mark.parametrize(("undone", "cases"), [("cancel", []), ("delete", ["record_gone"])])
def test_unit_of_an_authorization_that_a_person_undid_goes_to_the_next_return(
    stage: Stage, billing: str, undone: str, cases: list[str]
) -> None:
    """Cancelled, its lines stay open and the status alone tells; deleted, the next return never sees it."""
    given_up = stage.make("refund", quantity=1, returned=1, billing=billing, parcel="created")
    act_in_netsuite(stage, given_up, undone, stage.books(given_up).rmas[0]["id"])
    stage.run()

    following = another(stage, given_up)
    bring_to_its_end(stage, following)
    assert state_of(stage, following) == ("settled", [])
    cancel(stage, given_up)

    assert state_of(stage, given_up) == ("ended", cases)
    assert list(given_up.postings.values_list("kind", flat=True)) == ["rma"]
