"""How states of a return are shown, everywhere: label, tone and icon from one map each."""

from dataclasses import dataclass

from returnsops.returns.models import InspectedUnit, LoopReturn
from returnsops.returns.plan import StepState

Outcome, Stage, State = InspectedUnit.Outcome, LoopReturn.Stage, LoopReturn.State


@dataclass(frozen=True)
class Label:
    """tone: neutral, info, good, warn, bad or accent; icon: a lucide name."""

    label: str
    tone: str = "neutral"
    icon: str = ""


STAGES: dict[str, Label] = {
    Stage.NEW: Label("New", "neutral", "sparkles"),
    Stage.ON_ITS_WAY: Label("On its way", "info", "truck"),
    Stage.TO_INSPECT: Label("To inspect", "accent", "scan-barcode"),
    Stage.POSTING: Label("Posting", "accent", "arrow-right"),
    Stage.WAITING: Label("Waiting", "warn", "hourglass"),
    Stage.NEEDS_PERSON: Label("Needs a person", "bad", "triangle-alert"),
    Stage.SETTLED: Label("Settled", "good", "check"),
    Stage.ENDED: Label("Ended", "neutral", "circle-slash"),
}
LOOP_STATES: dict[str, Label] = {
    State.OPEN: Label("Open", "info"),
    State.REVIEW: Label("In review", "warn"),
    State.CLOSED: Label("Closed", "good"),
    State.CANCELLED: Label("Cancelled", "neutral"),
    State.EXPIRED: Label("Expired", "neutral"),
    State.UNKNOWN: Label("Unknown", "bad"),
}
OUTCOMES: dict[str, Label] = {
    Outcome.SELLABLE: Label("Sellable", "good", "check"),
    Outcome.DAMAGED: Label("Damaged", "warn", "triangle-alert"),
    Outcome.HOLD: Label("On hold", "accent", "hourglass"),
    Outcome.SCRAPPED: Label("Scrapped", "neutral", "trash-2"),
    Outcome.REFUSED: Label("Refused", "bad", "x"),
    Outcome.MISSING: Label("Missing", "bad", "circle-slash"),
}
NOT_JUDGED = Label("Not inspected", "neutral", "hourglass")

# What the parts of the screen call the states of a step: «blocked» there means that an earlier step comes first.
STEP_STATES: dict[str, tuple[str, str]] = {
    StepState.DONE: ("done", "Done"),
    StepState.DUE: ("due", "On its way"),
    StepState.WAITING: ("waiting", "Waiting"),
    StepState.BLOCKED: ("problem", "Needs a person"),
    StepState.NOT_NEEDED: ("not_needed", "Not needed"),
}
LATER = ("blocked", "Later")

RECORD_NAMES: dict[str, tuple[str, str]] = {
    "salesOrder": ("SO", "Sales order"),
    "invoice": ("INV", "Invoice"),
    "cashSale": ("CS", "Cash sale"),
    "returnAuthorization": ("RMA", "Return Authorization"),
    "itemReceipt": ("IR", "Item Receipt"),
    "itemFulfillment": ("IF", "Item Fulfillment"),
    "inventoryTransfer": ("TRF", "Inventory Transfer"),
    "inventoryAdjustment": ("ADJ", "Inventory Adjustment"),
    "creditMemo": ("CM", "Credit Memo"),
    "customerRefund": ("CR", "Customer Refund"),
    "cashRefund": ("CSR", "Cash Refund"),
    "customerPayment": ("PYMT", "Customer payment"),
    "customerDeposit": ("DEP", "Customer deposit"),
    "binTransfer": ("BIN", "Bin Transfer"),
    "transferOrder": ("TO", "Transfer Order"),
    "journalEntry": ("JE", "Journal Entry"),
}


def record_name(record_type: str) -> tuple[str, str]:
    """Short and long name of a kind of NetSuite record; an unknown kind is named as NetSuite does."""
    return RECORD_NAMES.get(record_type, (record_type, record_type))
