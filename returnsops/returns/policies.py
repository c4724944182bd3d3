"""Which policy a shop follows, and the one door to a new version."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q

from integrations.models import NetSuiteAccount, Shop
from integrations.profile import account_profile
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.lib.locks import lock_until_commit
from returnsops.people import audit
from returnsops.people.models import User
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteRecord, PolicyVersion
from returnsops.returns.plan.exchange_orders import exchange_references
from returnsops.returns.policy import RECORD_KINDS, Policy
from returnsops.returns.policy_fit import Known, find_misfits
from returnsops.returns.policy_reading import parse_policy, parse_stored
from returnsops.returns.replan import ask_for_plan

EXCHANGES_SEEN_MAX = 200
RETURNS_COMPARED = 200


ACTIVE_VERSION = FixedQuery(
    lambda: PolicyVersion.objects.filter(shop=slot("shop_pk"), active=True).order_by().values("rules")
)


def active_policy(shop: Shop) -> Policy:
    """The shop's rules; a shop without a version follows the defaults, which only observe."""
    versions = ACTIVE_VERSION.ask(shop_pk=shop.pk)
    return parse_stored(versions[0].rules) if versions else Policy()


def active_policies(account: NetSuiteAccount) -> dict[Shop, Policy]:
    """The rules of every shop whose books are in this account."""
    versions = {one.shop_id: one for one in PolicyVersion.objects.filter(shop__account=account, active=True)}
    return {
        shop: parse_stored(versions[shop.pk].rules) if shop.pk in versions else Policy()
        for shop in account.shops.order_by("code")
    }


def what_is_known(shop: Shop) -> Known:
    """What rules of this shop are compared with."""
    profile = account_profile(shop.account)
    return Known(
        shop=shop.name,
        subsidiary_id=shop.account.subsidiary_id,
        facts=profile.facts if profile else None,
        category_field=shop.account.category_field,
        foreign_exchange_orders=_count_foreign_exchange_orders(shop),
    )


def refuse_misfits(shop: Shop, policy: Policy, *, override: bool) -> None:
    """Raises ValidationError naming everything that NetSuite contradicts. override: an administrator knows better."""
    misfits = find_misfits(policy, what_is_known(shop))
    wrong = [one.words for one in misfits if not (override and one.may_be_overridden)]
    if wrong:
        raise ValidationError(wrong)


@transaction.atomic
def activate_policy(
    shop: Shop, rules: dict[str, Any], *, by: User | None, reason: str, override: bool = False, base: int | None = None
) -> PolicyVersion:
    """Make a new version and follow it from now on.

    override: follow it although another program writes the same documents; the reason says why.
    base: number of the version in force when somebody looked at what the rules change, 0 for none; None: nobody did.
    Raises ValidationError for nonsense, contradictions, what the last check of the account contradicts, for rules that
    write where another shop of ours writes for the same Loop shop, and where another version came into force since
    somebody looked: they would undo it unseen.
    """
    policy = parse_policy(rules)
    lock_until_commit("policies")  # of two at once, the second sees the first
    former = PolicyVersion.objects.select_related("made_by").filter(shop=shop, active=True).first()
    if former and former.rules == rules:
        return former
    if former and base is not None and base != former.number:
        raise ValidationError(
            f"Version {former.number} of {former.made_by or 'ReturnsOps'} came into force meanwhile: {former.reason} "
            "What this draft would change now stands above: look at it, then activate it or start again."
        )
    refuse_misfits(shop, policy, override=override)
    _refuse_second_writer(shop, policy)
    number = (PolicyVersion.objects.filter(shop=shop).aggregate(last=Max("number"))["last"] or 0) + 1
    PolicyVersion.objects.filter(shop=shop, active=True).update(active=False)
    version = PolicyVersion.objects.create(
        shop=shop, number=number, rules=rules, active=True, made_by=by, reason=reason
    )
    unsettled = LoopReturn.objects.filter(shop=shop).exclude(stage=LoopReturn.Stage.SETTLED)
    ask_for_plan(unsettled.values_list("pk", flat=True))
    audit.record_event(
        by,
        "activated policy against the check" if override else "activated policy",
        version,
        shop=shop,
        before=former and former.rules,
        after=rules,
        reason=reason,
    )
    return version


def _refuse_second_writer(shop: Shop, policy: Policy) -> None:
    """A shop that is added anew, as from a NetSuite sandbox to production, has another key to the same Loop shop."""
    others = _shops_with_same_returns(shop) if _writes(policy) else []
    for other in others:
        if _writes(active_policy(other)):
            raise ValidationError(
                f"{other} shows the same returns of Loop and writes into {other.account}: all would be done twice. "
                f"Set the rules of {other} to «observe» first."
            )


def _writes(policy: Policy) -> bool:
    return any(policy.writes(kind) for kind in RECORD_KINDS)


def _shops_with_same_returns(shop: Shop) -> list[Shop]:
    """By the newest, the creation of each beside its id: those of a sandbox begin at one."""
    newest = LoopReturn.objects.filter(shop=shop).order_by("-created_at", "-pk").values_list("loop_id", "created_at")
    known = dict(newest[:RETURNS_COMPARED])
    same = LoopReturn.objects.filter(loop_id__in=known).exclude(shop=shop).select_related("shop__account")
    return list({row.shop_id: row.shop for row in same if row.created_at == known[row.loop_id]}.values())


def _count_foreign_exchange_orders(shop: Shop) -> int:
    """Among the latest exchanges of this shop, orders that somebody else brought into NetSuite."""
    latest = ExchangeItem.objects.filter(loop_return__shop=shop).exclude(exchange_order_id="", exchange_order_name="")
    pairs = latest.order_by("-pk").values_list("exchange_order_id", "exchange_order_name")[:EXCHANGES_SEEN_MAX]
    names = exchange_references(list(pairs))
    orders = NetSuiteRecord.objects.filter(
        account=shop.account, record_type="salesOrder", origin=NetSuiteRecord.Origin.FOREIGN, gone_at=None
    )
    return orders.filter(Q(external_id__in=names) | Q(other_ref_num__in=names)).count()
