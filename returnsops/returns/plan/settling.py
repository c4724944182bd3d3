"""Chapter 6: Loop settles once per return: `process`, or one `remove` call when units were refused.

Source: loop.md §2.3, §2.4, §7.1.
"""

from datetime import datetime

from returnsops.lib.money import add_up, money_text
from returnsops.lib.words import count_words
from returnsops.returns.facts import RECEIVED, PostingFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.expecting import goods_came_at
from returnsops.returns.plan.flagging import hand_over
from returnsops.returns.plan.telling import is_being_told
from returnsops.returns.policy import RefundAuthority
from returnsops.returns.problems import Problem

REQUESTS = ("loop_process", "loop_remove")


def plan_settlement(draft: Draft, *, may_ask: bool, is_ours: bool = True) -> bool:
    """Ask Loop to settle when it is time. Gives whether Loop has settled.

    is_ours: ReturnsOps books the money, so it says when Loop pays; else another system does both.
    """
    facts = draft.facts
    asked = _asked(facts)
    if facts.loop.settled_at:
        if is_ours:
            _note_early_settlement(draft, asked)
        draft.step("settle", StepState.DONE, _settled_words(facts))
        return True
    if facts.loop.state == "closed":
        _closed_without_settlement(draft)
    elif asked and asked.status == "posted":
        _wait_for_loop(draft, asked.posted_at or facts.now)
    elif has_refused_exchange_unit(facts):
        _note_refused_exchange(draft, is_ours=is_ours)
    elif facts.loop.state == "review":
        _wait_until_loop_settles(draft, "Loop holds this return for review")
    elif is_loop_first(facts):
        _wait_until_loop_settles(draft, "Loop settles by its own rules")
    elif not is_ours:
        _wait_until_loop_settles(draft, "somebody else has Loop settle it")
    elif not may_ask:
        draft.step("settle", StepState.WAITING, "waits for the credit")
    else:
        _ask(draft, asked)
    return False


def loop_goes_first(facts: ReturnFacts) -> bool:
    """Nothing is credited yet: Loop settles by its own rules, or somebody there is still looking at the return."""
    waits = is_loop_first(facts) or facts.loop.state in ("review", "closed")
    return waits and facts.loop.settled_at is None


def is_loop_first(facts: ReturnFacts) -> bool:
    """By policy; an instant exchange always, since its goods are promised before anything came back."""
    return facts.policy.refund_authority == RefundAuthority.LOOP_FIRST or facts.is_instant


def has_refused_exchange_unit(facts: ReturnFacts) -> bool:
    """Loop removes only refund and credit lines, so what the return will be worth is not known before a person acts."""
    refused = [unit for unit in facts.unaccepted_units if not unit.removed]
    return bool(facts.exchanges and refused) and facts.loop.settled_at is None and not _are_refund_lines(facts, refused)


def _are_refund_lines(facts: ReturnFacts, refused: list[UnitFacts]) -> bool:
    """Loop does not mark exchange lines; their refund is zero (loop.md §3.3).

    If those alone are worth the exchange, the exchange takes nothing of a line that is refunded.
    """
    exchanged = add_up(unit.worth + unit.tax for unit in facts.live_units if not unit.refund)
    return all(unit.refund for unit in refused) and exchanged >= facts.loop.exchange_credit


def _asked(facts: ReturnFacts) -> PostingFacts | None:
    return facts.taken("loop_process") or facts.taken("loop_remove")


def _ask(draft: Draft, asked: PostingFacts | None) -> None:
    facts = draft.facts
    if not asked and is_being_told(draft):
        draft.step("settle", StepState.WAITING, "waits until Loop knows what the warehouse saw")
        return
    unaccepted = [unit for unit in facts.live_units if unit.outcome and not unit.is_accepted]
    if not asked:
        draft.post(_request_due(facts, [unit.unit for unit in unaccepted]))
    draft.step("settle", StepState.DUE, "Loop is being asked to settle")


def _note_refused_exchange(draft: Draft, *, is_ours: bool) -> None:
    facts = draft.facts
    refused = facts.unaccepted_units
    problem = Problem(
        "refused_exchange_unit",
        f"return:{facts.loop.loop_id}",
        f"Not accepted: {count_words(len(refused), 'unit')}, but Loop removes only refund and credit lines.",
        amount=add_up(unit.worth + unit.tax for unit in refused),
    )
    stands = draft.problem(problem)
    if stands and is_ours:
        hand_over(draft)
    elif stands:
        draft.step("settle", StepState.BLOCKED, "a person settles it in Loop")
    else:
        _wait_until_loop_settles(draft, "a person settles it in Loop")


def _request_due(facts: ReturnFacts, refused: list[str]) -> PostingDue:
    request = {"operation": "remove", "units": sorted(refused)} if refused else {"operation": "process"}
    return PostingDue(
        kind="loop_remove" if refused else "loop_process",
        system="loop",
        request=request | {"return_id": facts.loop.loop_id},
        covers=frozenset({f"part:settlement:{facts.loop.loop_id}"}),
        serial_key=f"loop:{facts.shop_code}:{facts.loop.loop_id}",
    )


def _wait_until_loop_settles(draft: Draft, words: str) -> None:
    """Nobody is to be asked from here: it does so by its own rules, which its API does not tell (loop.md §4.3), or a
    person there does."""
    facts = draft.facts
    since, happened = _ready_to_settle(facts)
    if since is None:
        draft.step("settle", StepState.WAITING, words)
        return
    if draft.waits_too_long("settle", words, since=since, limit=facts.policy.deadlines.loop_settles):
        draft.problem(
            Problem(
                "loop_did_not_settle",
                f"return:{facts.loop.loop_id}",
                f"{happened} {since:%d %b %H:%M} UTC; Loop has not settled the return.",
                amount=facts.loop.return_total,
            )
        )


def _ready_to_settle(facts: ReturnFacts) -> tuple[datetime | None, str]:
    """From when on nothing keeps Loop from settling, and what happened then. A review may begin long after that."""
    since, happened = _goods_were_ready(facts)
    if since and facts.loop.state == "review" and facts.loop.updated_at > since:
        return facts.loop.updated_at, "Held for review, last changed in Loop"
    return since, happened


def _goods_were_ready(facts: ReturnFacts) -> tuple[datetime | None, str]:
    if facts.is_kept:
        return facts.loop.approved_at or facts.loop.created_at, "The customer keeps the goods. Requested"
    if not facts.all_judged:
        return None, ""
    was_seen = all(unit.outcome != RECEIVED for unit in facts.live_units)
    return goods_came_at(facts), f"All units were {'judged' if was_seen else 'received'} by"


def _wait_for_loop(draft: Draft, asked_at: datetime) -> None:
    facts = draft.facts
    if facts.loop.state == "review":
        draft.problem(
            Problem(
                "loop_processing_failed",
                f"return:{facts.loop.loop_id}",
                "Loop accepted the request, then put the return into review.",
                amount=facts.loop.return_total,
            )
        )
        draft.step("settle", StepState.BLOCKED, "in review in Loop")
        return
    if draft.waits_too_long("settle", "Loop is settling", since=asked_at, limit=facts.policy.deadlines.settlement):
        draft.problem(
            Problem(
                "loop_did_not_settle",
                f"return:{facts.loop.loop_id}",
                f"Asked at {asked_at:%d %b %H:%M} UTC; Loop still shows the return as {facts.loop.state}.",
                amount=facts.loop.return_total,
            )
        )


def was_left_unprocessed(facts: ReturnFacts) -> bool:
    """Closed in Loop without its outcomes, and a person noted that nothing more will happen there."""
    noted = facts.is_acknowledged("closed_unprocessed", f"return:{facts.loop.loop_id}")
    return noted and facts.loop.state == "closed" and not facts.loop.settled_at


def _closed_without_settlement(draft: Draft) -> None:
    """`closed` may run ahead of the evidence by hours, so there is a grace time (loop.md §7.1)."""
    facts = draft.facts
    words = "closed in Loop; waits for its proof of settlement"
    since, limit = facts.loop.updated_at, facts.policy.deadlines.closed_unprocessed
    if draft.waits_too_long("settle", words, since=since, limit=limit):
        draft.problem(
            Problem(
                "closed_unprocessed",
                f"return:{facts.loop.loop_id}",
                "Loop shows the return as closed and no outcome was carried out.",
                amount=facts.loop.return_total,
            )
        )


def _note_early_settlement(draft: Draft, asked: PostingFacts | None) -> None:
    facts = draft.facts
    others_ask = not (facts.policy.writes("credit") or facts.policy.writes("refund"))
    was_handed_over = facts.taken("loop_note") is not None  # so a person settled it, as the note asks
    if asked or was_handed_over or facts.is_kept or is_loop_first(facts) or others_ask:
        return  # what the customer keeps is settled at once in any case
    draft.problem(
        Problem(
            "loop_settled_early",
            f"outcome:{facts.loop.outcome or 'unknown'}",
            f"Loop settled a return with outcome «{facts.loop.outcome}» at label status "
            f"«{facts.loop.label_status or 'none'}», before ReturnsOps asked.",
            amount=facts.loop.refund + facts.loop.gift_card,
        )
    )


def _settled_words(facts: ReturnFacts) -> str:
    parts = [("refund", facts.loop.refund), ("store credit", facts.loop.gift_card)]
    parts += [("exchange", facts.loop.exchange_credit)]
    return ", ".join(f"{name} {money_text(amount, facts.currency)}" for name, amount in parts if amount) or "settled"
