"""The checker of rehearsals sees each broken promise: books of a clean run, and violations planted one by one."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.management.rehearsal.books import (
    INVARIANTS,
    CallTally,
    Exemption,
    Family,
    Known,
    Verdict,
    check_books,
    check_calls,
    sort_by_return,
)
from returnsops.management.rehearsal.books.stock import units_passed
from tests.sandbox.journeys import authorize, credit, lines_of, receipt_row, receive, refund
from tests.sandbox.strangers import Director, NetSuiteStranger, wait_for

Json = dict[str, Any]
PERSON = "person"
PLACES = ("sellable", "damaged")


class Books:
    """A dump to plant in, with what the people of the run know."""

    def __init__(self, dump: Json, passed: Mapping[str, int], returns: list[str]) -> None:
        self.dump, self.returns = dump, returns
        self.passed = {one: self._first_skus(one, count) for one, count in passed.items()}
        self.cases: dict[str, set[str]] = {}
        self.found: dict[str, dict[str, int]] = {}
        self.exemptions: dict[str, Exemption] = {}

    @property
    def first(self) -> Family:
        """Two units, invoiced; one passed, one damaged."""
        return self.family(0)

    def family(self, number: int) -> Family:
        return sort_by_return(self.dump)[self.returns[number]]

    def loop_return(self, number: int) -> Json:
        return self._return_of(self.returns[number])

    def _return_of(self, return_id: str) -> Json:
        rows = [one for shop in self.dump["loop"].values() for one in shop["returns"]]
        return next(one for one in rows if str(one["id"]) == return_id)

    def _first_skus(self, return_id: str, count: int) -> dict[str, int]:
        return Counter(unit["sku"] for unit in self._return_of(return_id)["units"][:count])

    @property
    def account(self) -> Json:
        found: Json = self.dump["netsuite"][self.first.account]
        return found

    def copy(self, document: Json, *, late_s: float = 0.0, by: str | None = None, **changes: Any) -> Json:
        """The same document once more, made later, by ourselves unless told otherwise."""
        number = max(int(one["id"]) for one in self.account["transactions"]) + 1
        made_at = datetime.fromisoformat(document["created_at"]) + timedelta(seconds=late_s)
        external_id = document["externalid"][:-1] + "2" if document["externalid"] and by is None else None
        again = deepcopy(document) | {
            "id": str(number),
            "tranid": f"COPY{number}",
            "externalid": external_id,
            "created_at": made_at.isoformat(),
            "created_by": by or document["created_by"],
        }
        self.account["transactions"].append(again | changes)
        return again

    def verdict(self) -> Verdict:
        known = Known(self.passed, self.cases, found=self.found, exemptions=self.exemptions)
        return check_books(self.dump, known)

    def broken(self) -> Json:
        return {name: count for name, count in self.verdict().as_json().items() if count}


@pytest.fixture(scope="module")
def clean() -> Iterator[str]:
    """Made once: units at two places, a cash sale, an exchange that a case explains; a stranger posts as we do."""
    served = Served(Options(seed="checker", settings={"loop": {"process_delay_s": [0.0, 0.0]}}))
    served.start()
    with requests.Session() as session:
        director = Director(served.url, session)
        netsuite = NetSuiteStranger(served.url, director.get("world")["netsuite_accounts"][0], session)
        netsuite.log_in()
        yield json.dumps(play(director, netsuite))
    served.stop()


def play(director: Director, netsuite: NetSuiteStranger) -> Json:
    invoiced, cash = director.make_return("refund", units=2), director.make_return("refund", billing="cash_sale")
    exchange = director.make_return("exchange")
    book_invoiced(netsuite, invoiced)
    book_cash(netsuite, cash)
    returns = [str(made["return_id"]) for made in (invoiced, cash, exchange)]
    for return_id in returns:
        director.post(f"loop/returns/{return_id}/settle")
    assert wait_for(lambda: exchange_orders(director.books(netsuite.account)))
    assert wait_for(
        lambda: all(one["state"] == "closed" for one in director.get("dump")["loop"]["northwind"]["returns"])
    )
    return {"dump": director.get("dump"), "passed": {returns[0]: 1, returns[1]: 1}, "returns": returns}


def book_invoiced(netsuite: NetSuiteStranger, made: Json) -> None:
    name = f"loop-northwind-{made['return_id']}"
    rma = authorize(netsuite, made, external_id=f"{name}-rma-1")
    places = netsuite.account["locations"]
    for number, (line, place) in enumerate(zip(lines_of(netsuite, "returnAuthorization", rma), PLACES, strict=True), 1):
        row = receipt_row(line["line"], location=places[place])
        receive(netsuite, rma, row, external_id=f"{name}-receipt-{number}")
    memo = credit(netsuite, rma, external_id=f"{name}-credit-1")
    total = netsuite.read("creditMemo", memo)["total"]
    body = refund(netsuite, memo, amount=total, externalId=f"{name}-customer-refund-1")
    netsuite.create("customerRefund", body)


def book_cash(netsuite: NetSuiteStranger, made: Json) -> None:
    name = f"loop-northwind-{made['return_id']}"
    rma = authorize(netsuite, made, external_id=f"{name}-rma-1")
    line = lines_of(netsuite, "returnAuthorization", rma)[0]["line"]
    row = receipt_row(line, location=netsuite.account["locations"]["sellable"])
    receive(netsuite, rma, row, external_id=f"{name}-receipt-1")
    method = netsuite.account["refund_methods"]["shopify_payments"]
    body = {
        "externalId": f"{name}-cash-refund-1",
        "account": {"id": method["account_id"]},
        "paymentOption": {"id": method["payment_option_id"]},
        "handlingMode": "SAVE_ONLY",
    }
    netsuite.create(f"returnAuthorization/{rma}/!transform/cashRefund", body)


def exchange_orders(account: Json) -> list[Json]:
    return [one for one in account["transactions"] if str(one["otherrefnum"] or "").startswith("EXC-")]


@pytest.fixture
def books(clean: str) -> Books:
    kept = json.loads(clean)
    found = Books(kept["dump"], kept["passed"], kept["returns"])
    found.cases[found.returns[2]] = {"refused_exchange_unit"}
    return found


def test_clean_books_keep_every_promise(books: Books) -> None:
    verdict = books.verdict()

    assert verdict.as_json() == dict.fromkeys(INVARIANTS, 0), verdict.findings
    assert verdict.settled == 2
    assert [len(books.family(number).credits) for number in range(3)] == [1, 1, 0]


# --- Planted, one by one


def drop_credit(books: Books) -> None:
    gone = [one["id"] for one in (*books.first.credits, *books.first.refunds)]
    books.account["transactions"] = [one for one in books.account["transactions"] if one["id"] not in gone]


def forget_everything(books: Books) -> None:
    gone = [one["id"] for one in books.first.all_standing()]
    books.account["transactions"] = [one for one in books.account["transactions"] if one["id"] not in gone]


def leave_it_open_in_loop(books: Books) -> None:
    books.loop_return(0)["state"] = "open"


def leave_the_credit_open(books: Books) -> None:
    books.first.credits[0]["amountremaining"] = "1.00"


def leave_the_authorization_of_a_cancelled_return(books: Books) -> None:
    books.loop_return(0).update(state="cancelled", processed_at={})
    books.first.rmas[0]["status"] = "B"


def authorise_twice(books: Books) -> None:
    books.copy(books.first.rmas[0])


def receive_twice(books: Books) -> None:
    books.copy(books.first.receipts[0])


def credit_units_twice(books: Books) -> None:
    books.copy(books.first.credits[0], total="0.00", amountremaining="0.00", applies=[])


def refund_twice(books: Books) -> None:
    books.copy(books.first.refunds[0])


def exchange_twice(books: Books) -> None:
    books.copy(exchange_orders(books.account)[0])


def grade_twice(books: Books) -> None:
    """A later inspection may tell of the same unit again."""
    (shop,) = [one for one in books.dump["loop"].values() if one["returns"]]
    for seen_at in ("2026-11-20 15:05:00", "2026-11-20 15:05:00", "2026-11-21 09:00:00"):
        items = [{"line_item_id": 387001, "condition_category": "grade_a", "inspected_at": seen_at}]
        shop["log"].append({"action": "grade", "return_id": books.returns[0], "content": {"items": items}})


def settle_twice(books: Books) -> None:
    shop = next(shop for shop in books.dump["loop"].values() if shop["returns"])
    shop["log"].append(next(row for row in shop["log"] if row["action"] == "settle"))


def post_beside_a_person(books: Books) -> None:
    """Somebody authorized by hand a minute before us, and we did not look."""
    ours = books.first.rmas[0]
    books.copy(ours, late_s=-60, by=PERSON)
    by_hand = books.account["transactions"][-1]
    for one in books.account["transactions"]:
        if one["createdfrom"] == ours["id"]:
            one["createdfrom"] = by_hand["id"]
    ours["id"], by_hand["id"] = by_hand["id"], ours["id"]


def sell_the_damaged_unit(books: Books) -> None:
    place = next(row for row in books.account["ledger"] if row["sellable"])["location"]
    receipts = {one["id"] for one in books.first.receipts}
    row = next(row for row in books.account["ledger"] if row["transaction"] in receipts and not row["sellable"])
    row |= {"sellable": True, "location": place}


def sell_and_undo(books: Books) -> None:
    """It was offered for a while, even if the document is gone by now."""
    receipt = books.first.receipts[0]
    rows = [row for row in books.account["ledger"] if row["transaction"] == receipt["id"]]
    other = books.copy(receipt, lines=[], deleted=True)
    for sign in (1, -1):
        row = dict(rows[0]) | {"transaction": other["id"], "quantity": sign, "sellable": True}
        books.account["ledger"].append(row)


def pass_nothing(books: Books) -> None:
    books.passed[books.returns[0]] = {}


def transfer_to_the_shelf(books: Books) -> None:
    """Under our name, and for no return at all."""
    moved = books.copy(books.first.receipts[0], type="InvTrnfr", createdfrom=None)
    books.account["transactions"][-1]["externalid"] = "shelf"
    books.account["ledger"].append(
        dict(books.account["ledger"][-1])
        | {"transaction": moved["id"], "type": "InvTrnfr", "quantity": 1, "sellable": True}
    )


def take_in(books: Books, *, is_sellable: bool = False, count: int = 1) -> None:
    """An adjustment of ours under the name of the first return."""
    receipt = books.first.receipts[0]
    (row,) = [one for one in books.account["ledger"] if one["transaction"] == receipt["id"]]
    adjusted = books.copy(receipt, type="InvAdjst", createdfrom=None)
    books.account["transactions"][-1]["externalid"] = f"loop-northwind-{books.returns[0]}-take-in-1"
    moved = {"transaction": adjusted["id"], "type": "InvAdjst", "quantity": count, "sellable": is_sellable}
    books.account["ledger"].append(dict(row) | moved)


def sku_of_the_first(books: Books) -> str:
    return str(books.first.receipts[0]["lines"][0]["sku"])


def take_in_what_nobody_found(books: Books) -> None:
    take_in(books)


def take_in_more_than_was_found(books: Books) -> None:
    take_in(books, count=3)
    books.found[books.returns[0]] = {sku_of_the_first(books): 1}


def forget_what_was_found(books: Books) -> None:
    books.found[books.returns[0]] = {sku_of_the_first(books): 1}


def take_in_to_the_shelf(books: Books) -> None:
    take_in(books, is_sellable=True)
    books.found[books.returns[0]] = {sku_of_the_first(books): 1}


def exempt(books: Books, **changes: Any) -> None:
    """The first unit was passed by nobody; an exemption names it, and Loop restocked it."""
    books.passed[books.returns[0]] = {}
    until = date.fromisoformat(books.first.receipts[0]["trandate"])
    values: dict[str, Any] = {"skus": (f"{sku_of_the_first(books)[:3]}*",), "until": until}
    books.exemptions["northwind"] = Exemption(**values | changes)
    for unit in books.loop_return(0)["units"]:
        unit["restock_location_id"] = 7


def exempt_another_sku(books: Books) -> None:
    exempt(books, skus=("NOTHING",))


def exempt_until_the_day_before(books: Books) -> None:
    exempt(books, until=date.fromisoformat(books.first.receipts[0]["trandate"]) - timedelta(days=1))


def exempt_what_loop_did_not_restock(books: Books) -> None:
    exempt(books)
    for unit in books.loop_return(0)["units"]:
        unit["restock_location_id"] = None


def credit_a_cent_more(books: Books) -> None:
    credit = books.first.credits[0]
    credit["total"] = f"{float(credit['total']) + 0.01:.2f}"


def pay_five_cents_less(books: Books) -> None:
    row = books.loop_return(1)
    row["amount_paid_out"] = f"{float(row['amount_paid_out']) - 0.05:.2f}"


def pay_by_card(books: Books) -> None:
    books.account["card_operations"] = 2


def write_without_id(books: Books) -> None:
    next(row for row in books.account["log"] if row["who"] == "api" and row["action"] == "create")["externalid"] = None


def delete_the_credit(books: Books) -> None:
    for one in (*books.first.credits, *books.first.refunds):
        one["deleted"] = True


def receive_by_hand_on_top(books: Books) -> None:
    books.copy(books.first.receipts[0], late_s=5, by=PERSON)


def move_to_the_shelf_by_hand(books: Books) -> None:
    """Our receipt, but their change: theirs to answer for, and for us to tell."""
    sell_the_damaged_unit(books)
    receipts = {one["id"] for one in books.first.receipts}
    made = [row for row in books.account["log"] if row["record_id"] in receipts]
    books.account["log"] += [row | {"who": "person", "action": "update"} for row in made]


PLANTS: list[tuple[Callable[[Books], None], str, int]] = [
    (drop_credit, "lost", 1),
    (forget_everything, "lost", 1),
    (leave_it_open_in_loop, "lost", 1),
    (leave_the_credit_open, "lost", 1),
    (leave_the_authorization_of_a_cancelled_return, "lost", 1),
    (authorise_twice, "duplicates", 2),
    (receive_twice, "duplicates", 1),
    (credit_units_twice, "duplicates", 2),
    (refund_twice, "duplicates", 1),
    (exchange_twice, "duplicates", 1),
    (settle_twice, "duplicates", 1),
    (grade_twice, "duplicates", 1),
    (post_beside_a_person, "duplicates", 2),
    (sell_the_damaged_unit, "uninspected_sellable", 1),
    (sell_and_undo, "uninspected_sellable", 1),
    (pass_nothing, "uninspected_sellable", 1),
    (transfer_to_the_shelf, "uninspected_sellable", 1),
    (take_in_what_nobody_found, "duplicates", 1),
    (take_in_more_than_was_found, "duplicates", 2),
    (forget_what_was_found, "lost", 1),
    (take_in_to_the_shelf, "uninspected_sellable", 1),
    (exempt_another_sku, "uninspected_sellable", 1),
    (exempt_until_the_day_before, "uninspected_sellable", 1),
    (exempt_what_loop_did_not_restock, "uninspected_sellable", 1),
    (credit_a_cent_more, "cents_unexplained", 1),
    (pay_five_cents_less, "cents_unexplained", 5),
    (pay_by_card, "card_operations", 2),
    (write_without_id, "writes_without_external_id", 1),
    (delete_the_credit, "divergences_without_case", 1),
    (receive_by_hand_on_top, "divergences_without_case", 1),
    (move_to_the_shelf_by_hand, "divergences_without_case", 1),
]


@pytest.mark.parametrize(("plant", "invariant", "count"), PLANTS, ids=[one[0].__name__ for one in PLANTS])
def test_a_planted_violation_is_counted_and_nothing_else(
    books: Books, plant: Callable[[Books], None], invariant: str, count: int
) -> None:
    plant(books)

    assert books.broken() == {invariant: count}, books.verdict().findings


def test_what_an_administrator_let_through_is_counted_apart(books: Books) -> None:
    exempt(books)

    assert (books.broken(), books.verdict().exempt) == ({}, 1)


def test_receipt_that_was_undone_and_made_again_offers_its_unit_once(books: Books) -> None:
    """A person deleted it before we heard that it was made, so we made it anew."""
    receipt, ledger = books.first.receipts[0], books.account["ledger"]
    place, row = next((at, one) for at, one in enumerate(ledger) if one["transaction"] == receipt["id"])
    undone = books.copy(receipt, lines=[], deleted=True)
    ledger[place:place] = [row | {"transaction": undone["id"], "quantity": sign * row["quantity"]} for sign in (1, -1)]

    assert "uninspected_sellable" not in books.broken()


def test_what_was_found_and_taken_in_is_in_order(books: Books) -> None:
    take_in(books, count=2)
    books.found[books.returns[0]] = {sku_of_the_first(books): 2}

    assert books.broken() == {}


def test_kit_that_nobody_passed_counts_for_nothing(books: Books) -> None:
    (kit,) = books.account["kits"]
    pieces = sum(member["quantity"] for member in kit["members"])

    assert pieces > 1
    assert units_passed(books.account, {"SOCKS": 1}) == 1
    assert units_passed(books.account, {kit["sku"]: 1, "SOCKS": 1}) == pieces + 1


def test_kit_is_taken_in_as_what_it_is_made_of(books: Books) -> None:
    (kit,) = books.account["kits"]
    books.found[books.returns[0]] = {kit["sku"]: 1}
    for member in kit["members"]:
        take_in(books, count=member["quantity"])
        books.account["ledger"][-1]["item"] = member["item"]

    assert books.broken() == {}


def test_every_invariant_of_the_books_has_a_plant() -> None:
    by_calls = {"calls_above_lanes", "second_writes"}
    by_our_own_chain = {"broken_audit_chain"}
    assert {one[1] for one in PLANTS} | by_calls | by_our_own_chain == set(INVARIANTS)


# --- What a case explains, and what it does not


@pytest.mark.parametrize("plant", [drop_credit, delete_the_credit, receive_by_hand_on_top])
def test_what_a_case_tells_of_is_not_lost(books: Books, plant: Callable[[Books], None]) -> None:
    plant(books)
    books.cases[books.returns[0]] = {"foreign_record"}

    assert books.broken() == {}


@pytest.mark.parametrize(("code", "cents"), [("amount_differs", 0), ("loop_settled_early", 1)])
def test_only_a_case_about_what_is_booked_explains_a_cent(books: Books, code: str, cents: int) -> None:
    credit_a_cent_more(books)
    books.cases[books.returns[0]] = {code}

    assert books.verdict().as_json()["cents_unexplained"] == cents


@pytest.mark.parametrize("plant", [authorise_twice, sell_the_damaged_unit, settle_twice])
def test_no_case_excuses_what_we_did_twice_or_unseen(books: Books, plant: Callable[[Books], None]) -> None:
    plant(books)
    books.cases[books.returns[0]] = {"foreign_record"}

    assert books.broken()


def test_who_crossed_with_another_hand_only_has_to_say_so(books: Books) -> None:
    """Both were on their way at once: nobody could have seen the other."""
    post_beside_a_person(books)
    ours, by_hand = (next(one for one in books.first.rmas if one["created_by"] == who) for who in ("api", PERSON))
    by_hand["created_at"] = ours["created_at"]

    assert books.broken() == {"divergences_without_case": 1}
    books.cases[books.returns[0]] = {"foreign_record"}
    assert books.broken() == {}


@pytest.mark.parametrize(("late_s", "is_found"), [(60, False), (-60, True)])
def test_a_unit_that_left_after_it_was_authorised_is_no_duplicate(books: Books, late_s: int, is_found: bool) -> None:
    """Whether its line was closed since is a matter of completeness; one that had left before is ours to explain."""
    rma = books.first.rmas[0]
    left_at = datetime.fromisoformat(rma["created_at"]) + timedelta(seconds=late_s)
    unit = books.loop_return(0)["units"][1]
    unit["removed"] = True
    row = {"at": str(left_at), "action": "remove", "content": {"line_item_ids": [unit["line_item_id"]]}}
    next(shop for shop in books.dump["loop"].values() if shop["returns"])["log"].append(row)

    findings = "; ".join(books.verdict().findings)

    assert (f"{rma['tranid']} has 1 unit(s) authorised too many" in findings) is is_found


# --- Calls


def call(began: float, ended: float, **values: Any) -> Json:
    return {
        "number": 1, "system": "netsuite", "subject": "A", "operation": "create creditMemo", "started": began,
        "ended": ended, "status": 204, "fault": None, "is_gone": False, "external_id": "", "digest": "",
    } | values  # fmt: skip


def broken_calls(*rows: Json, lanes: int = 2) -> Json:
    tally, verdict = CallTally(), Verdict()
    for row in rows:
        tally.note(row)
    check_calls(tally, lanes=lanes, verdict=verdict)
    return {name: count for name, count in verdict.as_json().items() if count}


def test_more_calls_at_once_than_lanes_are_counted() -> None:
    at_once = [call(0, 10), call(1, 9), call(2, 3)]

    assert broken_calls(*at_once) == {"calls_above_lanes": 1}
    assert broken_calls(*at_once, lanes=3) == {}
    assert broken_calls(call(0, 1), call(0, 1), call(1, 2)) == {}


@pytest.mark.parametrize(
    "values", [{"is_gone": True}, {"status": 429}, {"status": None}, {"operation": "token"}, {"subject": "B"}]
)
def test_calls_abandoned_refused_or_elsewhere_take_no_lane(values: Json) -> None:
    assert broken_calls(call(0, 10), call(1, 9), call(2, 3, **values)) == {}


def test_calls_that_were_abandoned_are_told() -> None:
    tally = CallTally()
    tally.note(call(0, 1, is_gone=True))

    assert (tally.calls, tally.abandoned) == (1, 1)


def write(began: float, digest: str, **values: Any) -> Json:
    return call(began, began + 0.5, external_id="loop-1-rma-1", digest=digest, **values)


def test_other_content_after_it_was_done_is_a_second_write() -> None:
    assert broken_calls(write(0, "a"), write(1, "b", status=400)) == {"second_writes": 1}


def test_the_same_again_or_anew_before_it_was_done_is_none() -> None:
    assert broken_calls(write(0, "a"), write(1, "a", status=400)) == {}
    assert broken_calls(write(0, "a", status=400), write(1, "b"), write(2, "b", status=400)) == {}
