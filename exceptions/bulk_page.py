"""The dry run of a retry on the screen: what would be sent again, what cannot be and why."""

from collections import Counter
from typing import Any

from django.urls import reverse

from exceptions.bulk import RETRIED_MAX, DryRun
from exceptions.forms import BulkRetryForm
from exceptions.labels import kind_of
from exceptions.models import CaseMember
from exceptions.queue_page import subject_words
from returnsops.lib import clock

SHOWN_AT_ONCE = 20  # the others fold out
KINDS_SHOWN, WORDS_CHARS_SHOWN = 5, 160


def describe_retry(run: DryRun, form: BulkRetryForm, *, back: str) -> dict[str, Any]:
    """The context of exceptions/retry.html."""
    if not form.is_bound:
        form.initial["members"] = ",".join(str(member.pk) for member in run.members)
    return {
        "now": clock.now(),
        "form": form,
        "back": back,
        "count": len(run.members),
        "first": [_show(member) for member in run.members[:SHOWN_AT_ONCE]],
        "others": [_show(member) for member in run.members[SHOWN_AT_ONCE:]],
        "kinds": _kinds(run) if len(run.members) > SHOWN_AT_ONCE else [],
        "stays": _stays(run),
    }


def told(done: int, refused: dict[str, int]) -> str:
    """«47 documents sent again. 3 not: The case is closed.»"""
    first = f"{_count(done, 'document')} sent again."
    return " ".join([first, *(f"{count} not: {reason}" for reason, count in refused.items())])


def _show(member: CaseMember) -> dict[str, Any]:
    return {
        "href": f"{reverse('case', args=[member.case_id])}?member={member.pk}",
        "title": subject_words(member.case),
        "kind": kind_of(member.case.code).title,
        "shop": member.loop_return.shop.name,
        "words": _words_of(member),
        "amount": member.amount,
        "currency": member.currency,
        "since": member.joined_at,
    }


def _words_of(member: CaseMember) -> str:
    return str(member.problem.get("words") or member.problem.get("cause", ""))


def _kinds(run: DryRun) -> list[dict[str, Any]]:
    """Of a long list, rows of components/facts.html: how often each answer was given."""
    counts = Counter(_words_of(member)[:WORDS_CHARS_SHOWN] for member in run.members)
    rows = [{"label": _count(count, "document"), "value": words} for words, count in counts.most_common(KINDS_SHOWN)]
    if rest := sum(count for _, count in counts.most_common()[KINDS_SHOWN:]):
        rows.append({"label": _count(rest, "document"), "value": "Other words."})
    return rows


def _stays(run: DryRun) -> list[dict[str, Any]]:
    """Rows of components/facts.html: how many are left as they are, and why."""
    rows = [{"label": _count(count, "document"), "value": reason} for reason, count in run.refused.items()]
    if run.others:
        words = "Not about a refused document. Open it from the queue to see what helps."
        rows.append({"label": _count(run.others, "other case"), "value": words})
    if run.left_over:
        words = f"One press sends {RETRIED_MAX} at most. Come back afterwards for the rest."
        rows.append({"label": f"{run.left_over} more", "value": words})
    return rows


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
