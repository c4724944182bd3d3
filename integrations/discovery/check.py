"""Checking a connection: ask, judge, store what was found as its profile, say what is new.

One check at a time per connection. What it costs: up to CALLS_MAX calls and about LIMIT_S (`asking.py`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.connections import loop_client, netsuite_client
from integrations.credentials import open_secrets
from integrations.discovery import netsuite_access, netsuite_places, netsuite_setup, netsuite_writers
from integrations.discovery.asking import Asker, NotTold
from integrations.discovery.changes import describe_changes
from integrations.discovery.configured import Configured
from integrations.discovery.loop_answers import ShopAnswers, ask_shop
from integrations.discovery.loop_facts import read_shop_facts
from integrations.discovery.loop_findings import judge_shop
from integrations.discovery.netsuite_answers import AccountAnswers, ask_account
from integrations.discovery.netsuite_facts import read_facts
from integrations.errors import ConfigurationError
from integrations.models import ConnectionProfile, Credential, NetSuiteAccount, Shop
from integrations.profile import (
    AccountFacts,
    AccountProfile,
    Finding,
    Profile,
    ShopProfile,
    account_profile,
    in_order,
    profile_as_json,
    profile_row,
    shop_profile,
)
from returnsops.lib import clock
from returnsops.lib.nudge import nudge

READ_TIMEOUT_S = 20.0
ACCOUNT_CALLS_ABOUT = 55
SHOP_CALLS_ABOUT = 14
LEASE = timedelta(minutes=3)  # a check whose process died is forgotten after this

PATIENCE = timedelta(seconds=10)  # the nudge of a check asked for less long ago is on its way
RECHECK_AFTER = timedelta(hours=24)

Connection = Shop | NetSuiteAccount


def check_account(account: NetSuiteAccount, configured: Configured) -> AccountProfile | None:
    """None when a check of this account is running already. Never raises for what the other side does."""
    if not _begin(account, about=ACCOUNT_CALLS_ABOUT):
        return None
    asker = Asker(account, progress=lambda done, what: _note_progress(account, done, what, about=ACCOUNT_CALLS_ABOUT))
    now = clock.now()
    try:
        client = netsuite_client(account, read_timeout_s=READ_TIMEOUT_S)
    except ConfigurationError as error:
        answers = AccountAnswers(asked_at=now, server_time=_not_set_up(error))
    else:
        answers = ask_account(account, client, configured, asker=asker, now=now)
    facts = read_facts(answers, account, configured)
    findings = judge_account(answers, facts, account, configured)
    profile = _profile(account_profile(account), facts=facts, findings=findings, asker=asker, now=now)
    _finish(account, profile)
    return profile


def check_shop(shop: Shop) -> ShopProfile | None:
    if not _begin(shop, about=SHOP_CALLS_ABOUT):
        return None
    asker = Asker(shop, progress=lambda done, what: _note_progress(shop, done, what, about=SHOP_CALLS_ABOUT))
    now = clock.now()
    try:
        client = loop_client(shop)
    except ConfigurationError as error:
        answers = ShopAnswers(everything=_not_set_up(error))
    else:
        answers = ask_shop(shop, client, asker=asker, now=now)
    facts = read_shop_facts(answers)
    has_secret = bool(open_secrets(shop, Credential.Kind.LOOP_WEBHOOK_SECRET))
    findings = judge_shop(answers, facts, shop, has_secret=has_secret)
    profile = _profile(shop_profile(shop), facts=facts, findings=findings, asker=asker, now=now)
    _finish(shop, profile)
    return profile


def request_check(connection: Connection) -> bool:
    """Have it checked in the background; False if that was asked for a moment ago."""
    row = profile_row(connection)
    free = Q(asked_at=None) | Q(asked_at__lt=timezone.now() - LEASE)
    is_new = bool(ConnectionProfile.objects.filter(free, pk=row.pk).update(asked_at=timezone.now(), progress={}))
    if is_new:
        nudge("check", row.pk)
    return is_new


def checks_to_do(*, now: datetime) -> QuerySet[ConnectionProfile]:
    """Asked for and not begun, or died half-way: what a lost task left behind."""
    lost = Q(asked_at__lt=now - PATIENCE, progress={}) | Q(asked_at__lt=now - LEASE)
    return ConnectionProfile.objects.filter(lost).order_by("pk")


def request_overdue_checks(*, now: datetime) -> None:
    """Once a day, and at once for a connection that was never checked. One that is stopped waits for a person."""
    open_ones: list[Connection] = [*NetSuiteAccount.objects.all(), *Shop.objects.all()]
    for connection in open_ones:
        checked_at = profile_row(connection).checked_at
        is_due = checked_at is None or checked_at < now - RECHECK_AFTER
        if is_due and connection.paused_at is None and connection.down_since is None:
            request_check(connection)


def judge_account(
    answers: AccountAnswers, facts: AccountFacts, account: NetSuiteAccount, configured: Configured
) -> Iterator[Finding]:
    yield from netsuite_access.find_log_in(answers)
    yield from netsuite_access.find_saved_preview(answers)
    yield from netsuite_access.find_certificate(account, now=timezone.now())
    yield from netsuite_access.find_clock(facts)
    yield from netsuite_access.find_suiteql(answers)
    yield from netsuite_access.find_rights(answers, facts, configured)
    yield from netsuite_access.find_administrator(facts)
    yield from netsuite_setup.find_receiving(facts, configured)
    yield from netsuite_setup.find_period(answers, facts, configured)
    yield from netsuite_setup.find_settings(account, facts)
    yield from netsuite_places.find_configured(answers, facts, configured, subsidiary_id=account.subsidiary_id)
    yield from netsuite_writers.find_writers(facts, configured)
    yield from netsuite_setup.find_fields(answers, facts)
    yield from netsuite_setup.find_features(facts)
    yield from netsuite_setup.find_language(answers)
    yield from netsuite_setup.find_billing(facts)
    yield from netsuite_setup.find_lanes(account.lanes.count(), is_sandbox=account.is_sandbox)
    yield from netsuite_setup.find_preferences(answers)


def _not_set_up(error: ConfigurationError) -> NotTold:
    return NotTold(why=error.detail, refused=True, code=error.code or error.operation)


def _profile(
    before: Profile[Any] | None, *, facts: Any, findings: Iterator[Finding], asker: Asker, now: datetime
) -> Profile[Any]:
    was_heard = asker.heard > 0
    profile = Profile(
        checked_at=now,
        duration_s=round(asker.duration_s, 2),
        calls=asker.calls,
        # What a refused log-in does not tell is still known from the time before.
        facts=facts if was_heard or before is None else before.facts,
        findings=in_order(findings),
    )
    if before is None:
        return profile
    changes = describe_changes(before, profile)
    return Profile(**{**vars(profile), "changes": changes, "compared_with": before.checked_at})


def _begin(connection: Connection, *, about: int) -> bool:
    """Compare-and-set, so that of two at once one checks."""
    now = timezone.now()
    free = Q(progress={}) | Q(progress__started_at__lt=(now - LEASE).isoformat())
    progress = {"started_at": now.isoformat(), "done": 0, "about": about, "asking": "log-in"}
    return bool(_row(connection).filter(free).update(progress=progress, asked_at=now))


def _note_progress(connection: Connection, done: int, what: str, *, about: int) -> None:
    progress = {"started_at": timezone.now().isoformat(), "done": min(done, about), "about": about, "asking": what}
    _row(connection).update(progress=progress)


def _finish(connection: Connection, profile: Profile[Any]) -> None:
    _row(connection).update(found=profile_as_json(profile), checked_at=timezone.now(), asked_at=None, progress={})


def _row(connection: Connection) -> QuerySet[ConnectionProfile]:
    return ConnectionProfile.objects.filter(pk=profile_row(connection).pk)
