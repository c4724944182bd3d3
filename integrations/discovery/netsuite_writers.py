"""Findings about who else writes the records that a policy may give to us (requirement Z5). Pure."""

from collections.abc import Iterator

from integrations.discovery.configured import Configured
from integrations.discovery.netsuite_questions import LATELY_DAYS, MADE, ROWS_SEEN_MAX, Made
from integrations.discovery.people import FINANCE
from integrations.profile import AccountFacts, Finding, Severity, Writer

FEW = 2  # as many records may be somebody's trial; more are a habit
HABIT_BY_HAND = 20


def find_writers(facts: AccountFacts, configured: Configured) -> Iterator[Finding]:
    for made in MADE:
        yield from _judge(made, facts.writers.get(made.record_type, []), writes=made.kind in configured.writes)


def foreign_programs(writers: list[Writer]) -> list[Writer]:
    """Programs of others: they mark what they make."""
    return [one for one in writers if one.mark and not one.is_ours and one.count > FEW]


def by_hand(writers: list[Writer]) -> int:
    """Records without any mark: made by people, or by a program that leaves none."""
    return sum(one.count for one in writers if not one.mark)


def _judge(made: Made, writers: list[Writer], *, writes: bool) -> Iterator[Finding]:
    programs = foreign_programs(writers)
    total = sum(one.count for one in writers)
    evidence = (
        f"{'the newest ' if total >= ROWS_SEEN_MAX else ''}{total} of the last {LATELY_DAYS} days: {_told(writers)}"
    )
    names = " and ".join(_name(one) for one in programs)
    code = f"writers:{made.record_type}"
    if writes and programs:
        yield Finding(
            code=code,
            severity=Severity.BLOCKS,
            words=f"Two writers of {made.plural}: ReturnsOps is set to write them, and {names} writes them too.",
            who=FINANCE,
            todo=f"Switch the other one off for returns; or set «ownership.{made.kind}» to «observe» in the policy.",
            evidence=evidence,
        )
    elif len(programs) > 1:
        yield Finding(
            code=code,
            severity=Severity.WARNS,
            words=f"Two writers of {made.plural} found: {names}.",
            who=FINANCE,
            todo="Find out which of them is meant to, before one of them credits a return twice.",
            evidence=evidence,
        )
    elif writes and by_hand(writers) > HABIT_BY_HAND:
        yield Finding(
            code=code,
            severity=Severity.WARNS,
            words=f"{by_hand(writers)} {made.plural} have no external id: made by hand, or by a program without one.",
            who=FINANCE,
            todo="Make sure that nobody goes on making them for returns that ReturnsOps handles.",
            evidence=evidence,
        )
    elif writers:
        words = f"{made.plural} are made by {_told(writers)}."
        yield Finding(code=code, severity=Severity.FINE, words=words, evidence=evidence)


def _told(writers: list[Writer]) -> str:
    return ", ".join(f"{_name(one)} ({one.count})" for one in writers[:5])


def _name(writer: Writer) -> str:
    if writer.is_ours:
        return "ReturnsOps"
    if writer.mark:
        return "a program that numbers its records" if writer.mark == "#" else f"«{writer.mark}…»"
    return f"user {writer.made_by} by hand" if writer.made_by else "people by hand"
