"""Reading cases and acting on them: the same functions and rights as the screens."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from exceptions.actions import acknowledge, choose_line
from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.people.models import AuditEvent, Role, User
from returnsops.posting.models import Posting
from returnsops.returns.models import Approval, LoopReturn, Override
from tests.api.conftest import API, client_of_tool, make_member
from tests.builders import make_due, make_posting, make_return, make_user

SEEN = "a" * 64
QUERIES_LIST, QUERIES_DETAIL = 3, 8

Login = Callable[[User], APIClient]


@pytest.fixture
def differing(row: LoopReturn) -> CaseMember:
    """Loop paid three cents less than NetSuite would credit."""
    return make_member(row, amount="0.03", detail=(("Tax", "0.03 USD"),))


@pytest.fixture
def refused(row: LoopReturn) -> CaseMember:
    """A receipt that NetSuite refused: its period is closed."""
    posting = make_posting(
        row, make_due("receipt"), status=Posting.Status.REJECTED, refusal={"family": "period_closed"}
    )
    return make_member(row, "posting_refused", subject=f"posting:{posting}", posting=posting.external_id)


def act(client: APIClient, member: CaseMember, name: str, **values: Any) -> Any:
    return client.post(f"{API}/cases/{member.case_id}/{name}/", {"return": member.loop_return_id, **values})


def found(client: APIClient, query: str) -> set[int]:
    answer = client.get(f"{API}/cases/?{query}")
    assert answer.status_code == 200, answer.content
    return {one["id"] for one in answer.json()["results"]}


# --- Reading ---------------------------------------------------------------------------------------


def test_case_adds_up_its_returns(as_person: Login, finn: User, shop: Shop, differing: CaseMember) -> None:
    for number, amount in enumerate(["1.50", "2.25"]):
        row = make_return(shop, loop_id=str(100 + number))
        make_member(row, "mapping_missing", subject="tender:paypal", amount=amount, seen_hash="")

    [newest, _] = as_person(finn).get(f"{API}/cases/").json()["results"]

    assert newest["title"] == "A mapping is missing in the policy"
    assert newest["returns"] == 2
    assert newest["at_stake"] == [{"amount": "3.75", "currency": "USD", "returns": 2}]


def test_return_that_left_is_not_added(as_person: Login, finn: User, shop: Shop, differing: CaseMember) -> None:
    other = make_member(make_return(shop, loop_id="100"), subject=differing.case.subject, amount="9.00")
    CaseMember.objects.filter(pk=other.pk).update(left_at=other.joined_at)

    [told] = as_person(finn).get(f"{API}/cases/").json()["results"]

    assert (told["returns"], told["at_stake"][0]["amount"]) == (1, "0.03")


def test_closed_case_tells_what_it_was_about(as_person: Login, finn: User, differing: CaseMember) -> None:
    Case.objects.update(status="closed", closed_at=differing.joined_at)
    CaseMember.objects.update(left_at=differing.joined_at)

    told = as_person(finn).get(f"{API}/cases/{differing.case_id}/").json()

    assert (told["returns"], told["at_stake"][0]["amount"]) == (1, "0.03")
    assert told["offers"] == {"return": None, "actions": []}
    assert len(told["members"]) == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", True),
        ("status=open", True),
        ("status=taken", False),
        ("status=taken&status=open", True),
        ("code=amount_differs", True),
        ("code=posting_refused", False),
        ("shop=fern", True),
        ("assignee=finn", False),
        ("mine=true", False),
        ("mine=false", True),
    ],
)
def test_filter(as_person: Login, finn: User, differing: CaseMember, query: str, expected: bool) -> None:
    assert found(as_person(finn), query) == ({differing.case_id} if expected else set())


def test_taken_case_is_found_by_who_took_it(as_person: Login, finn: User, fay: User, differing: CaseMember) -> None:
    as_person(finn).post(f"{API}/cases/{differing.case_id}/take/")

    for query in ("assignee=finn", "status=taken"):
        assert found(as_person(fay), query) == {differing.case_id}
    assert found(as_person(finn), "mine=true") == {differing.case_id}
    assert found(as_person(fay), "mine=true") == set()


def test_cases_of_a_return(as_person: Login, finn: User, differing: CaseMember) -> None:
    assert found(as_person(finn), f"return={differing.loop_return_id}") == {differing.case_id}
    assert found(as_person(finn), "return=99999999") == set()


@pytest.mark.parametrize("query", ["status=lost", "code=x", "shop=moss", "return=x", "who=finn"])
def test_filter_that_makes_no_sense_is_refused(as_person: Login, finn: User, other_shop: Shop, query: str) -> None:
    assert as_person(finn).get(f"{API}/cases/?{query}").status_code == 400


def test_case_tells_what_happened_and_what_to_do(as_person: Login, fay: User, differing: CaseMember) -> None:
    told = as_person(fay).get(f"{API}/cases/{differing.case_id}/").json()

    [member] = told["members"]
    assert member["return"] == differing.loop_return_id
    assert (member["seen_hash"], member["amount"], member["currency"]) == (SEEN, "0.03", "USD")
    assert member["detail"] == [{"name": "Tax", "value": "0.03 USD"}]
    assert [event["kind"] for event in told["events"]] == ["joined", "opened"]
    assert told["advice"].startswith("Approve to book the difference")
    [offer] = told["offers"]["actions"]
    assert (offer["name"], offer["allowed"], offer["refused"]) == ("approve", True, "")


def test_offer_says_why_not(as_person: Login, ada: User, differing: CaseMember) -> None:
    [offer] = as_person(ada).get(f"{API}/cases/{differing.case_id}/").json()["offers"]["actions"]

    assert not offer["allowed"]
    assert offer["refused"] == "Your role in Fern does not include it."


def test_offers_of_the_return_asked_for(as_person: Login, fay: User, shop: Shop) -> None:
    members = [
        make_member(make_return(shop, loop_id=str(100 + number)), subject="same", amount=amount)
        for number, amount in enumerate(["1.00", "2.00"])
    ]
    address = f"{API}/cases/{members[0].case_id}/"

    client = as_person(make_user(Role.FINANCE, shop, limit="1.50"))
    first = client.get(address).json()["offers"]
    second = client.get(f"{address}?return={members[1].loop_return_id}").json()["offers"]

    assert (first["return"], first["actions"][0]["allowed"]) == (members[0].loop_return_id, True)
    assert (second["return"], second["actions"][0]["allowed"]) == (members[1].loop_return_id, False)
    assert client.get(f"{address}?return=99999999").status_code == 404
    assert client.get(f"{address}?return=x").status_code == 400


def test_all_members_and_events_come_in_pages(as_person: Login, finn: User, differing: CaseMember) -> None:
    client, address = as_person(finn), f"{API}/cases/{differing.case_id}"

    assert [one["return"] for one in client.get(f"{address}/members/").json()["results"]] == [differing.loop_return_id]
    page = client.get(f"{address}/events/?page_size=1").json()
    assert [one["kind"] for one in page["results"]] == ["joined"]
    assert [one["kind"] for one in client.get(page["next"]).json()["results"]] == ["opened"]


def test_list_costs_the_same_for_one_and_for_many(
    as_person: Login, finn: User, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool = client_of_tool(shop)
    tool.get(f"{API}/cases/")
    for number in range(3):
        make_member(make_return(shop, loop_id=str(100 + number)), amount="1.00")
        with django_assert_num_queries(QUERIES_LIST):
            tool.get(f"{API}/cases/")


def test_detail_costs_the_same_for_one_and_for_many_returns(
    shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool = client_of_tool(shop, role=Role.FINANCE)
    tool.get(f"{API}/cases/")
    for number in range(3):
        member = make_member(make_return(shop, loop_id=str(100 + number)), subject="same", amount="1.00")
        with django_assert_num_queries(QUERIES_DETAIL):
            tool.get(f"{API}/cases/{member.case_id}/")


# --- Acting ----------------------------------------------------------------------------------------


def test_finance_approves_what_it_saw(as_person: Login, fay: User, differing: CaseMember) -> None:
    answer = act(as_person(fay), differing, "approve", seen_hash=SEEN, reason="Tax rounding")

    assert answer.status_code == 200
    approval = Approval.objects.get()
    assert (approval.approver, approval.seen_hash, approval.reason) == (fay, SEEN, "Tax rounding")
    newest = answer.json()["events"][0]
    assert (newest["kind"], newest["actor"]["username"]) == ("approved", "fay")
    assert newest["return"] == differing.loop_return_id
    assert AuditEvent.objects.filter(actor=fay, action="approved").count() == 1


def test_figures_that_moved_are_not_approved(as_person: Login, fay: User, differing: CaseMember) -> None:
    answer = act(as_person(fay), differing, "approve", seen_hash="b" * 64)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert "changed while you looked" in answer.json()["message"]
    assert not Approval.objects.exists()


def test_who_corrected_does_not_approve(as_person: Login, finn: User, fay: User, row: LoopReturn) -> None:
    choose_line(make_member(row, "unit_not_on_order"), unit="387001", line="3", by=finn, reason="Seen on the order")
    member = make_member(row, amount="0.03")

    assert act(as_person(finn), member, "approve", seen_hash=SEEN).status_code == 409
    assert act(as_person(fay), member, "approve", seen_hash=SEEN).status_code == 200


def test_limit_holds_for_tools_too(shop: Shop, row: LoopReturn) -> None:
    client = client_of_tool(shop, role=Role.FINANCE, name="bot")
    User.objects.get(username="bot@fern").memberships.update(approval_limit="10.00")

    answer = act(client, make_member(row, amount="10.01"), "approve", seen_hash=SEEN)

    assert answer.status_code == 409
    assert "above your approval limit" in answer.json()["message"]


def test_refused_document_is_retried(as_person: Login, finn: User, refused: CaseMember) -> None:
    answer = act(as_person(finn), refused, "retry")

    assert answer.status_code == 200
    assert Posting.objects.get().status == Posting.Status.PENDING
    assert act(as_person(finn), refused, "retry").status_code == 409


def test_date_is_corrected(as_person: Login, finn: User, refused: CaseMember) -> None:
    answer = act(as_person(finn), refused, "correct-date", tran_date="2026-11-02", reason="October is closed")

    assert answer.status_code == 200
    override = Override.objects.get()
    assert (override.kind, override.subject, override.value) == ("tran_date", "receipt", "2026-11-02")


def test_line_is_chosen(as_person: Login, dana: User, row: LoopReturn) -> None:
    member = make_member(row, "unit_not_on_order")

    answer = act(as_person(dana), member, "choose-line", unit="387001", line="3", reason="Seen on the order")

    assert answer.status_code == 200
    assert Override.objects.get().value == "3"


def test_problem_is_acknowledged(as_person: Login, finn: User, row: LoopReturn) -> None:
    member = make_member(row, "settled_differently", amount="5.00")

    answer = act(as_person(finn), member, "acknowledge", reason="Recovered by journal 77")

    assert answer.status_code == 200
    assert Override.objects.get().kind == Override.Kind.ACKNOWLEDGE


def test_note_is_written_by_whoever_may_read(as_person: Login, shop: Shop, differing: CaseMember) -> None:
    care = make_user(Role.CARE, shop, username="cleo")

    answer = as_person(care).post(f"{API}/cases/{differing.case_id}/notes/", {"text": "The customer called."})

    newest = answer.json()["events"][0]
    assert (newest["kind"], newest["text"], newest["actor"]["username"]) == ("note", "The customer called.", "cleo")


def test_case_is_taken(as_person: Login, finn: User, differing: CaseMember) -> None:
    told = as_person(finn).post(f"{API}/cases/{differing.case_id}/take/").json()

    assert (told["status"], told["assignee"]["username"]) == ("taken", "finn")


def test_action_that_does_not_help_is_refused(as_person: Login, finn: User, differing: CaseMember) -> None:
    assert act(as_person(finn), differing, "retry").status_code == 409


ACTIONS: dict[str, dict[str, Any]] = {
    "approve": {"seen_hash": SEEN},
    "correct-date": {"tran_date": "2026-11-02", "reason": "why"},
    "choose-line": {"unit": "387001", "line": "3", "reason": "why"},
    "retry": {},
    "acknowledge": {"reason": "why"},
    "notes": {"text": "a note"},
    "take": {},
}


@pytest.mark.parametrize("name", ["approve", "correct-date", "choose-line", "retry", "acknowledge", "take"])
def test_customer_care_only_reads_and_notes(as_person: Login, shop: Shop, differing: CaseMember, name: str) -> None:
    answer = act(as_person(make_user(Role.CARE, shop)), differing, name, **ACTIONS[name])

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Approval.objects.exists()
    assert not Override.objects.exists()


@pytest.mark.parametrize("name", ACTIONS)
def test_case_of_another_shop_is_not_there(as_person: Login, finn: User, foreign_row: LoopReturn, name: str) -> None:
    member = make_member(foreign_row, amount="1.00")

    answer = act(as_person(finn), member, name, **ACTIONS[name])

    assert answer.status_code == 404
    assert member.case.events.exclude(kind__in=["opened", "joined"]).count() == 0


def test_return_outside_the_case_is_not_there(as_person: Login, fay: User, shop: Shop, differing: CaseMember) -> None:
    other = make_return(shop, loop_id="999")

    answer = as_person(fay).post(f"{API}/cases/{differing.case_id}/approve/", {"return": other.pk, "seen_hash": SEEN})

    assert answer.status_code == 404
    assert "is not in case" in answer.json()["message"]


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("approve", {}, "seen_hash"),
        ("approve", {"seen_hash": SEEN, "return": "x"}, "return"),
        ("approve", {"seen_hash": SEEN, "return": None}, "return"),
        ("correct-date", {"tran_date": "2026-13-01", "reason": "why"}, "tran_date"),
        ("correct-date", {"tran_date": "0026-11-01", "reason": "why"}, "tran_date"),
        ("correct-date", {"tran_date": "2026-11-01", "reason": " "}, "reason"),
        ("choose-line", {"unit": "387001", "reason": "why"}, "line"),
        ("acknowledge", {"reason": "x" * 2001}, "reason"),
        ("notes", {"text": ""}, "text"),
    ],
)
def test_what_makes_no_sense_is_refused(
    as_person: Login, fay: User, differing: CaseMember, name: str, values: dict[str, Any], field: str
) -> None:
    answer = act(as_person(fay), differing, name, **values)

    assert answer.status_code == 400
    assert list(answer.json()["extra"]["fields"]) == [field]


def test_closed_case_is_told_as_such(as_person: Login, finn: User, row: LoopReturn) -> None:
    member = make_member(row, "settled_differently", amount="5.00")
    acknowledge(member, by=finn, reason="Recovered")
    Case.objects.update(status="closed", closed_at=member.joined_at)

    answer = act(as_person(finn), member, "acknowledge", reason="again")

    assert answer.status_code == 409
    assert answer.json()["message"] == "The case is closed."
