"""What the pages of a policy show."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import reverse

from integrations.models import Shop
from integrations.profile import AccountFacts, account_profile
from returnsops.lib import clock
from returnsops.pages.policies.form import RulesForm
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting.what_if import Step, replay
from returnsops.returns.models import PolicyVersion, ShadowVerdict
from returnsops.returns.policies import active_policy, what_is_known
from returnsops.returns.policy import Ownership, Policy
from returnsops.returns.policy_fit import find_doubts
from returnsops.returns.policy_reading import parse_policy, parse_stored
from returnsops.returns.policy_words import Change, Sentence, compare_policies, describe_policy

RIGHT = "change the policy"
VERSIONS_OPEN, VERSIONS_MAX = 10, 200  # shown at once; with those that can be folded out
DIFFERENCES_SHOWN_MAX = 200
DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"))
REASON_CHARS_MAX = 500
RULES_CHARS_MAX = 100_000
Card = dict[str, Any]


class ActivateForm(forms.Form):
    """The draft, and why it should hold. base: the version that it was shown beside, 0 for none."""

    rules = forms.CharField(widget=forms.HiddenInput, max_length=RULES_CHARS_MAX)
    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.CharField(
        label="Why", max_length=REASON_CHARS_MAX, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Stays with the version and your name.",
    )  # fmt: skip
    override = forms.BooleanField(
        label="Follow these rules although another program writes the same documents", required=False,
        help_text="Only after a refusal that speaks of two writers. The reason says why it is right.",
    )  # fmt: skip

    def clean_rules(self) -> Card:
        return read_rules(self.cleaned_data["rules"])

    def refuse(self, why: ValidationError, *, base: int) -> None:
        """The draft is shown once more, beside the version that is in force now."""
        self.data = dict(self.data.items()) | {"base": base}
        self.add_error(None, why)


class WhatIfForm(forms.Form):
    """Where a step of trying a draft begins, and what the steps before it found."""

    rules = forms.CharField(max_length=RULES_CHARS_MAX)
    days = forms.TypedChoiceField(choices=DAYS, coerce=int)
    below = forms.IntegerField(required=False, min_value=1)
    looked = forms.IntegerField(required=False, min_value=0)
    changed = forms.IntegerField(required=False, min_value=0)

    def clean_rules(self) -> Card:
        return read_rules(self.cleaned_data["rules"])


def read_rules(text: str) -> Card:
    """Rules as a page carried them. Raises ValidationError for what is no policy."""
    try:
        rules = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValidationError("The draft was cut off on its way. Go back and preview it again.") from error
    if not isinstance(rules, dict):
        raise ValidationError("The draft holds no rules. Go back and preview it again.")
    parse_policy(rules)
    return rules


def find_shop(user: User, code: str) -> Shop:
    shop = Shop.objects.visible_to(user).select_related("account").filter(code=code).first()
    if shop is None:
        raise Http404("You see no such shop.")
    return shop


def describe_shops(user: User) -> Card:
    """The context of pages/policies/list.html."""
    shops = Shop.objects.visible_to(user).order_by("name", "pk")
    active = {one.shop_id: one for one in PolicyVersion.objects.filter(active=True).select_related("made_by")}
    rows = [
        {"shop": shop, "version": active.get(shop.pk), "href": reverse("policy", args=[shop.code])} for shop in shops
    ]
    return {"now": clock.now(), "rows": rows}


def describe_rules(user: User, shop: Shop, *, number: int | None = None) -> Card:
    """The context of pages/policies/policy.html: the rules in force, or those of one version with what it changed."""
    versions = PolicyVersion.objects.filter(shop=shop).select_related("made_by")
    shown = versions.filter(number=number).first() if number else versions.filter(active=True).first()
    if number and shown is None:
        raise Http404("There is no such version.")
    former = versions.filter(number__lt=shown.number).order_by("-number").first() if shown else None
    known, policy = _known(shop), _policy_of(shown)
    return {
        "now": clock.now(),
        "shop": shop,
        "version": shown,
        "former": former,
        "topics": _by_topic(describe_policy(policy, known)),
        "changes": _change_rows(compare_policies(_policy_of(former), policy, known)) if number and former else [],
        "versions": _versions(shop),
        "is_past": number is not None,
        "doubts": [] if number else find_doubts(policy, what_is_known(shop)),
        "may_change": access.may(user, RIGHT, shop=shop),
        "has_shadow": Ownership.SHADOW in policy.ownership.values() or ShadowVerdict.objects.filter(shop=shop).exists(),
    }


def _versions(shop: Shop) -> Card:
    """The newest, and those that somebody must ask for."""
    rows = PolicyVersion.objects.filter(shop=shop).select_related("made_by").order_by("-number")
    shown = list(rows.defer("rules")[:VERSIONS_MAX])
    count = rows.count() if len(shown) == VERSIONS_MAX else len(shown)
    return {
        "newest": shown[:VERSIONS_OPEN],
        "others": shown[VERSIONS_OPEN:],
        "count": count,
        "unseen": count - len(shown),
    }


def describe_form(shop: Shop, form: RulesForm) -> Card:
    """The context of pages/policies/change.html."""
    known = _known(shop)
    return {
        "now": clock.now(),
        "shop": shop,
        "form": form,
        "places": _listed(known.locations if known else None),
        "items": _listed(known.items if known else None),
    }


def describe_draft(shop: Shop, rules: Card, *, form: ActivateForm | None = None) -> Card:
    """The context of pages/policies/preview.html: what the draft changes, in words, before it holds."""
    known, draft = _known(shop), parse_policy(rules)
    return {
        "now": clock.now(),
        "shop": shop,
        "rules": json.dumps(rules),
        "changes": _change_rows(compare_policies(active_policy(shop), draft, known)),
        "topics": _by_topic(describe_policy(draft, known)),
        "doubts": find_doubts(draft, what_is_known(shop)),
        "form": form or ActivateForm(initial={"rules": json.dumps(rules), "base": number_in_force(shop)}),
        "days": DAYS,
    }


def describe_trial(shop: Shop, asked: Card) -> Card:
    """The context of pages/policies/_what_if.html. asked: what WhatIfForm cleaned."""
    step = replay(
        shop,
        parse_policy(asked["rules"]),
        days=asked["days"],
        below_pk=asked["below"],
        looked_before=asked["looked"] or 0,
    )
    looked = (asked["looked"] or 0) + step.looked
    changed = (asked["changed"] or 0) + len(step.differences)
    return {
        "now": clock.now(),
        "shop": shop,
        "rules": json.dumps(asked["rules"]),
        "days": asked["days"],
        "step": step,
        "looked": looked,
        "changed": changed,
        "is_full": changed >= DIFFERENCES_SHOWN_MAX,
        "percent": _percent(looked, step),
    }


def number_in_force(shop: Shop) -> int:
    """0: no version yet."""
    version = PolicyVersion.objects.filter(shop=shop, active=True).first()
    return version.number if version else 0


def rules_in_force(shop: Shop) -> Card:
    version = PolicyVersion.objects.filter(shop=shop, active=True).first()
    return dict(version.rules) if version else {}


def _percent(looked: int, step: Step) -> int:
    return 100 if step.next_pk is None else min(99, 100 * looked // max(step.to_look_at, 1))


def _known(shop: Shop) -> AccountFacts | None:
    profile = account_profile(shop.account)
    return profile.facts if profile else None


def _policy_of(version: PolicyVersion | None) -> Policy:
    return parse_stored(version.rules) if version else Policy()


def _by_topic(sentences: Iterable[Sentence]) -> list[tuple[str, list[str]]]:
    return [(topic, [one.text for one in same]) for topic, same in groupby(sentences, key=lambda one: one.topic)]


def _change_rows(changes: Iterable[Change]) -> list[Card]:
    return [{"label": one.topic, "before": one.before, "after": one.after} for one in changes]


def _listed(known: Any) -> list[Card]:
    return [{"id": one_id, "name": one.name} for one_id, one in sorted((known or {}).items())]
