"""What people do about pauses. Screens, API and admin call these same functions.

Each raises PermissionDenied without the right in every shop concerned, and NotPossibleError when the facts do not allow
it; then nothing was changed.
"""

from django.db import IntegrityError, transaction

from integrations.models import NetSuiteAccount, Shop
from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.posting.models import Pause
from returnsops.posting.pause_words import what_stands_still
from returnsops.posting.resuming import end_pause, try_cause
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.plan.hinges import ACCOUNT, FLOWS, flow_key, shop_key


@transaction.atomic
def pause_by(user: User, account: NetSuiteAccount, *, shop: Shop | None, flow: str, reason: str) -> Pause:
    """Hold what is not sent yet: of a shop or of all shops of the account, one flow or everything."""
    _require_all(user, account, shop)
    if not reason.strip():
        raise NotPossibleError("Say why: everybody who waits for it reads the reason.")
    if flow and flow not in FLOWS:
        raise NotPossibleError(f"There is no flow «{flow}». There are {', '.join(sorted(FLOWS))}.")
    key = key_of(shop, flow)
    try:
        with transaction.atomic():
            pause = Pause.objects.create(
                account=account, shop=shop, key=key, code=Pause.Code.BY_PERSON, reason=reason.strip(),
                opened_at=clock.now(), opened_by=user,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotPossibleError(_stands_already(account, key)) from error
    nudge("pauses")
    _record(user, "paused", pause, reason=reason.strip())
    return pause


@transaction.atomic
def resume_by(user: User, pause: Pause, *, reason: str = "") -> Pause:
    """End a person's pause, or have one posting try whether a cause is gone. Gives the pause as it is then."""
    if pause.code == Pause.Code.BY_PERSON:
        _require_all(user, pause.account, pause.shop)
        if not end_pause(pause, by=user, because=reason.strip()):
            raise NotPossibleError("It has ended already. Reload the page.")
        _record(user, "resumed", pause, reason=reason.strip() or "Resumed by hand")
    else:
        _require_any(user, pause.account)
        probe = try_cause(pause, by=user, reason=reason.strip())
        _record(user, "tried cause", pause, reason=reason.strip() or "The cause is gone", after=str(probe or ""))
    nudge("pauses")
    pause.refresh_from_db()
    return pause


def key_of(shop: Shop | None, flow: str) -> str:
    if flow:
        return flow_key(flow, shop=shop.code if shop else "")
    return shop_key(shop.code) if shop else ACCOUNT


def shops_concerned(account: NetSuiteAccount, shop: Shop | None) -> list[Shop]:
    return [shop] if shop else list(account.shops.order_by("pk"))


def may_pause(user: User, account: NetSuiteAccount, shop: Shop | None) -> bool:
    return all(access.may(user, "pause", shop=one) for one in shops_concerned(account, shop))


def _require_all(user: User, account: NetSuiteAccount, shop: Shop | None) -> None:
    for one in shops_concerned(account, shop):
        access.require(user, "pause", shop=one)


def _require_any(user: User, account: NetSuiteAccount) -> None:
    """One of its shops is enough to let one posting try: only NetSuite can say that a cause is gone."""
    shops = shops_concerned(account, None)
    if not any(access.may(user, "pause", shop=one) for one in shops):
        access.require(user, "pause", shop=shops[0])


def _stands_already(account: NetSuiteAccount, key: str) -> str:
    known = Pause.objects.live().select_related("opened_by").filter(account=account, key=key).first()
    if known is None:
        return "It was paused and resumed just now. Reload the page."
    who = f" by {known.opened_by}" if known.opened_by else ""
    return f"{what_stands_still(known)} is paused already{who}: {known.reason}"


def _record(user: User, action: str, pause: Pause, *, reason: str, after: str = "") -> None:
    concerned = pause.shop or pause.account.shops.order_by("pk").first()
    audit.record_event(user, action, pause, shop=concerned, after=after or pause.key, reason=reason)
