"""The kinds of postings: all that is told of a kind as such, in one place. A kind that says too little does not load.

What a posting of a kind holds is said by its chapter of the plan, what may stand over there in its place by
`returnsops.posting.look`.
"""

from dataclasses import dataclass
from enum import StrEnum


class ReadBack(StrEnum):
    """When a record is compared with what was sent."""

    AT_ONCE = "at_once"
    LATER = "later"  # no plan waits to see it: once nothing more is posted for its return, or after a while
    LAST = "last"  # likewise; but nothing follows it, so that moment has come when it is posted
    NEVER = "never"  # Loop's own return tells


@dataclass(frozen=True, kw_only=True)
class PostingKind:
    """One kind of posting.

    words: its name within a sentence.
    done: what happened once it is over there; empty: a record of its own was posted, or adopted.
    step: which step of the plan it brings on.
    flow: the stream of work it belongs to, as people think of it when they stop one.
    is_booked: it changes the ledger, so its date has to lie in an open period (netsuite.md §6.2). Orders do not.
    also_changes: the type of record that changes by itself with it, and is read again as well.
    ends_wait: nothing follows before its record is read back or Loop tells what came of it; both are on their way.
    may_be_trusted: a record of goods that came or went: no money moves by it, and no plan has to see it.
    may_be_cancelled: not where only our own id is looked for: what was done by hand would be done a second time.
    stand_ins: of which types a record made from the same source could stand in its place.
    dated_as: whose date it has, where a person may correct it; the Cash Refund is the credit of a cash sale.
    decides: kinds with the same word are one decision, so who cancels one cancels all.
    only_tells: it writes beside units in Loop, so doing it twice is harmless and no money hangs on it.
    """

    system: str
    words: str
    done: str
    step: str
    flow: str
    is_booked: bool
    also_changes: str
    read_back: ReadBack
    ends_wait: bool
    may_be_trusted: bool
    may_be_cancelled: bool
    stand_ins: tuple[str, ...]
    dated_as: str
    decides: str
    only_tells: bool

    @property
    def is_update(self) -> bool:
        """It changes a record that another posting made, or somebody else."""
        return self.system == "netsuite" and bool(self.done)


def _order(words: str, *, step: str, flow: str, stand_ins: tuple[str, ...]) -> PostingKind:
    """A document that others are made from."""
    return PostingKind(
        system="netsuite", words=words, done="", step=step, flow=flow, is_booked=False, also_changes="",
        read_back=ReadBack.AT_ONCE, ends_wait=True, may_be_trusted=False, may_be_cancelled=True, stand_ins=stand_ins,
        dated_as="", decides="", only_tells=False,
    )  # fmt: skip


def _receipt(words: str) -> PostingKind:
    return PostingKind(
        system="netsuite", words=words, done="", step="receipt", flow="receipt", is_booked=True,
        also_changes="returnAuthorization", read_back=ReadBack.LATER, ends_wait=False, may_be_trusted=True,
        may_be_cancelled=True, stand_ins=("itemReceipt",), dated_as="receipt", decides="", only_tells=False,
    )  # fmt: skip


def _stock(words: str, *, step: str, may_be_trusted: bool, dated_as: str) -> PostingKind:
    """Made out of nothing, so nothing but our own id tells it from what others made."""
    return PostingKind(
        system="netsuite", words=words, done="", step=step, flow="receipt", is_booked=True, also_changes="",
        read_back=ReadBack.AT_ONCE, ends_wait=False, may_be_trusted=may_be_trusted, may_be_cancelled=False,
        stand_ins=(), dated_as=dated_as, decides="", only_tells=False,
    )  # fmt: skip


def _money(
    words: str, *, step: str, flow: str, also_changes: str, read_back: ReadBack, stand_ins: tuple[str, ...],
    dated_as: str, decides: str,
) -> PostingKind:  # fmt: skip
    return PostingKind(
        system="netsuite", words=words, done="", step=step, flow=flow, is_booked=True, also_changes=also_changes,
        read_back=read_back, ends_wait=True, may_be_trusted=False, may_be_cancelled=True, stand_ins=stand_ins,
        dated_as=dated_as, decides=decides, only_tells=False,
    )  # fmt: skip


def _update(
    words: str, *, done: str, step: str, flow: str, is_booked: bool, also_changes: str, ends_wait: bool
) -> PostingKind:
    return PostingKind(
        system="netsuite", words=words, done=done, step=step, flow=flow, is_booked=is_booked,
        also_changes=also_changes, read_back=ReadBack.AT_ONCE, ends_wait=ends_wait, may_be_trusted=False,
        may_be_cancelled=True, stand_ins=(), dated_as="", decides="", only_tells=False,
    )  # fmt: skip


def _request(words: str, *, done: str, step: str, ends_wait: bool, decides: str) -> PostingKind:
    """Said to Loop, which has no record of it."""
    return PostingKind(
        system="loop", words=words, done=done, step=step, flow="settle", is_booked=False, also_changes="",
        read_back=ReadBack.NEVER, ends_wait=ends_wait, may_be_trusted=False, may_be_cancelled=True, stand_ins=(),
        dated_as="", decides=decides, only_tells=False,
    )  # fmt: skip


def _remark(words: str, *, done: str) -> PostingKind:
    """Said to Loop beside units, where it may be said again."""
    return PostingKind(
        system="loop", words=words, done=done, step="told", flow="settle", is_booked=False, also_changes="",
        read_back=ReadBack.NEVER, ends_wait=False, may_be_trusted=False, may_be_cancelled=True, stand_ins=(),
        dated_as="", decides="", only_tells=True,
    )  # fmt: skip


POSTING_KINDS = {
    "rma": _order("Return Authorization", step="rma", flow="rma", stand_ins=("returnAuthorization",)),
    "receipt": _receipt("Item Receipt"),
    "transfer": _stock("Inventory Transfer", step="shelve", may_be_trusted=True, dated_as="transfer"),
    "adjustment": _stock("Inventory Adjustment", step="shelve", may_be_trusted=True, dated_as="adjustment"),
    "take_in": _stock(
        "Inventory Adjustment of found goods", step="found", may_be_trusted=False, dated_as="take_in"
    ),
    # What was sold by cash sale may be credited either way.
    "credit": _money(
        "Credit Memo", step="credit", flow="credit", also_changes="returnAuthorization", read_back=ReadBack.AT_ONCE,
        stand_ins=("creditMemo", "cashRefund"), dated_as="credit", decides="credit",
    ),
    "credit_fix": _update(
        "rounding line of the Credit Memo", done="Rounding line entered on the Credit Memo", step="credit",
        flow="credit", is_booked=True, also_changes="", ends_wait=True,
    ),
    "cash_refund_fix": _update(
        "rounding line of the Cash Refund", done="Rounding line entered on the Cash Refund", step="refund",
        flow="refund", is_booked=True, also_changes="", ends_wait=True,
    ),
    "credit_apply": _update(
        "application of the credit", done="Credit applied", step="apply", flow="credit", is_booked=True,
        also_changes="invoice", ends_wait=True,
    ),
    "cash_refund": _money(
        "Cash Refund", step="refund", flow="refund", also_changes="returnAuthorization", read_back=ReadBack.AT_ONCE,
        stand_ins=("cashRefund", "creditMemo"), dated_as="credit", decides="credit",
    ),
    "customer_refund": _money(
        "Customer Refund", step="refund", flow="refund", also_changes="creditMemo", read_back=ReadBack.LAST,
        stand_ins=(), dated_as="customer_refund", decides="",
    ),
    "rma_close": _update(
        "closing of the Return Authorization", done="Units taken off the Return Authorization", step="close_rma",
        flow="rma_close", is_booked=False, also_changes="", ends_wait=False,
    ),
    "exchange_order": _order("exchange order", step="exchange", flow="exchange_order", stand_ins=()),
    "exchange_link": _update(
        "number of the original order on the exchange order",
        done="Number of the original order entered on the exchange order", step="exchange", flow="exchange_order",
        is_booked=False, also_changes="", ends_wait=False,
    ),
    "loop_grade": _remark("grades of units", done="Grades of units told to Loop"),
    "loop_assess": _remark("assessment of units", done="What becomes of units told to Loop"),
    "loop_process": _request(
        "request to settle", done="Request to settle sent", step="settle", ends_wait=True, decides="settlement"
    ),
    "loop_remove": _request(
        "request to settle without the refused units", done="Request to settle without the refused units sent",
        step="settle", ends_wait=True, decides="settlement",
    ),
    "loop_note": _request(
        "note on the return", done="Note on the return sent", step="settle", ends_wait=False, decides=""
    ),
    "loop_flag": _request(
        "flag on the return", done="Flag on the return sent", step="settle", ends_wait=False, decides=""
    ),
}  # fmt: skip


def words_of(kind: str) -> str:
    return POSTING_KINDS[kind].words
