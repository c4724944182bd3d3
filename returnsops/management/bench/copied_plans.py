"""What a first plan wrote for one return, written for others of the same kind: only the number in it is another.

So a hundred thousand returns that were planned before are there within minutes, not an hour.
"""

from typing import Any

from returnsops.lib.canonical import content_hash
from returnsops.posting.models import Posting, PostingCover
from returnsops.returns.history import facts_as_of
from returnsops.returns.models import FactChange, LoopReturn

PLANNED = ("look_again_at", "planned_at", "plan", "plan_hash", "plan_attempts", "stage", "settled_at")


def copy_first_plan(pattern: LoopReturn, others: list[LoopReturn]) -> None:
    """Their numbers, which are their ids in Loop, have as many digits, and stand in all that names them."""
    for other in others:
        for name in PLANNED:
            setattr(other, name, getattr(pattern, name))
    LoopReturn.objects.bulk_update(others, PLANNED)
    for change in FactChange.objects.filter(loop_return=pattern):
        FactChange.objects.bulk_create([_change_of(change, pattern, other) for other in others])
    for posting in Posting.objects.filter(loop_return=pattern):
        copies = Posting.objects.bulk_create([_posting_of(posting, pattern, other) for other in others])
        covers = list(PostingCover.objects.filter(posting=posting))
        PostingCover.objects.bulk_create(
            PostingCover(
                posting=copy,
                shop_id=cover.shop_id,
                kind=cover.kind,
                unit=_renumbered(cover.unit, pattern, other),
                live=cover.live,
            )
            for copy, other in zip(copies, others, strict=True)
            for cover in covers
        )


def _change_of(change: FactChange, pattern: LoopReturn, other: LoopReturn) -> FactChange:
    changed = _renumbered(change.changed, pattern, other)
    return FactChange(
        loop_return=other,
        at=change.at,
        came_from=change.came_from,
        facts_hash=content_hash(facts_as_of([changed])),
        changed=changed,
    )


def _posting_of(posting: Posting, pattern: LoopReturn, other: LoopReturn) -> Posting:
    values = {field.attname: getattr(posting, field.attname) for field in Posting._meta.concrete_fields}
    del values["id"]
    request = _renumbered(posting.request, pattern, other)
    named = {name: _renumbered(values[name], pattern, other) for name in ("external_id", "serial_key")}
    return Posting(
        **values | named | {"loop_return_id": other.pk, "request": request, "content_hash": content_hash(request)}
    )


def _renumbered(value: Any, pattern: LoopReturn, other: LoopReturn) -> Any:
    if isinstance(value, str):
        return value.replace(pattern.loop_id, other.loop_id)
    if isinstance(value, dict):
        return {_renumbered(key, pattern, other): _renumbered(item, pattern, other) for key, item in value.items()}
    if isinstance(value, list):
        return [_renumbered(item, pattern, other) for item in value]
    return value
