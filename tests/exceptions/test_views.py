"""The queue and the case page: what is shown to whom, and what pressing a button does."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from exceptions import views
from exceptions.cases import CONNECTION, sync_cases, sync_source
from exceptions.models import Case, CaseMember
from exceptions.queue_page import subject_words
from exceptions.views import LOOKS_AFTER_ACTION
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import AuditEvent, Membership, Role, User
from returnsops.posting.models import Posting
from returnsops.returns.models import Approval, LoopReturn, Override
from returnsops.returns.problems import Problem
from tests.builders import make_item, make_line, make_netsuite, make_record, make_shop
from tests.pages.scenes import make_case, make_planned_return, make_refused_posting

QUEUE_QUERIES = 12
CASE_QUERIES = 18
HTMX = {"HX-Request": "true"}


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_planned_return(shop)


@pytest.fixture
def case(row: LoopReturn) -> Case:
    """Loop and NetSuite differ by three cents; finance has to approve."""
    detail = (("1 × item 501", "72.00 USD"), ("Total", "72.03 USD"))
    return make_case(
        row, seen_hash="hash-1", expected="Credit by NetSuite 72.00 USD", found="Paid by Loop 72.03 USD", detail=detail
    )


def member_of(case: Case) -> CaseMember:
    return CaseMember.objects.get(case=case)


def act(client: Client, case: Case, name: str, **data: Any) -> Any:
    headers = data.pop("headers", {})
    return client.post(f"/exceptions/{case.pk}/{name}/", {"member": member_of(case).pk} | data, headers=headers)


def join(case: Case, shop: Shop, loop_id: str) -> LoopReturn:
    row = make_planned_return(shop, loop_id=loop_id, lines=1)
    sync_cases(row, [Problem(case.code, case.subject, "The same.", amount=Decimal("10.00"))])
    return row


# --- The queue -------------------------------------------------------------------------------------


def test_one_row_for_one_thing_to_decide(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "sku_unmapped", subject="sku:TEE-9", cause="NetSuite has no item.", amount=Decimal("5.00"))
    join(case, shop, "110700131")
    join(case, shop, "110700132")

    text = finance.get("/exceptions/").text

    assert text.count('class="row-link"') == 1
    assert "SKU not found in NetSuite" in text
    assert "SKU TEE-9" in text
    assert "25.00" in text
    assert re.search(r'data-label="Returns" class="num cell-told">3<', text)


def test_tabs_show_their_counts(finance: Client, finn: User, case: Case) -> None:
    assert 'id="tab-open-count">1<' in finance.get("/exceptions/").text

    finance.post(f"/exceptions/{case.pk}/take/")
    text = finance.get("/exceptions/?status=taken").text

    assert 'id="tab-taken-count">1<' in text
    assert "finn" in text


def test_an_empty_queue_is_good_news(finance: Client, shop: Shop) -> None:
    assert "Nothing is open" in finance.get("/exceptions/").text
    assert "Nobody works on a case" in finance.get("/exceptions/?status=taken").text
    assert "No case was closed yet" in finance.get("/exceptions/?status=closed").text


def test_filters_that_find_nothing_show_the_way_back(finance: Client, case: Case) -> None:
    text = finance.get("/exceptions/?code=sku_unmapped").text

    assert "No case fits" in text
    assert 'href="/exceptions/"' in text


@pytest.mark.parametrize(
    "query", ["q=110700123", "q=20418", "code=amount_differs", "shop=fern", "whose=nobody", "order=newest"]
)
def test_each_filter_finds_it(finance: Client, case: Case, query: str) -> None:
    assert f'id="case-{case.pk}"' in finance.get(f"/exceptions/?{query}").text


@pytest.mark.parametrize("query", ["q=nothing", "code=sku_unmapped", "whose=mine", "status=closed", "shop=moss"])
def test_each_filter_leaves_it_out(finance: Client, case: Case, query: str) -> None:
    assert f'id="case-{case.pk}"' not in finance.get(f"/exceptions/?{query}").text


def test_mine_are_those_i_took(finance: Client, case: Case) -> None:
    finance.post(f"/exceptions/{case.pk}/take/")

    assert f'id="case-{case.pk}"' in finance.get("/exceptions/?status=taken&whose=mine").text


def test_the_detail_stands_beside_the_list(finance: Client, case: Case) -> None:
    text = finance.get(f"/exceptions/?case={case.pk}").text

    assert f'id="case-{case.pk}"' in text
    assert 'id="detail"' in text
    assert "data-current" in text
    assert 'aria-label="Close the detail"' in text


def test_htmx_gets_list_and_detail_without_the_shell(finance: Client, case: Case) -> None:
    part = finance.get(f"/exceptions/?case={case.pk}", headers=HTMX).text

    assert "<html" not in part
    assert 'id="queue"' in part
    assert 'id="detail"' in part


def test_other_shops_are_not_seen(finance: Client, shop: Shop) -> None:
    case = make_case(make_planned_return(make_shop("moss"), loop_id="110700130"))

    assert "Nothing is open" in finance.get("/exceptions/").text
    assert 'id="detail"' not in finance.get(f"/exceptions/?case={case.pk}").text
    assert finance.get(f"/exceptions/{case.pk}/").status_code == 404
    for name in ("approve", "take", "note"):
        assert finance.post(f"/exceptions/{case.pk}/{name}/", {"text": "x"}).status_code == 404


def test_nonsense_in_the_address_is_no_fault(finance: Client, case: Case) -> None:
    assert finance.get("/exceptions/?status=x&case=y&page=z&member=w&order=v").status_code == 200
    assert finance.get(f"/exceptions/{case.pk}/?member=abc&page=-1&looks=999").status_code == 200


def test_the_number_of_queries_does_not_grow(finance: Client, shop: Shop, finn: User) -> None:
    Membership.objects.create(user=finn, shop=make_shop("moss"), role=Role.FINANCE)
    for number in range(4):
        make_case(make_planned_return(shop, loop_id=f"11070013{number}", lines=1))
    finance.get("/exceptions/")

    with assertNumQueries(QUEUE_QUERIES):
        finance.get("/exceptions/")


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("sku:TEE-9", "SKU TEE-9"),
        ("return:110700123", "Return 110700123"),
        ("posting:loop-fern-110700123-customer-refund-2", "Customer Refund of return 110700123"),
        ("posting:loop-two-words-110700123-rma-1", "Return Authorization of return 110700123"),
        ("posting:loop-fern-110700123-credit-1:3fa91c02", "Credit Memo of return 110700123"),
        ("record:8201:open:57.76", "Record 8201"),
        ("return:110700123:payments", "Return 110700123"),
        ("posting:odd", "odd"),
        ("netsuite:NetSuite 1234567_SB1", "NetSuite 1234567_SB1"),
        ("something else", "something else"),
    ],
)
def test_subjects_are_told_in_words(subject: str, words: str) -> None:
    assert subject_words(Case(subject=subject)) == words


# --- The case page ---------------------------------------------------------------------------------


def test_a_case_shows_both_values_and_the_document_row_by_row(finance: Client, case: Case) -> None:
    make_item()

    text = finance.get(f"/exceptions/{case.pk}/").text

    assert "Differs by 0.03 USD tax." in text
    assert "Credit by NetSuite" in text
    assert "72.03 USD" in text
    assert "0.03 USD" in text
    assert "1 × BOOT-42 BOOT-42 in NetSuite" in text
    assert 'name="seen_hash" value="hash-1"' in text
    assert "It does not move stock and pays no card." in text


def test_a_refusal_shows_their_words_and_our_explanation(finance: Client, row: LoopReturn) -> None:
    make_refused_posting(row, words="The <period> is closed.")
    case = Case.objects.get(code="posting_refused")

    text = finance.get(f"/exceptions/{case.pk}/").text

    assert "The &lt;period&gt; is closed." in text
    assert "The accounting period of its date is closed." in text
    assert "Retry now" in text
    assert "Attempt 1" in text


def test_what_a_role_may_not_do_is_greyed_with_the_reason(client: Client, case: Case, ada: User) -> None:
    client.force_login(ada)

    text = client.get(f"/exceptions/{case.pk}/").text

    assert "Your role in Fern does not include it." in text
    assert "/approve/" not in text


def test_an_unknown_sku_leads_to_its_mapping(client: Client, row: LoopReturn, dana: User) -> None:
    case = make_case(row, "sku_unmapped", subject="sku:TEE 9/M", cause="NetSuite has no item named TEE 9/M.")
    client.force_login(dana)

    text = client.get(f"/exceptions/{case.pk}/").text

    assert f"/admin/returns/skumapping/add/?shop={row.shop_id}&amp;sku=TEE+9%2FM" in text
    assert "Map this SKU" in text


def test_the_returns_of_a_case_are_paged(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "sku_unmapped", subject="sku:TEE-9", cause="None.", amount=Decimal(0))
    for number in range(21):
        join(case, shop, str(110700140 + number))

    first = finance.get(f"/exceptions/{case.pk}/").text
    second = finance.get(f"/exceptions/{case.pk}/?page=2").text

    assert "1 to 20 of 22" in first
    assert "21 to 22 of 22" in second


def test_another_return_of_the_case_can_be_looked_at(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "sku_unmapped", subject="sku:TEE-9", cause="The first says so.")
    other = join(case, shop, "110700140")

    text = finance.get(f"/exceptions/{case.pk}/?member={other.case_members.get(case=case).pk}").text

    assert "The same." in text


def test_failure_of_a_connection_is_told_in_words_and_leads_to_its_page(finance: Client, shop: Shop) -> None:
    written = "loop get_return: status=503; detail=HTTP 503; body=<h1>503 Service Unavailable</h1>"
    sync_source(shop, CONNECTION, [Problem("connection_down", "loop:Fern", "Loop does not answer.", words=written)])

    text = finance.get(f"/exceptions/{Case.objects.get().pk}/").text

    assert '<blockquote class="words">Loop answered 503: HTTP 503</blockquote>' in text
    assert "503 Service Unavailable" in text
    assert re.search(r'class="btn" href="/connections/"', text)


def test_a_connection_has_a_case_without_returns(finance: Client, shop: Shop) -> None:
    sync_source(shop, CONNECTION, [Problem("connection_down", "loop:Fern", "Loop has not answered since 09:40 UTC.")])
    case = Case.objects.get()

    text = finance.get(f"/exceptions/{case.pk}/").text

    assert "Loop has not answered since 09:40 UTC." in text
    assert "goes on by itself" in text


def test_a_case_without_returns_shows_their_words_and_what_is_missing(finance: Client, shop: Shop) -> None:
    right = (("Right of the role", "Transactions › Find Transaction: View"),)
    problem = Problem("reading_refused", "netsuite:x", "NetSuite does not tell.", words="You lack it.", detail=right)
    sync_source(shop, CONNECTION, [problem])

    text = finance.get(f"/exceptions/{Case.objects.get().pk}/").text

    assert "You lack it." in text
    assert "Transactions › Find Transaction: View" in text


def test_a_case_without_returns_says_what_is_so_now(finance: Client, shop: Shop) -> None:
    sync_source(shop, CONNECTION, [Problem("connection_refused", "netsuite:x", "Stopped.", words="INVALID_LOGIN")])
    sync_source(shop, CONNECTION, [Problem("connection_refused", "netsuite:x", "Stopped.", words="Role is inactive")])

    text = finance.get(f"/exceptions/{Case.objects.get().pk}/").text

    assert "Role is inactive" in text
    assert "INVALID_LOGIN" not in text


def test_a_closed_case_offers_nothing(finance: Client, row: LoopReturn, case: Case) -> None:
    sync_cases(row, [])

    text = finance.get(f"/exceptions/{case.pk}/").text

    assert "Closed" in text
    assert "Approve and go on" not in text
    assert "Take it" not in text


def test_the_number_of_queries_of_a_case_is_bounded(finance: Client, case: Case) -> None:
    finance.get(f"/exceptions/{case.pk}/")

    with assertNumQueries(CASE_QUERIES):
        finance.get(f"/exceptions/{case.pk}/")


# --- Acting ----------------------------------------------------------------------------------------


def test_approving_keeps_who_saw_what(finance: Client, case: Case, finn: User) -> None:
    answer = act(finance, case, "approve", seen_hash="hash-1", reason="Tax of the state.")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/exceptions/{case.pk}/"
    approval = Approval.objects.get()
    assert (approval.approver, approval.seen_hash, approval.reason) == (finn, "hash-1", "Tax of the state.")


def test_after_an_action_one_is_back_where_one_was(finance: Client, case: Case) -> None:
    ours = act(finance, case, "approve", seen_hash="hash-1", next="/exceptions/?code=amount_differs")
    theirs = finance.post(f"/exceptions/{case.pk}/take/", {"next": "https://example.com/"})

    assert ours.headers["Location"] == "/exceptions/?code=amount_differs"
    assert theirs.headers["Location"] == f"/exceptions/{case.pk}/"


def test_figures_that_moved_meanwhile_are_not_approved(finance: Client, case: Case) -> None:
    answer = act(finance, case, "approve", seen_hash="hash-0")

    assert answer.status_code == 422
    assert "The figures changed while you looked." in answer.text
    assert not Approval.objects.exists()


def test_htmx_gets_the_case_the_counts_and_the_message(finance: Client, case: Case) -> None:
    answer = act(finance, case, "approve", seen_hash="hash-1", headers=HTMX)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'id="nav-exceptions-count" hx-swap-oob="true"' in answer.text
    assert 'id="messages" hx-swap-oob="beforeend"' in answer.text
    assert "The credit is posted next." in answer.text
    assert f"looks={LOOKS_AFTER_ACTION - 1}" in answer.text


def test_looking_again_by_itself_comes_to_an_end(finance: Client, row: LoopReturn, case: Case) -> None:
    address = f"/exceptions/{case.pk}/?looks="

    assert "looks=0" in finance.get(address + "1", headers=HTMX).text
    assert "looks=" not in finance.get(address + "0", headers=HTMX).text
    sync_cases(row, [])
    assert "looks=" not in finance.get(address + "5", headers=HTMX).text


def test_without_the_right_nothing_happens_and_it_says_why(client: Client, case: Case, ada: User) -> None:
    client.force_login(ada)

    answer = act(client, case, "approve", seen_hash="hash-1")

    assert answer.status_code == 422
    assert "you need the role" in answer.text
    assert not Approval.objects.exists()


def test_who_corrected_cannot_approve(finance: Client, row: LoopReturn, case: Case, finn: User) -> None:
    Override.objects.create(
        loop_return=row, kind="tran_date", subject="all", value="2026-11-20", reason="Closed", author=finn,
        created_at=row.created_at,
    )  # fmt: skip

    assert "You corrected this return yourself" in finance.get(f"/exceptions/{case.pk}/").text
    assert act(finance, case, "approve", seen_hash="hash-1").status_code == 422


def test_a_refused_document_is_sent_again(finance: Client, row: LoopReturn) -> None:
    posting = make_refused_posting(row)
    case = Case.objects.get(code="posting_refused")

    act(finance, case, "retry")

    posting.refresh_from_db()
    assert posting.status == Posting.Status.PENDING


def test_a_date_needs_a_reason_and_keeps_what_was_typed(finance: Client, row: LoopReturn) -> None:
    make_refused_posting(row)
    Posting.objects.update(kind="receipt")
    CaseMember.objects.update(left_at=None)
    case = Case.objects.get(code="posting_refused")

    answer = act(finance, case, "correct_date", tran_date="2026-11-19", reason="")

    assert answer.status_code == 422
    assert 'value="2026-11-19"' in answer.text
    assert "This field is required." in answer.text


def test_a_corrected_date_becomes_a_fact(finance: Client, row: LoopReturn) -> None:
    make_refused_posting(row)
    Posting.objects.update(kind="receipt")
    case = Case.objects.get(code="posting_refused")

    act(finance, case, "correct_date", tran_date="2026-11-19", reason="October is closed.")

    override = Override.objects.get()
    assert (override.kind, override.value, override.reason) == ("tran_date", "2026-11-19", "October is closed.")


def test_the_order_line_is_chosen_among_those_of_the_sale(finance: Client, row: LoopReturn) -> None:
    case = make_case(row, "unit_not_on_order", subject="unit:387002", cause="Not on it.")

    text = finance.get(f"/exceptions/{case.pk}/").text
    act(finance, case, "choose_line", unit="387002", line="3", reason="Bundle.")

    assert text.index('value="387002"') < text.index('value="387001"')
    assert "INV7001, line 3: 2 × BOOT-42" in text
    assert Override.objects.get().value == "3"


def test_a_line_names_its_bill_where_several_fit(finance: Client, row: LoopReturn) -> None:
    sale = make_netsuite("invoice", "7002", tran_id="INV7002", lines=(make_line("3"),))
    make_record(row, sale)
    case = make_case(row, "several_sales", subject="order:#20418", cause="Both fit.")

    act(finance, case, "choose_line", unit="387001", line="7002:3", reason="The other one was a mistake.")

    assert Override.objects.get().value == "7002:3"


def test_a_line_of_another_order_cannot_be_chosen(finance: Client, row: LoopReturn) -> None:
    case = make_case(row, "unit_not_on_order", subject="unit:387002", cause="Not on it.")

    assert act(finance, case, "choose_line", unit="387002", line="99", reason="Bundle.").status_code == 422
    assert not Override.objects.exists()


@pytest.mark.parametrize("code", ["connection_down", "connection_refused", "work_overdue"])
def test_case_of_a_connection_leads_to_it(finance: Client, shop: Shop, code: str) -> None:
    sync_source(shop, CONNECTION, [Problem(code, "sending to NetSuite", "It stands still.")])

    page = finance.get(f"/exceptions/{Case.objects.get().pk}/").text

    assert "Open Connections" in page
    assert "sending to NetSuite" in finance.get("/exceptions/").text


def test_one_note_goes_for_all_returns_of_a_case(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")
    join(case, shop, "110700140")

    answer = finance.post(
        f"/exceptions/{case.pk}/acknowledge/",
        {
            "member": case.members.earliest("pk").pk,
            "reason": "Automation switched off.",
            "for_all": clock.now().isoformat(),
        },
        follow=True,
    )

    assert Override.objects.filter(kind="acknowledge").count() == 2
    assert "2 returns" in answer.text


def test_one_note_does_not_go_for_what_joined_after_the_page_was_made(
    finance: Client, shop: Shop, row: LoopReturn
) -> None:
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")
    join(case, shop, "110700140")
    join(case, shop, "110700141")
    came_back = case.members.latest("pk")
    page = finance.get(f"/exceptions/{case.pk}/")
    (made_at,) = set(re.findall(r'name="for_all" value="([^"]+)"', page.text))
    CaseMember.objects.filter(pk=came_back.pk).update(left_at=clock.now())
    sync_cases(came_back.loop_return, [Problem(case.code, case.subject, "Settled once more.")])

    answer = finance.post(
        f"/exceptions/{case.pk}/acknowledge/",
        {"member": case.members.earliest("pk").pk, "reason": "Switched off.", "for_all": made_at},
        follow=True,
    )

    assert not Override.objects.filter(loop_return=came_back.loop_return).exists()
    assert "2 of 3 returns" in answer.text
    assert "1 more: press again." in answer.text


def test_page_that_does_not_say_when_it_was_made_settles_nothing(finance: Client, row: LoopReturn) -> None:
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")

    answer = act(finance, case, "acknowledge", reason="Seen.", for_all="on")

    assert answer.status_code == 422
    assert "Reload it" in answer.text
    assert not Override.objects.exists()


def test_one_note_goes_for_one_return_unless_said_otherwise(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")
    join(case, shop, "110700140")

    finance.post(f"/exceptions/{case.pk}/acknowledge/", {"member": case.members.earliest("pk").pk, "reason": "Seen."})

    assert Override.objects.get().loop_return == row


def test_an_action_that_does_not_help_is_refused(finance: Client, case: Case) -> None:
    answer = act(finance, case, "acknowledge", reason="Whatever.")

    assert answer.status_code == 422
    assert "This action does not help with this problem." in answer.text


def test_an_unknown_action_is_not_found(finance: Client, case: Case) -> None:
    assert act(finance, case, "explode").status_code == 404


def test_acting_is_never_a_link(finance: Client, case: Case) -> None:
    for name in ("approve", "take", "note"):
        assert finance.get(f"/exceptions/{case.pk}/{name}/").status_code == 405


def test_taking_a_case_moves_it_to_me(finance: Client, case: Case, finn: User) -> None:
    finance.post(f"/exceptions/{case.pk}/take/")

    case.refresh_from_db()
    assert (case.assignee, case.status) == (finn, Case.Status.TAKEN)
    assert "taken by finn" in finance.get(f"/exceptions/{case.pk}/").text


def test_care_may_note_but_not_take(client: Client, shop: Shop, case: Case, finn: User) -> None:
    Membership.objects.filter(user=finn).update(role=Role.CARE)
    client.force_login(finn)

    refused = client.post(f"/exceptions/{case.pk}/take/", follow=True)
    client.post(f"/exceptions/{case.pk}/note/", {"text": "The customer called."})

    assert "you need the role" in refused.text
    assert "The customer called." in client.get(f"/exceptions/{case.pk}/").text
    assert AuditEvent.objects.filter(action="wrote note").exists()


def test_an_empty_note_is_refused(finance: Client, case: Case) -> None:
    answer = finance.post(f"/exceptions/{case.pk}/note/", {"text": "  "})

    assert answer.status_code == 422
    assert "This field is required." in answer.text


# --- Pressed twice, pressed late --------------------------------------------------------------------


def test_second_press_does_not_fall_on_the_next_return(finance: Client, shop: Shop, row: LoopReturn) -> None:
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")
    other = join(case, shop, "110700140")
    press = {"member": case.members.earliest("pk").pk, "reason": "Agreed with this customer."}
    finance.post(f"/exceptions/{case.pk}/acknowledge/", press)
    sync_cases(row, [])

    answer = finance.post(f"/exceptions/{case.pk}/acknowledge/", press)

    assert not Override.objects.filter(loop_return=other).exists()
    assert answer.status_code == 422
    assert "is not in this case any more" in answer.text


def test_who_noted_for_all_hears_of_those_that_could_not_be(finance: Client, shop: Shop, row: LoopReturn) -> None:
    posting = make_refused_posting(row)
    case = make_case(row, "posting_refused", subject="record:8201", cause="Refused.", posting=posting.external_id)
    join(case, shop, "110700140")

    answer = finance.post(
        f"/exceptions/{case.pk}/retry/",
        {"member": case.members.earliest("pk").pk, "for_all": clock.now().isoformat()},
        follow=True,
    )

    assert "1 of 2 returns: Sent again." in answer.text
    assert "1 not: It is not refused any more." in answer.text


def test_one_press_for_all_says_how_many_are_left(
    finance: Client, shop: Shop, row: LoopReturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "FOR_ALL_MAX", 1)
    case = make_case(row, "loop_settled_early", subject="outcome:refund", cause="Before it was asked.")
    join(case, shop, "110700140")

    press = {"member": case.members.earliest("pk").pk, "reason": "Switched off.", "for_all": clock.now().isoformat()}
    answer = finance.post(f"/exceptions/{case.pk}/acknowledge/", press, follow=True)

    assert "1 of 2 returns" in answer.text
    assert "1 more: press again." in answer.text


@pytest.mark.parametrize(
    "address", ["?shop=%00", "?case=²", "{case}/?member=²", "{case}/?looks=²", "?case=" + "9" * 30]
)
def test_what_nobody_can_mean_is_no_fault(finance: Client, case: Case, address: str) -> None:
    assert finance.get("/exceptions/" + address.format(case=case.pk)).status_code == 200


@pytest.mark.parametrize("members", ["²", "9" * 30])
def test_list_of_documents_that_is_no_list_is_no_fault(finance: Client, case: Case, members: str) -> None:
    assert finance.post("/exceptions/retry/", {"members": members, "reason": "x"}).status_code in (302, 422)
