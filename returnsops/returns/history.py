"""What changed between two looks at a return. Append-only; nothing is written when nothing changed."""

from dataclasses import fields
from typing import Any

from returnsops.lib.canonical import content_hash, plain
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.models import FactChange, LoopReturn

LEFT_OUT = frozenset({"now", "policy", "pauses", "deadline_scale"})  # policies have versions, pauses their own history
KEYS = {
    "units": ("unit",),
    "exchanges": ("exchange_id",),
    "records": ("internal_id",),
    "postings": ("external_id",),
    "overrides": ("kind", "subject"),
    "approvals": ("subject", "seen_hash"),
    "siblings": ("loop_id",),
}

CHANGES = FixedQuery(
    lambda: FactChange.objects.filter(loop_return=slot("return_pk")).order_by("id").values("facts_hash", "changed")
)


def note_fact_change(row: LoopReturn, facts: ReturnFacts, *, came_from: str = "plan") -> dict[str, list[Any]]:
    """Write which facts differ from the last time we looked: {fact: [before, after]}. Empty: none, and no row."""
    after = flatten_facts(facts)
    facts_hash = content_hash(after)
    changes = CHANGES.ask(return_pk=row.pk)
    if changes and changes[-1].facts_hash == facts_hash:
        return {}
    before = facts_as_of([one.changed for one in changes])
    changed = {
        name: [before.get(name), after.get(name)]
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
    if not changed:  # the last row was written when the hash was made of more
        return {}
    FactChange.objects.create(
        loop_return=row, at=facts.now, came_from=came_from, facts_hash=facts_hash, changed=changed
    )
    return changed


def facts_as_of(changes: list[dict[str, list[Any]]]) -> dict[str, Any]:
    """The facts after these changes, in order: each row holds only what it changed."""
    state: dict[str, Any] = {}
    for changed in changes:
        for name, (_, after) in changed.items():
            state[name] = after
    return {name: value for name, value in state.items() if value is not None}


def flatten_facts(facts: ReturnFacts) -> dict[str, Any]:
    """{"loop.state": …, "units.387001.outcome": …}: one name per fact, stable over re-ordering."""
    flat: dict[str, Any] = {}
    for name in [one.name for one in fields(facts) if one.name not in LEFT_OUT]:
        value = plain(getattr(facts, name))
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": item for key, item in value.items()}
        elif name in KEYS:
            for item in value:
                known_by = ".".join(str(item[key]) for key in KEYS[name])
                flat |= {f"{name}.{known_by}.{key}": part for key, part in item.items()}
        else:
            flat[name] = value
    return {name: value for name, value in flat.items() if value not in (None, "", [])}
