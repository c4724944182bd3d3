"""Everything that fits the filter is sent again with one press, after a look at what that would do (I2, I4, I12)."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from exceptions import bulk
from exceptions.cases import sync_cases
from exceptions.models import CaseMember
from exceptions.queue import visible_cases
from exceptions.taking import take
from integrations.models import Shop
from returnsops.people.models import AuditEvent, Membership, Role, User
from returnsops.posting.models import Posting
from tests.builders import make_shop, make_user
from tests.pages.scenes import make_case, make_planned_return, make_refused_posting

DRY_RUN = "/exceptions/retry/"


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


def refuse(shop: Shop, number: int, *, words: str = "The period is closed.") -> Posting:
    row = make_planned_return(shop, loop_id=str(110700130 + number), lines=1)
    return make_refused_posting(row, words=words)


def shown_members(text: str) -> str:
    return text.split('name="members" value="')[1].split('"')[0]


def press(client: Client, text: str, query: str = "", **data: Any) -> Any:
    values = {"members": shown_members(text), "reason": "The script is mended."} | data
    return client.post(DRY_RUN + query, values, follow=True)


def statuses() -> list[str]:
    return sorted(Posting.objects.values_list("status", flat=True))


def test_the_queue_leads_to_the_dry_run_with_its_filters(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    refuse(shop, 2)

    text = finance.get("/exceptions/?shop=fern&page=1").text

    assert "2 cases are about a refused document." in text
    assert 'href="/exceptions/retry/?shop=fern"' in text


def test_a_queue_without_refusals_offers_no_retry(finance: Client, shop: Shop) -> None:
    make_case(make_planned_return(shop))

    assert "/exceptions/retry/" not in finance.get("/exceptions/").text


def test_the_dry_run_says_what_would_happen_and_changes_nothing(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    hopeless = refuse(shop, 2)
    Posting.objects.filter(pk=hopeless.pk).update(refusal={"family": "invalid_request"})
    make_case(make_planned_return(shop, loop_id="110700140", lines=1))
    before = list(Posting.objects.values().order_by("pk"))

    text = finance.get(DRY_RUN).text

    assert "Send 1 again" in text
    assert "The period is closed." in text
    assert "Unchanged it would be refused again" in text
    assert "1 other case<" in text
    assert list(Posting.objects.values().order_by("pk")) == before
    assert not AuditEvent.objects.filter(action="retried").exists()


def test_what_was_shown_is_sent_again_with_its_reason(finance: Client, finn: User, shop: Shop) -> None:
    refuse(shop, 1)
    refuse(shop, 2)

    answer = press(finance, finance.get(DRY_RUN).text)

    assert "2 documents sent again." in answer.text
    assert statuses() == ["pending", "pending"]
    assert {(event.actor, event.reason) for event in AuditEvent.objects.filter(action="retried")} == {
        (finn, "The script is mended.")
    }


def test_what_came_after_the_look_is_not_sent(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    text = finance.get(DRY_RUN).text
    refuse(shop, 2)

    press(finance, text)

    assert statuses() == ["pending", "rejected"]


def test_what_moved_on_meanwhile_keeps_nobody_back(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    gone = refuse(shop, 2)
    text = finance.get(DRY_RUN).text
    Posting.objects.filter(pk=gone.pk).update(status=Posting.Status.PENDING)

    answer = press(finance, text)

    assert "1 document sent again. 1 not: It is not refused any more." in answer.text


def test_a_case_that_closed_meanwhile_is_counted(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    gone = refuse(shop, 2)
    text = finance.get(DRY_RUN).text
    CaseMember.objects.filter(loop_return=gone.loop_return).delete()

    assert "1 document sent again. 1 not: The case is closed." in press(finance, text).text


@pytest.mark.parametrize("query", ["", "?status=open", "?whose=nobody"])
def test_a_case_that_a_colleague_took_meanwhile_is_sent_all_the_same(finance: Client, shop: Shop, query: str) -> None:
    taken = refuse(shop, 1)
    text = finance.get(DRY_RUN + query).text
    case = CaseMember.objects.get(loop_return=taken.loop_return).case
    take(case, by=make_user(Role.FINANCE, shop))

    answer = press(finance, text, query)

    assert "1 document sent again." in answer.text
    assert "closed" not in answer.text.split("1 document sent again.")[1].split("<")[0]
    assert statuses() == ["pending"]


def test_only_what_fits_the_filter_is_sent(finance: Client, finn: User, shop: Shop) -> None:
    moss = make_shop("moss")
    Membership.objects.create(user=finn, shop=moss, role=Role.FINANCE)
    refuse(shop, 1)
    refuse(moss, 2)

    press(finance, finance.get(DRY_RUN + "?shop=moss").text, "?shop=moss")

    assert set(Posting.objects.filter(status="pending").values_list("shop__code", flat=True)) == {"moss"}


def test_other_shops_are_out_of_reach(finance: Client, shop: Shop) -> None:
    theirs = refuse(make_shop("moss"), 1)
    member = CaseMember.objects.get(loop_return=theirs.loop_return)

    assert "Nothing here can be sent again" in finance.get(DRY_RUN).text
    finance.post(DRY_RUN, {"members": str(member.pk), "reason": "Mended."})
    assert statuses() == ["rejected"]


def test_without_the_right_the_reason_is_shown(client: Client, shop: Shop, ada: User) -> None:
    refuse(shop, 1)
    client.force_login(ada)

    text = client.get(DRY_RUN).text

    assert "Nothing here can be sent again" in text
    assert "Your role in Fern does not include it." in text


@pytest.mark.parametrize("data", [{"reason": ""}, {"members": "1,x"}, {"members": ""}])
def test_a_form_that_is_not_whole_sends_nothing(finance: Client, shop: Shop, data: dict[str, str]) -> None:
    refuse(shop, 1)

    answer = press(finance, finance.get(DRY_RUN).text, **data)

    assert answer.status_code == 422
    assert statuses() == ["rejected"]


def test_one_press_has_a_bound_and_says_so(finance: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "RETRIED_MAX", 1)
    refuse(shop, 1)
    refuse(shop, 2)

    text = finance.get(DRY_RUN).text

    assert "Send 1 again" in text
    assert "1 more" in text


def test_closed_cases_are_left_alone(shop: Shop, finn: User) -> None:
    posting = refuse(shop, 1)
    sync_cases(posting.loop_return, [])

    assert bulk.count_retryable(visible_cases(finn)) == 0
    assert bulk.plan_retry(visible_cases(finn), finn).members == []


def test_the_dry_run_asks_the_database_as_often_for_many_documents_as_for_one(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    finance.get(DRY_RUN)

    with assertNumQueries(12):
        finance.get(DRY_RUN)
    for number in range(2, 6):
        refuse(shop, number)
    with assertNumQueries(12):
        assert "Send 5 again" in finance.get(DRY_RUN).text


def test_long_list_is_told_by_words_and_folds(finance: Client, shop: Shop) -> None:
    for number in range(22):
        refuse(shop, number, words="The item is inactive." if number % 2 else "No location.")

    text = finance.get(DRY_RUN).text

    assert text.count("11 documents") == 2
    assert "Show the other 2" in text
    assert text.count('class="row-link"') == 22
    assert "22 documents can be sent again, unchanged." in text


def test_what_stays_stands_above_the_list(finance: Client, shop: Shop) -> None:
    refuse(shop, 1)
    make_case(make_planned_return(shop, loop_id="110700140"))

    text = finance.get(DRY_RUN).text

    assert text.index("Stays as it is") < text.index("Would be sent")
