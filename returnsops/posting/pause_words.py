"""Pauses in words: what stands still, what happens to it and what does not."""

from returnsops.posting.models import Pause
from returnsops.returns.labels import record_name
from returnsops.returns.plan.hinges import ACCOUNT

FLOW_NAMES = {
    "rma": "Return Authorizations",
    "receipt": "Item Receipts",
    "credit": "Credit Memos",
    "refund": "refund records",
    "exchange_order": "exchange orders",
    "rma_close": "closing of Return Authorizations",
    "settle": "requests to Loop to settle",
}
WILL_HOLD = {
    ACCOUNT: "All shops of an account: nothing is written to that NetSuite account until somebody resumes it.",
    "shop": "One shop: nothing of it is sent, to NetSuite or to Loop.",
    "flow": "One kind of document: none of them is sent, and steps that come after them wait too.",
}
WILL_NOT = (
    "It stops no reading: webhooks, sweeps and inspections go on, and plans are kept up to date.",
    "What is on its way already is not called back. Nothing is lost, and nothing is sent twice.",
)


def named(key: str) -> str:
    """What a hinge names, in words: «2026-09», «Item Receipts»."""
    kind, _, rest = key.partition(":")
    return f"{record_name(rest)[1]}s" if kind == "type" else rest


def key_words(key: str) -> str:
    """What a hinge is, with a capital: «Accounting period 2026-09», «Item Receipts»."""
    kind, _, rest = key.partition(":")
    if kind == "flow":
        words = FLOW_NAMES.get(rest.partition("@")[0], rest)
    else:
        words = f"accounting period {rest}" if kind == "period" else named(key)
    return words[:1].upper() + words[1:]


def what_stands_still(pause: Pause) -> str:
    """With a capital, to begin a line: «Item Receipts of Fern», «Everything of Fern»."""
    kind = pause.key.partition(":")[0]
    if kind in (ACCOUNT, "shop"):
        return f"Everything for {pause.account}" if kind == ACCOUNT else f"Everything of {pause.shop}"
    return key_words(pause.key) + (f" of {pause.shop}" if pause.shop else "")
