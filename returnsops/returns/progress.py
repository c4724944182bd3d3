"""How far reading is, for who waits for it; and what of it a person should know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.discovery.netsuite_questions import RIGHTS
from integrations.errors import words_of_failure
from integrations.models import NetSuiteAccount, Shop, SyncCursor, SyncRun
from returnsops.returns.labels import record_name
from returnsops.returns.problems import Problem
from returnsops.returns.runs import STUCK_TRIES
from returnsops.returns.streams import main_stream, stock_stream
from returnsops.returns.unreadable import missing_rights, unreadable_records

UNREADABLE_SHOWN_MAX = 50
WORTH_A_RATE_S = 1.0


@dataclass(frozen=True)
class RunProgress:
    """One run under way. done: 0 to 100, by time covered; left: None until it can be told."""

    title: str
    owner: str
    kind: str
    done: int
    position: datetime
    rows_seen: int
    rows_changed: int
    rows_per_s: float | None
    left: timedelta | None
    failure: str

    @property
    def left_words(self) -> str:
        """Rounded to what is worth knowing."""
        minutes = round(self.left.total_seconds() / 60) if self.left else 0
        return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(minutes, 1)} min"


def sync_progress(shops: Iterable[Shop] | None = None) -> list[RunProgress]:
    """The runs under way of these shops and their accounts, or of all; those that begun first come first."""
    chosen = list(shops if shops is not None else Shop.objects.select_related("account"))
    owners = {main_stream(owner): str(owner) for shop in chosen for owner in (shop, shop.account)}
    runs = SyncRun.objects.filter(finished_at=None, stream__in=owners).order_by("started_at", "pk")
    return [_progress_of(run, owners[run.stream]) for run in runs]


def _progress_of(run: SyncRun, owner: str) -> RunProgress:
    return RunProgress(
        title=run.get_kind_display(),
        owner=owner,
        kind=run.kind,
        done=int(run.share_done * 100),
        position=run.position,
        rows_seen=run.rows_seen,
        rows_changed=run.rows_changed,
        rows_per_s=run.rows_seen / run.worked_s if run.worked_s >= WORTH_A_RATE_S else None,
        left=time_left(run),
        failure=words_of_failure(run.failure),
    )


def time_left(run: SyncRun) -> timedelta | None:
    """By the pace so far. None as long as there is no pace to speak of."""
    if not run.share_done or run.worked_s < WORTH_A_RATE_S:
        return None
    return timedelta(seconds=round(run.worked_s * (1 - run.share_done) / run.share_done))


def mirror_problems(owner: Shop | NetSuiteAccount) -> list[Problem]:
    """What reading found that no plan of a return can tell: an answer not believed, rows nobody can read."""
    stream = main_stream(owner)
    refused = _refused(owner) if isinstance(owner, NetSuiteAccount) else []
    stuck = _stuck(owner, stream)
    doubts = [doubt for doubt in _doubts(owner, stream) if doubt.subject not in {one.subject for one in stuck}]
    unseen = _unseen_stock(owner) if isinstance(owner, NetSuiteAccount) else []
    return [*stuck, *doubts, *refused, *unseen, *_unreadable(owner, stream)]


def _stuck(owner: Shop | NetSuiteAccount, stream: str) -> list[Problem]:
    """Refused again and again although the other side answers, as when the role lost a right. An outage has its own."""
    tried = SyncRun.objects.filter(stream=stream, finished_at=None, tries__gte=STUCK_TRIES).exclude(failure="")
    return [
        Problem("mirror_doubtful", f"{stream} {run.kind}", f"{run.get_kind_display()} of {owner} does not get on.",
                words=run.failure)
        for run in (() if owner.failing_since else tried.order_by("kind", "pk").distinct("kind"))
    ]  # fmt: skip


def _doubts(owner: Shop | NetSuiteAccount, stream: str) -> list[Problem]:
    """A run that ended with a failure was not believed; the next one of its kind that ends well takes that back."""
    ended = SyncRun.objects.filter(stream=stream, finished_at__isnull=False).order_by("kind", "-finished_at")
    return [
        Problem("mirror_doubtful", f"{stream} {run.kind}", f"{run.get_kind_display()} of {owner} was stopped.",
                words=run.failure)
        for run in ended.distinct("kind")
        if run.failure
    ]  # fmt: skip


def _refused(account: NetSuiteAccount) -> list[Problem]:
    """Kinds of records that the role may not see, each with the right that it lacks."""
    return [
        Problem(
            "reading_refused",
            f"{main_stream(account)} {what}",
            f"NetSuite does not tell {_shown_as(what)}.",
            words=why,
            detail=(("Right of the role", _right_for(what)),),
        )
        for what, why in missing_rights(account).values_list("name", "reason")
    ]


def _shown_as(what: str) -> str:
    return what if " " in what else f"what stands in a {record_name(what)[1]}"


def _right_for(what: str) -> str:
    if " " in what:
        return "Reports › SuiteAnalytics Workbook: Edit"
    return f"Transactions › {RIGHTS.get(what) or record_name(what)[1]}: View"


def _unseen_stock(account: NetSuiteAccount) -> list[Problem]:
    """NetSuite refused to tell its stock, and exchange orders wait for it."""
    cursor = SyncCursor.objects.filter(stream=stock_stream(account)).exclude(failure="").first()
    cause = f"{account} does not tell what is in stock, and exchange orders wait for it."
    return [Problem("stock_unseen", f"stock:{account.account_id}", cause, words=cursor.failure)] if cursor else []


def _unreadable(owner: Shop | NetSuiteAccount, stream: str) -> list[Problem]:
    system, noted = ("Loop", _noted(owner)) if isinstance(owner, Shop) else ("NetSuite", _unread(owner))
    return [
        Problem("unreadable_record", f"{stream} {name}", f"{system} {_not_told(name)}.", words=why)
        for name, why in noted[:UNREADABLE_SHOWN_MAX]
    ]


def _noted(shop: Shop) -> list[tuple[str, str]]:
    cursor = SyncCursor.objects.filter(stream=main_stream(shop)).first()
    return sorted(cursor.unreadable.items()) if cursor else []


def _unread(account: NetSuiteAccount) -> list[tuple[str, str]]:
    return list(unreadable_records(account).values_list("name", "reason"))


def _not_told(name: str) -> str:
    """A query is refused, a record garbled."""
    return f"does not tell {name}" if name.startswith("what ") else f"shows {name} in a form we cannot read"
