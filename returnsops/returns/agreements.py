"""Shadow: the verdicts of plans kept as rows, and what they come to per kind of record (requirement Z6)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, F, Func, Min, QuerySet, TextField

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.lib.canonical import plain
from returnsops.returns.models import LoopReturn, ShadowVerdict
from returnsops.returns.plan.draft import Agreement
from returnsops.returns.policies import active_policy
from returnsops.returns.policy import RECORD_KINDS, Policy

ENOUGH = 50  # verdicts before anything is said about readiness
CALM = timedelta(days=14)  # without a difference
ASPECTS = {"units": "units", "amount": "the amount", "place": "the place"}
Verdict = ShadowVerdict.Verdict
JUDGED = (Verdict.ALIKE, Verdict.DIFFERS)
UNSAID = (Verdict.NOBODY, Verdict.UNABLE)


def note_agreements(row: LoopReturn, found: Sequence[Agreement], *, policy: Policy, at: datetime) -> None:
    """Keep what this plan found. Kinds that are not in shadow any more keep the verdict they had."""
    _forget_open_questions(row, {kind for kind in RECORD_KINDS if policy.shadows(kind)} - {one.kind for one in found})
    if not found:
        return
    standing = {one.kind: one for one in ShadowVerdict.objects.filter(loop_return=row)}
    for agreement in found:
        known, values = standing.get(agreement.kind), _values(agreement)
        if known is None:
            ShadowVerdict.objects.create(
                shop_id=row.shop_id, loop_return=row, kind=agreement.kind, judged_at=at, **values
            )
        elif any(getattr(known, name) != value for name, value in values.items()):
            since = known.judged_at if known.verdict == agreement.verdict else at
            ShadowVerdict.objects.filter(pk=known.pk).update(judged_at=since, **values)


def _forget_open_questions(row: LoopReturn, unspoken: set[str]) -> None:
    """A return that was cancelled or noted has nothing more to say of a kind: what was left unsaid of it would keep
    the shop from being ready for ever."""
    if unspoken:
        ShadowVerdict.objects.filter(loop_return=row, kind__in=unspoken, verdict__in=UNSAID).delete()


def _values(agreement: Agreement) -> dict[str, object]:
    return {
        "verdict": agreement.verdict.value,
        "wanted": agreement.wanted,
        "differences": plain(agreement.differences),
        "aspects": sorted({one.aspect for one in agreement.differences}),
        "records": list(agreement.records),
    }


@dataclass
class Score:
    """How one kind of record of a shop compares. since: the oldest verdict counted; differed_at: the last difference.

    by_aspect: of those that differ, how many do so in what; one may differ in several.
    """

    kind: str
    in_shadow: bool
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Verdict.values, 0))
    by_aspect: dict[str, int] = field(default_factory=dict)
    since: datetime | None = None
    differed_at: datetime | None = None

    @property
    def name(self) -> str:
        return str(ShadowVerdict.Kind(self.kind).label)

    @property
    def judged(self) -> int:
        return self.counts[Verdict.ALIKE] + self.counts[Verdict.DIFFERS]

    @property
    def not_judged(self) -> int:
        return self.counts[Verdict.NOBODY] + self.counts[Verdict.UNABLE]


def scores_of(shop: Shop, *, days: int | None = None) -> list[Score]:
    """One per kind that is in shadow or once was, in the order of the journey. days: only verdicts of the last ones."""
    rows = ShadowVerdict.objects.filter(shop=shop)
    if days:
        rows = rows.filter(judged_at__gte=clock.now() - timedelta(days=days))
    policy = active_policy(shop)
    scores = {kind: Score(kind, policy.shadows(kind)) for kind in RECORD_KINDS}
    for row in rows.order_by().values("kind", "verdict").annotate(count=Count("pk"), since=Min("judged_at")):
        _add(scores[row["kind"]], Verdict(row["verdict"]), count=row["count"], since=row["since"])
    for kind, counts in _aspects(rows).items():
        scores[kind].by_aspect = counts
    for kind, moment in _last_differences(rows):
        scores[kind].differed_at = moment
    return [one for one in scores.values() if one.in_shadow or any(one.counts.values())]


def _add(score: Score, verdict: ShadowVerdict.Verdict, *, count: int, since: datetime) -> None:
    score.counts[verdict.value] = count
    if verdict in JUDGED:
        score.since = min(score.since or since, since)


def _aspects(rows: QuerySet[ShadowVerdict]) -> dict[str, dict[str, int]]:
    each = Func(F("aspects"), function="unnest", output_field=TextField())
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows.filter(verdict=Verdict.DIFFERS).order_by().values("kind", aspect=each).annotate(count=Count("pk")):
        found[row["kind"]][row["aspect"]] = row["count"]
    return found


def _last_differences(rows: QuerySet[ShadowVerdict]) -> Iterable[tuple[str, datetime]]:
    differing = rows.filter(verdict=Verdict.DIFFERS).order_by("kind", "-judged_at").distinct("kind")
    return differing.values_list("kind", "judged_at")


def is_ready(score: Score, *, now: datetime) -> bool:
    """Enough was judged, nothing differed lately, and nothing was left unsaid."""
    is_calm = score.differed_at is None or score.differed_at < now - CALM
    return score.in_shadow and score.judged >= ENOUGH and is_calm and not score.counts[Verdict.UNABLE]


def readiness_words(score: Score, *, now: datetime) -> str:
    """Whether to let ReturnsOps write them, as a sentence or two for who decides."""
    unable, nobody = score.counts[Verdict.UNABLE], score.counts[Verdict.NOBODY]
    if not score.in_shadow:
        return "Not in shadow any more: these are the verdicts from when it was."
    if not score.judged and not unable:
        return "Nothing to judge yet." + (f" The other system has yet to make {nobody:,}." if nobody else "")
    if unable:
        seen = score.judged + unable
        return f"Not ready: for {unable:,} of {seen:,} ReturnsOps could not have said what to post. Look at them first."
    if score.differed_at and score.differed_at >= now - CALM:
        return f"Not ready: {score.counts[Verdict.DIFFERS]:,} of {score.judged:,} differ{_in_what(score)}."
    if score.judged < ENOUGH:
        return f"Too few to say: {score.judged:,} judged, all alike lately. Wait for {ENOUGH}."
    if score.differed_at:
        return f"Ready to switch to «write»: no difference for {(now - score.differed_at).days} days."
    return f"Ready to switch to «write»: all {score.judged:,} judged were alike."


def _in_what(score: Score) -> str:
    rows = sorted(score.by_aspect.items(), key=lambda pair: -pair[1])
    return ", " + ", ".join(f"{count:,} in {ASPECTS.get(name, name)}" for name, count in rows) if rows else ""
