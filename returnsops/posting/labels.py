"""How postings and their tries are shown: label and tone from one map each."""

from returnsops.posting.models import Posting
from returnsops.returns.labels import Label
from returnsops.returns.plan.kinds import words_of

Status = Posting.Status

STATUSES: dict[str, Label] = {
    Status.PENDING: Label("Waiting to be sent", "neutral"),
    Status.SENDING: Label("Being sent", "accent"),
    Status.UNCERTAIN: Label("Answer lost, being looked up", "warn"),
    Status.POSTED: Label("Done", "good"),
    Status.REJECTED: Label("Refused", "bad"),
    Status.VOIDED: Label("Withdrawn", "neutral"),
}
ATTEMPT_OUTCOMES: dict[str, Label] = {
    "posted": Label("Accepted", "good"),
    "rejected": Label("Refused", "bad"),
    "uncertain": Label("Answer lost", "warn"),
    "doubted": Label("Refused, may be there all the same", "warn"),
    "adopted": Label("Was there already, taken over", "good"),
    "died": Label("Its sender died", "warn"),
    "job_ended": Label("NetSuite's job has ended", "neutral"),
    "put_back": Label("Not done, again later", "warn"),
    "overtaken": Label("Overtaken", "neutral"),
}


def attempt_label(outcome: str) -> Label:
    return ATTEMPT_OUTCOMES.get(outcome, Label(outcome.replace("_", " ").capitalize()))


def kind_name(kind: str) -> str:
    """«Item Receipt», «Request to settle»: with a capital, to begin a line."""
    name = words_of(kind)
    return name[:1].upper() + name[1:]
