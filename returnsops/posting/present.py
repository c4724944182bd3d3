"""A posting and its tries as the screens show them, on the return's page and on the case's."""

import json
from typing import Any

from returnsops.posting.labels import STATUSES, attempt_label, kind_name
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.returns.place_names import PlaceNames

Status = Posting.Status


def show_posting(posting: Posting, names: PlaceNames) -> dict[str, Any]:
    """What pages/_postings.html takes."""
    return {
        "name": kind_name(posting.kind),
        "system": posting.get_system_display(),
        "external_id": posting.external_id,
        "status": STATUSES[posting.status],
        "not_before": posting.not_before if posting.status == Status.PENDING and posting.attempts else None,
        "refusal": _refusal_words(posting, names),
        "differences": [names.put_into(one) for one in posting.differences],
        "looked_at": posting.looked_at,
        "read_back_at": posting.read_back_at,
        "is_trusted": posting.trusted_at is not None,
        "adopted_from": posting.get_adopted_from_display() if posting.adopted_from else "",
        "attempts": show_attempts(posting),
    }


def _refusal_words(posting: Posting, names: PlaceNames) -> str:
    """NetSuite's own as they are; ours are of what was found in its place."""
    refusal = posting.refusal or {}
    words = str(refusal.get("detail", ""))
    return names.put_into(words) if "differences" in refusal else words


def show_attempts(posting: Posting) -> list[dict[str, Any]]:
    """What components/attempts.html takes. Counted here: a person who sends it again lets its own count begin anew."""
    return [_show_attempt(one, number) for number, one in enumerate(posting.tries.all(), start=1)]


def _show_attempt(one: PostingAttempt, number: int) -> dict[str, Any]:
    label = attempt_label(one.outcome)
    return {
        "number": number,
        "at": one.started_at,
        "tone": label.tone,
        "label": label.label,
        "took": f"{one.duration_s:.1f} s" if one.duration_s >= 1 else f"{one.duration_s * 1000:.0f} ms",
        "request": json.dumps(one.request, indent=2, ensure_ascii=False),
        "answer": one.answer,
    }
