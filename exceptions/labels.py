"""How cases are shown: label, tone and owner from one map each."""

from exceptions.models import Case
from returnsops.people.models import Role
from returnsops.returns.labels import Label
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import ProblemKind

STATUSES: dict[str, Label] = {
    Case.Status.OPEN: Label("Open", "bad"),
    Case.Status.TAKEN: Label("In progress", "info"),
    Case.Status.CLOSED: Label("Closed", "good"),
}
# Warn: it waits for a decision. Bad: something failed or is wrong, and stays so until somebody acts.
WARNINGS = frozenset(
    {
        "amount_differs", "approval_needed", "inspection_overdue", "sale_missing", "loop_settled_early",
        "exchange_order_missing", "order_unbilled", "sku_unmapped", "sku_missing", "parcel_overdue",
        "parcel_of_ended_return", "wrong_item", "undeclared_item", "kit_to_move", "status_to_change", "connection_down",
        "certificate_ending",
    }
)  # fmt: skip
LANES = {
    "inspection_overdue": "warehouse",
    "parcel_overdue": "warehouse",
    "parcel_of_ended_return": "warehouse",
    "removed_after_receipt": "warehouse",
    "wrong_item": "warehouse",
    "undeclared_item": "warehouse",
    "ended_after_receipt": "warehouse",
    "settled_differently": "loop",
    "loop_settled_early": "loop",
    "loop_did_not_settle": "loop",
    "loop_processing_failed": "loop",
    "closed_unprocessed": "loop",
    "unknown_word": "loop",
    "exchange_order_missing": "exchange",
    "refused_exchange_unit": "exchange",
}
ICONS = {
    "approve": "check", "correct_date": "calendar", "choose_line": "list-checks", "retry": "rotate-cw",
    "acknowledge": "square-pen", "cause_gone": "play", "adopt": "link", "post_again": "rotate-cw",
    "cancel": "circle-slash", "send_after_all": "play",
    "say_goods": "package-search",
}  # fmt: skip
# What taking an action will not do, beside its effect in `exceptions.actions`.
WILL_NOT = {
    "approve": ("It does not move stock and pays no card.", "If the figures move meanwhile, the approval lapses."),
    "correct_date": ("It does not change the amounts or the units of the document.",),
    "choose_line": ("It does not change the order in NetSuite.",),
    "retry": ("It does not change the document, and cannot make it twice.",),
    "cause_gone": (
        "It does not send the others before the first one is taken.",
        "If it is refused again, all wait on.",
    ),
    "adopt": ("It does not change the record, and posts nothing beside it.",),
    "post_again": ("It does not bring the deleted record back.", "It posts nothing while the record is still there."),
    "cancel": ("It does not remove anything from Loop or NetSuite.", "What comes after it on the return waits."),
    "send_after_all": ("It does not make what is in NetSuite already a second time.",),
    "say_goods": (
        "It is never received as the declared unit, credited or made sellable.",
        "It sends nothing to the customer: a parcel back is yours to pack.",
    ),
    "acknowledge": ("It does not change anything in Loop or NetSuite.",),
}


def kind_of(code: str) -> ProblemKind:
    return KINDS.get(code) or ProblemKind(code, Role.FINANCE, "", "")


def tone_of(code: str) -> str:
    return "warn" if code in WARNINGS else "bad"


def lane_of(code: str) -> str:
    return LANES.get(code, "netsuite")


def owner_of(code: str) -> str:
    """Which role settles it: «Finance»."""
    return str(Role(kind_of(code).role).label)
