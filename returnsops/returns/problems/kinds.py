"""What is known of a kind of problem: how it is shown, who settles it, and the actions that may help."""

from dataclasses import dataclass

APPROVE = "approve"
CORRECT_DATE = "correct_date"
CHOOSE_LINE = "choose_line"
RETRY = "retry"
ACKNOWLEDGE = "acknowledge"
MAP_SKU = "map_sku"
CAUSE_GONE = "cause_gone"
ADOPT = "adopt"
POST_AGAIN = "post_again"
CANCEL = "cancel"
SEND_AFTER_ALL = "send_after_all"
SAY_GOODS = "say_goods"


@dataclass(frozen=True)
class ProblemKind:
    """How a code is shown: title, who settles it, what to do, which buttons help.

    step: code of the step of the plan that it holds up; empty: none in particular, or that of the posting it is about.
    """

    title: str
    role: str
    step: str
    advice: str
    actions: tuple[str, ...] = ()
