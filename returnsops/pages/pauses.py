"""What stands still: on Connections with the way to end it and to pause more, and as a banner on every page."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import Http404
from django.urls import reverse

from integrations.models import NetSuiteAccount, Shop
from returnsops.pages.connection_page import seen_connections
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pause_words import FLOW_NAMES, WILL_HOLD, WILL_NOT, what_stands_still
from returnsops.posting.pausing import may_pause, pause_by, resume_by

REASON_CHARS_MAX = 300
SHOWN_MAX = 50
EVERYTHING = "everything"
Card = dict[str, Any]


class PauseForm(forms.Form):
    """Where and what to pause, and why. Only places in which this person may do so are offered."""

    where = forms.ChoiceField(label="Where")
    flow = forms.ChoiceField(
        label="What",
        choices=[(EVERYTHING, "Everything"), *((key, name[:1].upper() + name[1:]) for key, name in FLOW_NAMES.items())],
    )  # fmt: skip
    reason = forms.CharField(
        label="Why", max_length=REASON_CHARS_MAX, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Everybody who waits for it reads this.",
    )  # fmt: skip
    use_required_attribute = True

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, auto_id="pause-%s")
        self.user = user
        self.places = places_of(user)
        self.fields["where"] = forms.ChoiceField(
            label="Where", choices=[(key, label) for key, (label, _, _) in self.places.items()]
        )

    def carry_out(self) -> Pause:
        said = self.cleaned_data
        _, account, shop = self.places[said["where"]]
        flow = "" if said["flow"] == EVERYTHING else said["flow"]
        return pause_by(self.user, account, shop=shop, flow=flow, reason=said["reason"])


def places_of(user: User) -> dict[str, tuple[str, NetSuiteAccount, Shop | None]]:
    """Where this person may pause: each shop, and each account in which they may do so for all of its shops."""
    shops = seen_connections(user)
    places: dict[str, tuple[str, NetSuiteAccount, Shop | None]] = {}
    for account in {shop.account_id: shop.account for shop in shops}.values():
        own = [shop for shop in shops if shop.account_id == account.pk]
        if may_pause(user, account, None):
            places[f"account:{account.pk}"] = (f"{account}, all its shops", account, None)
        for shop in own:
            if access.may(user, "pause", shop=shop):
                places[f"shop:{shop.pk}"] = (f"{shop.name} only", account, shop)
    return places


def describe_pauses(user: User, *, form: PauseForm | None = None) -> Card:
    """What pages/_pauses.html takes."""
    form = form or PauseForm(user=user)
    pauses = seen_pauses(user)
    return {
        "pauses": [_card(pause, count, user) for pause, count in count_waiting(pauses, user)],
        "pause_form": form if form.places else None,
        "will": [WILL_HOLD["account"], WILL_HOLD["shop"], WILL_HOLD["flow"]],
        "will_not": WILL_NOT,
    }


def seen_pauses(user: User) -> list[Pause]:
    rows = Pause.objects.live().visible_to(user).select_related("account", "shop", "opened_by", "tried_by", "probe")
    return list(rows.order_by("opened_at", "pk")[:SHOWN_MAX])


def count_waiting(pauses: Sequence[Pause], user: User) -> Iterable[tuple[Pause, int]]:
    """How many postings of this person's shops wait behind each: one query for all."""
    if not pauses:
        return []
    waiting = Posting.objects.visible_to(user).filter(status=Posting.Status.PENDING)
    counts = waiting.filter(account__in={pause.account_id for pause in pauses}).aggregate(
        **{
            f"pause_{pause.pk}": Count("pk", filter=Q(account=pause.account_id, hinges_on__contains=[pause.key]))
            for pause in pauses
        }
    )
    return [(pause, counts[f"pause_{pause.pk}"]) for pause in pauses]


def resume_pause_by(user: User, pk: int, *, reason: str) -> str:
    """Gives what happened, as a sentence. Raises Http404 unseen, and what `resume_by` raises."""
    pause = Pause.objects.visible_to(user).filter(pk=pk).select_related("account", "shop").first()
    if pause is None:
        raise Http404("You see no such pause.")
    what = what_stands_still(pause)
    after = resume_by(user, pause, reason=reason)
    if after.ended_at:
        return f"{what}: resumed. What waited goes on by itself."
    return f"{what}: {after.probe} goes first. If it is taken, all others follow."


def pause_banners(user: User) -> list[dict[str, str]]:
    """For every page: what stands still and for how many. A cause that nobody waits for disturbs nobody."""
    shown = [
        _banner(pause, count)
        for pause, count in count_waiting(seen_pauses(user), user)
        if count or pause.code == Pause.Code.BY_PERSON
    ]
    more = len(shown) - BANNERS_MAX
    if more <= 0:
        return shown
    rest = {"tone": "warn", "icon": "circle-pause", "title": f"{more} more things stand still.", "text": ""}
    return [*shown[:BANNERS_MAX], rest | {"href": _address(), "action": "See all"}]


BANNERS_MAX = 3


def _banner(pause: Pause, count: int) -> dict[str, str]:
    waits = f"{_postings(count)} {'waits' if count == 1 else 'wait'}."
    if pause.code == Pause.Code.BY_PERSON:
        text = f"{pause.opened_by}: {_as_sentence(pause.reason)} {waits}"
        return {
            "tone": "warn", "icon": "circle-pause", "title": f"{what_stands_still(pause)}: paused.", "text": text,
            "href": _address(), "action": "See what waits",
        }  # fmt: skip
    text = f"{pause.probe} is being tried. {waits}" if pause.probe else waits
    href = reverse("exceptions", query={"code": pause.code, "status": "open"})
    return {"tone": "bad", "icon": "circle-pause", "title": pause.reason, "text": text, "href": href,
            "action": "Open the case"}  # fmt: skip


def _card(pause: Pause, count: int, user: User) -> Card:
    by_person = pause.code == Pause.Code.BY_PERSON
    concerned = [pause.shop] if pause.shop else list(pause.account.shops.all())
    shops = [access.may(user, "pause", shop=shop) for shop in concerned]
    allowed = all(shops) if by_person else any(shops)
    reason = "" if allowed else "Your role does not include it."
    if pause.probe:
        reason = f"{pause.probe} is being tried just now."
    return {
        "pk": pause.pk,
        "tone": "warn" if by_person else "bad",
        "what": what_stands_still(pause),
        "place": str(pause.account),
        "reason": pause.reason,
        "words": pause.words,
        "who": str(pause.opened_by) if pause.opened_by else "ReturnsOps, after a refusal",
        "at": pause.opened_at,
        "waits": _postings(count),
        "tried": _tried(pause),
        "label": "Resume" if by_person else "The cause is gone",
        "will": "All that waited goes on by itself." if by_person
        else "One of the waiting documents goes first. If it is taken, all others follow.",
        "why_not": reason,
        "case_href": "" if by_person else reverse("exceptions", query={"code": pause.code, "status": "open"}),
    }  # fmt: skip


def _tried(pause: Pause) -> str:
    if pause.tried_at is None:
        return ""
    result = "under way" if pause.probe else "refused again"
    return f"{pause.tried_at:%-d %b, %H:%M} UTC by {pause.tried_by}: {result}"


def _postings(count: int) -> str:
    return "1 posting" if count == 1 else f"{count:,} postings"


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _address() -> str:
    return reverse("connections") + "#pauses"
