"""What the outbox and the read-back tell: refusals, lost answers, records that differ. A chapter of every plan."""

from returnsops.lib.money import ZERO, money_text
from returnsops.returns.facts import PostingFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.kinds import POSTING_KINDS, words_of
from returnsops.returns.plan.undone import AS_NOTED, came_back, is_given_up, is_gone
from returnsops.returns.problems import Problem

OURS_DIFFERS, STRANGER_DIFFERS = "other_content", "foreign_record"  # families of what a look found
SYSTEM_NAMES = {"netsuite": "NetSuite", "loop": "Loop"}
SET_ASIDE = ("set_aside", "gave_up")
EXPLANATIONS = {
    "period_closed": "The accounting period of its date is closed. Correct the date, or reopen the period and retry.",
    "date_outside_period": "No accounting period holds its date. Correct the date, or create the period and retry.",
    "invalid_field": "It does not accept one of the values. Activate what it names or correct the mapping, then retry.",
    "missing_field": "Its form asks for a field we do not send. Give the field a default in NetSuite, then retry.",
    "source_not_ready": "The source document is not in a state that allows it. Look at it in NetSuite, then retry.",
    "nothing_left": "Nothing is left to do on the source document. Somebody may have done it by hand.",
    "over_quantity": "Fewer units are left than we sent. Somebody may have received or credited by hand.",
    "script": "A script in NetSuite stopped it; its words say why. Settle it with the script's owner, then retry.",
    "feature_off": "A feature it needs is switched off in NetSuite. Have the administrator switch it on, then retry.",
    "exchange_rate": "NetSuite has no exchange rate for its date. Enter one, or correct the date, then retry.",
    "unbalanced": "Its amounts do not add up in NetSuite's eyes. Report its words to the administrator.",
    "permission": "The integration role lacks a permission. Have the administrator add it, then retry.",
    "set_aside": "The sender died several times on this one. Report it to the administrator.",
    "gave_up": "It failed too often for passing reasons. Retry when the other side is well again.",
}


def note_outbox_problems(draft: Draft) -> None:
    wanted = {due.kind for due in draft.postings}
    for posting in draft.facts.postings:
        is_meant = posting.kind in wanted or _family(posting) == OURS_DIFFERS
        if posting.status == "rejected" and is_meant and draft.problem(_refusal_problem(draft, posting)):
            draft.hold_step(posting.kind, StepState.BLOCKED, _refused_words(posting))
        if posting.status == "posted":
            _note_posted(draft, posting)


def _note_posted(draft: Draft, posting: PostingFacts) -> None:
    """A number that went with an order of others needs nobody: without the order the exchange itself is missed."""
    if posting.kind == "exchange_link" and is_gone(draft.facts, posting):
        return
    successor = came_back(draft.facts, posting)
    if is_gone(draft.facts, posting):
        draft.problem(_gone_problem(draft, posting))
    elif successor:
        draft.problem(_double_problem(draft, posting, successor))
    elif posting.differences and not _is_asked_with_its_total(draft, posting):
        draft.problem(_difference_problem(draft, posting))


def _is_asked_with_its_total(draft: Draft, posting: PostingFacts) -> bool:
    """A changed row of a credit makes another total, and the question about that tells of both; so does its note."""
    asked = [f"{one.code} {one.subject}" for one in draft.problems]
    noted = [one.subject for one in draft.facts.overrides if one.kind == "acknowledge"]
    begin, end = f"record_differs record:{posting.their_id}:", f":{posting.mark}"
    return any(one.startswith(begin) and one.endswith(end) for one in [*asked, *noted])


def read_back_step(draft: Draft, code: str, posting: PostingFacts) -> None:
    """What is posted and not in the mirror was deleted, or is not read back yet."""
    if is_given_up(draft.facts, posting):
        draft.step(code, StepState.NOT_NEEDED, AS_NOTED, records=(posting.their_id,))
    elif is_gone(draft.facts, posting):
        draft.step(code, StepState.BLOCKED, "it was deleted in NetSuite", records=(posting.their_id,))
    else:
        draft.step(code, StepState.DUE, "posted; being read back", records=(posting.their_id,))


def _family(posting: PostingFacts) -> str:
    return str((posting.refusal or {}).get("family", "unknown"))


def _refused_words(posting: PostingFacts) -> str:
    system = SYSTEM_NAMES[POSTING_KINDS[posting.kind].system]
    if _family(posting) in (OURS_DIFFERS, STRANGER_DIFFERS):
        return "another record is in its place"
    return "set aside" if _family(posting) in SET_ASIDE else f"refused by {system}"


def _refusal_problem(draft: Draft, posting: PostingFacts) -> Problem:
    refusal, family = posting.refusal or {}, _family(posting)
    if family in (OURS_DIFFERS, STRANGER_DIFFERS):
        return _found_problem(draft, posting, refusal)
    system = SYSTEM_NAMES[POSTING_KINDS[posting.kind].system]
    name = words_of(posting.kind)
    explained = EXPLANATIONS.get(family, f"We do not know this answer of {system} yet; its own words are below.")
    return Problem(
        "posting_set_aside" if family in SET_ASIDE else "posting_refused",
        f"posting:{posting.external_id}",
        f"{system} refused the {name} of return {draft.facts.loop.loop_id}. {explained}",
        amount=ZERO if POSTING_KINDS[posting.kind].only_tells else draft.facts.loop.return_total,
        posting=posting.external_id,
        words=str(refusal.get("detail", "")),
        detail=(("Kind of refusal", family.replace("_", " ")), ("Code", str(refusal.get("code", "")))),
    )


def _found_problem(draft: Draft, posting: PostingFacts, refusal: dict[str, object]) -> Problem:
    """The look found something in its place that is not what we would post.

    One that may stand for several of our postings is a problem of each of them, so that a person can choose.
    """
    name, words = words_of(posting.kind), str(refusal.get("detail", ""))
    is_ours, record = _family(posting) == OURS_DIFFERS, refusal.get("record", "")
    cause = (
        f"Our external id of the {name} is on a record that holds something else."
        if is_ours
        else f"NetSuite has a {name} for return {draft.facts.loop.loop_id} that ReturnsOps did not make."
    )
    if posting.kind == "customer_refund" and not is_ours and not refusal.get("is_shared"):
        cause += " If it is a part of this payment, note it: then what the credit has left for it is booked beside it."
    if refusal.get("is_shared"):
        paid = money_text(posting.applied, draft.facts.currency)
        cause += f" It may stand for several payments; say whether it stands for that of {paid}."
    return Problem(
        "other_content" if is_ours else "foreign_record",
        f"posting:{posting.external_id}" if is_ours or refusal.get("is_shared") else f"record:{record}",
        cause,
        expected=str(refusal.get("wanted", "")),
        found=words,
        amount=draft.facts.loop.return_total,
        posting=posting.external_id,
        detail=tuple(("Differs", str(one)) for one in _as_list(refusal.get("differences"))),
    )


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _double_problem(draft: Draft, posting: PostingFacts, successor: PostingFacts) -> Problem:
    return Problem(
        "record_differs",
        f"posting:{posting.external_id}",
        f"The {words_of(posting.kind)} that was said to be deleted (id {posting.their_id}) is there again, beside "
        f"{successor.external_id} that came in its place. Delete one of the two in NetSuite.",
        amount=draft.facts.loop.return_total,
        posting=posting.external_id,
    )


def _gone_problem(draft: Draft, posting: PostingFacts) -> Problem:
    """What a person undid stays undone: nothing is posted in its place by itself."""
    return Problem(
        "record_gone",
        f"posting:{posting.external_id}",
        f"The {words_of(posting.kind)} of return {draft.facts.loop.loop_id} was deleted or voided in NetSuite.",
        amount=draft.facts.loop.return_total,
        posting=posting.external_id,
    )


def _difference_problem(draft: Draft, posting: PostingFacts) -> Problem:
    """What differs is in the subject, so that a note lapses when somebody changes the record again."""
    return Problem(
        "record_differs",
        f"posting:{posting.external_id}:{posting.mark}",
        f"The {words_of(posting.kind)} in NetSuite differs from what was sent: {'; '.join(posting.differences)}.",
        amount=draft.facts.loop.return_total,
        posting=posting.external_id,
    )
