"""A part of the journey of goods: Loop says that it put units back into the shop's stock (requirement C01).

It does so when it settles, perhaps days before the parcel comes (loop.md §6). That is an expectation, matched with what
the warehouse saw. It makes units sellable only by a live exemption that names their SKU.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from returnsops.lib.money import add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import RECEIVED, SELLABLE, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.policy import ReceiptTrigger
from returnsops.returns.problems import Problem

SELLABLE_OR_UNSEEN = frozenset({"", SELLABLE, RECEIVED})
SAY_THE_SAME = frozenset({"parcel_overdue", "inspection_overdue", "no_parcel"})


def accept_exempt(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, in which units that are exempt from inspection count as judged sellable when Loop restocked them.

    What was received so stays so when the exemption ends; a person's judgement takes its place at any time. If a person
    noted that no parcel will come, the customer keeps the others.
    """
    exempt = {unit.unit for unit in facts.units if _is_exempt(facts, unit)}
    if not exempt:
        return facts
    units = tuple(
        _as_sellable(facts, unit) if unit.unit in exempt else replace(unit, is_kept=unit.is_kept or facts.is_kept)
        for unit in facts.units
    )
    return replace(facts, units=units)


def _as_sellable(facts: ReturnFacts, unit: UnitFacts) -> UnitFacts:
    """What was received so stays so, even where Loop's word of the restock is no longer to be had."""
    since = unit.restocked_at or _received_at(facts, unit)
    return replace(unit, outcome="sellable", inspected_at=since, is_exempt=True)


def _received_at(facts: ReturnFacts, unit: UnitFacts) -> datetime:
    receipt = next(one for one in facts.postings if one.is_taken and unit.exempt_cover in one.covers)
    return receipt.posted_at or facts.loop.updated_at


def _is_exempt(facts: ReturnFacts, unit: UnitFacts) -> bool:
    if unit.outcome or unit.removed or unit.is_kept:
        return False
    is_new = unit.restocked_at is not None and _is_live(facts) and _names(facts, unit)
    return is_new or unit.exempt_cover in facts.taken_covers("receipt")


def _is_live(facts: ReturnFacts) -> bool:
    is_on = facts.policy.receipt_trigger == ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE
    is_on = is_on and facts.policy.writes("receipt")
    return is_on and facts.policy.restock_exemption.is_live(facts.date_of(facts.now))


def _names(facts: ReturnFacts, unit: UnitFacts) -> bool:
    return facts.policy.restock_exemption.names(unit.sku)


def plan_restock(draft: Draft) -> None:
    """The expectation beside what was seen; only where Loop restocked something."""
    facts = draft.facts
    _note_what_is_not_sellable(draft)
    restocked = [unit for unit in facts.live_units if unit.restocked_at and not unit.is_kept]
    if not restocked:
        return
    _look_again_when_it_ends(draft, restocked)
    unseen = [unit for unit in restocked if not unit.outcome]
    if unseen:
        _wait_for_inspection(draft, unseen)
    else:
        draft.step(
            "restock", StepState.DONE, f"Loop put {count_words(len(restocked), 'unit')} on sale: {_seen(restocked)}"
        )


def _note_what_is_not_sellable(draft: Draft) -> None:
    """The shop offers a piece that is not there to be sold; one case for a shop and outcome. Loop goes on showing a
    unit that was refused as restocked, taken out or not."""
    offered = [unit for unit in draft.facts.units if unit.restocked_at and unit.outcome not in SELLABLE_OR_UNSEEN]
    for outcome in sorted({unit.outcome for unit in offered}):
        units = [unit for unit in offered if unit.outcome == outcome]
        skus = ", ".join(f"{count} × {sku}" for sku, count in sorted(Counter(unit.sku for unit in units).items()))
        cause = f"Loop put {skus} back on sale in the shop; the warehouse judged it {outcome}."
        worth = add_up(unit.worth + unit.tax for unit in units)
        draft.problem(Problem("restocked_unsellable", f"outcome:{outcome}", cause, amount=worth))


def _seen(restocked: list[UnitFacts]) -> str:
    counts = Counter(
        "not inspected, by exemption" if unit.is_exempt else f"judged {unit.outcome}" for unit in restocked
    )
    return ", ".join(f"{count} {words}" for words, count in sorted(counts.items()))


def _wait_for_inspection(draft: Draft, unseen: list[UnitFacts]) -> None:
    """The shop offers what nobody here has seen."""
    facts = draft.facts
    since = min(unit.restocked_at for unit in unseen if unit.restocked_at)
    limit = facts.policy.deadlines.restock
    due_at, late = draft.deadline(since, limit), draft.is_late(since, limit)
    if late and not any(problem.code in SAY_THE_SAME for problem in draft.problems):
        draft.problem(
            Problem(
                "restock_uninspected",
                f"return:{facts.loop.loop_id}",
                f"Loop put {count_words(len(unseen), 'unit')} back on sale on {since:%d %b %Y}; "
                "nobody has inspected them here.",
                amount=add_up(unit.worth + unit.tax for unit in unseen),
            )
        )
    words = f"Loop put {count_words(len(unseen), 'unit')} back on sale; waits for inspection"
    draft.step("restock", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)


def _look_again_when_it_ends(draft: Draft, restocked: list[UnitFacts]) -> None:
    facts, until = draft.facts, draft.facts.policy.restock_exemption.until
    kept = facts.taken_covers("receipt")
    hinges = any(unit.is_exempt and unit.exempt_cover not in kept for unit in restocked)
    if until and hinges:
        zone = ZoneInfo(facts.account_time_zone)
        draft.moments.append(datetime.combine(until + timedelta(days=1), time(), zone).astimezone(UTC))
