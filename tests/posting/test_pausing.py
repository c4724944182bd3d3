"""What people may pause and resume."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from pytest_django import DjangoCaptureOnCommitCallbacks

from integrations.models import Shop
from returnsops.lib import clock, nudge
from returnsops.people.models import AuditEvent, Membership, Role, User
from returnsops.posting.models import Pause
from returnsops.posting.pause_words import FLOW_NAMES, what_stands_still
from returnsops.posting.pausing import may_pause, pause_by, resume_by
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.hinges import FLOWS
from tests.builders import make_due, make_posting, make_shop
from tests.posting.test_pauses import make_pause

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("of_shop", "flow", "key", "words"),
    [
        (False, "", "account", "Everything for NetSuite 1234567_SB1"),
        (True, "", "shop:fern", "Everything of Fern"),
        (False, "receipt", "flow:receipt", "Item Receipts"),
        (True, "settle", "flow:settle@fern", "Requests to Loop to settle of Fern"),
    ],
)
def test_person_pauses_a_shop_or_an_account_whole_or_one_flow(
    shop: Shop, finn: User, of_shop: bool, flow: str, key: str, words: str
) -> None:
    pause = pause_by(finn, shop.account, shop=shop if of_shop else None, flow=flow, reason=" Stocktake ")

    assert (pause.key, pause.code, pause.reason, pause.opened_by) == (key, "by_person", "Stocktake", finn)
    assert what_stands_still(pause) == words
    event = AuditEvent.objects.order_by("-pk")[0]
    assert (event.action, event.actor, event.reason) == ("paused", finn, "Stocktake")


def test_resuming_tells_who_and_why(shop: Shop, finn: User, fay: User) -> None:
    pause = pause_by(finn, shop.account, shop=shop, flow="", reason="Stocktake")

    resume_by(fay, pause, reason="Counted")

    pause.refresh_from_db()
    assert (pause.ended_by, pause.ended_because) == (fay, "Counted")
    assert AuditEvent.objects.order_by("pk").last().action == "resumed"  # type: ignore[union-attr]


def test_pause_needs_a_reason_a_known_flow_and_must_not_stand_already(shop: Shop, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="Say why"):
        pause_by(finn, shop.account, shop=None, flow="", reason="  ")
    with pytest.raises(NotPossibleError, match="no flow «parcels»"):
        pause_by(finn, shop.account, shop=None, flow="parcels", reason="Stocktake")
    pause_by(finn, shop.account, shop=None, flow="", reason="Stocktake")
    with pytest.raises(NotPossibleError, match="paused already by finn: Stocktake"):
        pause_by(finn, shop.account, shop=None, flow="", reason="Me too")


def test_whole_account_takes_the_right_in_all_its_shops(shop: Shop, finn: User) -> None:
    other = make_shop("other", account=shop.account)

    assert not may_pause(finn, shop.account, None)
    assert may_pause(finn, shop.account, shop)
    with pytest.raises(PermissionDenied):
        pause_by(finn, shop.account, shop=None, flow="", reason="Stocktake")

    Membership.objects.create(user=finn, shop=other, role=Role.FINANCE)
    assert pause_by(finn, shop.account, shop=None, flow="", reason="Stocktake").pk


def test_who_may_not_pause_may_not_resume(shop: Shop, finn: User, dana: User) -> None:
    pause = pause_by(finn, shop.account, shop=shop, flow="", reason="Stocktake")

    with pytest.raises(PermissionDenied):
        resume_by(dana, pause)
    assert Pause.objects.live().count() == 1


def test_who_may_pause_in_one_shop_ends_no_pause_of_the_whole_account(shop: Shop, finn: User) -> None:
    pause = Pause.objects.create(
        account=shop.account, key="account", code="by_person", reason="x", opened_at=clock.now(), opened_by=finn
    )
    make_shop("other", account=shop.account)

    with pytest.raises(PermissionDenied):
        resume_by(finn, pause)
    assert Pause.objects.live().exists()


def test_who_may_pause_nowhere_tries_no_cause(shop: Shop, dana: User) -> None:
    pause = make_pause(shop, "period:2026-09")

    with pytest.raises(PermissionDenied):
        resume_by(dana, pause)
    assert Pause.objects.live().exists()


def test_who_waits_learns_at_once(
    shop: Shop,
    finn: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(nudge, "async_task", lambda roof, what, row_id, **options: sent.append(what))

    with django_capture_on_commit_callbacks(execute=True):
        pause = pause_by(finn, shop.account, shop=shop, flow="", reason="Stocktake")
    assert sent.count("pauses") == 1
    with django_capture_on_commit_callbacks(execute=True):
        resume_by(finn, pause)
    assert sent.count("pauses") == 2


def test_pause_of_one_shop_is_in_the_audit_of_that_shop(shop: Shop, finn: User) -> None:
    other = make_shop("other", account=shop.account)
    Membership.objects.create(user=finn, shop=other, role=Role.FINANCE)

    pause_by(finn, shop.account, shop=other, flow="", reason="Stocktake")

    assert AuditEvent.objects.order_by("-pk")[0].shop == other


def test_trying_a_cause_is_in_the_audit_with_what_goes_first(row: LoopReturn, finn: User) -> None:
    probe = make_posting(row, make_due("receipt", hinges_on=("period:2026-09",)))
    LoopReturn.objects.update(look_again_at=None)

    resume_by(finn, make_pause(row.shop, "period:2026-09"), reason=" Open again ")

    event = AuditEvent.objects.order_by("-pk")[0]
    assert (event.action, event.reason, event.after) == ("tried cause", "Open again", str(probe))


def test_stop_that_nobody_made_is_told_without_a_name(shop: Shop, finn: User) -> None:
    make_pause(shop, "flow:receipt", code="flow_stopped", reason="NetSuite refused 10 documents.")

    with pytest.raises(NotPossibleError, match=r"^Item Receipts is paused already: NetSuite refused 10 documents\.$"):
        pause_by(finn, shop.account, shop=None, flow="receipt", reason="Stocktake")


def test_pause_that_ended_while_another_was_made_is_told(
    shop: Shop, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stands(**columns: object) -> Pause:
        raise IntegrityError("one_live_pause")

    monkeypatch.setattr(Pause.objects, "create", stands)

    with pytest.raises(NotPossibleError, match="resumed just now. Reload"):
        pause_by(finn, shop.account, shop=shop, flow="", reason="Stocktake")


def test_resuming_twice_is_told(shop: Shop, finn: User) -> None:
    pause = pause_by(finn, shop.account, shop=shop, flow="", reason="Stocktake")
    resume_by(finn, pause)

    with pytest.raises(NotPossibleError, match="ended already"):
        resume_by(finn, pause)


def test_resuming_a_cause_lets_one_try_and_takes_the_right_in_one_shop(shop: Shop, finn: User) -> None:
    make_shop("other", account=shop.account)
    pause = Pause.objects.create(
        account=shop.account, key="period:2026-09", code="period_closed", reason="Closed", opened_at=clock.now()
    )

    resume_by(finn, pause, reason="Open")  # nothing waits

    assert Pause.objects.get().ended_by == finn


def test_pauses_of_others_shops_are_not_seen(shop: Shop, finn: User) -> None:
    other = make_shop("other", account=shop.account)
    values = {"account": shop.account, "code": "by_person", "reason": "x", "opened_at": clock.now(), "opened_by": finn}
    Pause.objects.create(key="account", **values)
    Pause.objects.create(key="shop:other", shop=other, **values)

    assert [one.key for one in Pause.objects.visible_to(finn)] == ["account"]


def test_every_flow_has_a_name() -> None:
    assert FLOW_NAMES.keys() == FLOWS
