"""Which policy a shop follows, and the one door to a new version."""

from typing import Any

from django.db import transaction
from django.db.models import Max

from integrations.models import NetSuiteAccount, Shop
from returnsops.people import audit
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.policy import Policy, parse_policy
from returnsops.returns.replan import ask_for_plan


def active_policy(shop: Shop) -> Policy:
    """The shop's rules; a shop without a version follows the defaults, which only observe."""
    version = PolicyVersion.objects.filter(shop=shop, active=True).first()
    return parse_policy(version.rules) if version else Policy()


def active_policies(account: NetSuiteAccount) -> dict[Shop, Policy]:
    """The rules of every shop whose books are in this account."""
    versions = {one.shop_id: one for one in PolicyVersion.objects.filter(shop__account=account, active=True)}
    return {
        shop: parse_policy(versions[shop.pk].rules) if shop.pk in versions else Policy()
        for shop in account.shops.order_by("code")
    }


@transaction.atomic
def activate_policy(shop: Shop, rules: dict[str, Any], *, by: User | None, reason: str) -> PolicyVersion:
    """Make a new version and follow it from now on. Raises ValidationError for nonsense and contradictions."""
    parse_policy(rules)
    former = PolicyVersion.objects.select_for_update().filter(shop=shop, active=True).first()
    if former and former.rules == rules:
        return former
    number = (PolicyVersion.objects.filter(shop=shop).aggregate(last=Max("number"))["last"] or 0) + 1
    PolicyVersion.objects.filter(shop=shop, active=True).update(active=False)
    version = PolicyVersion.objects.create(
        shop=shop, number=number, rules=rules, active=True, made_by=by, reason=reason
    )
    unsettled = LoopReturn.objects.filter(shop=shop).exclude(stage=LoopReturn.Stage.SETTLED)
    ask_for_plan(unsettled.values_list("pk", flat=True))
    audit.record_event(
        by, "activated policy", version, shop=shop, before=former and former.rules, after=rules, reason=reason
    )
    return version
