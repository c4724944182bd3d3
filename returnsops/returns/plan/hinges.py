"""What a posting hinges on: the names of all that can stand still, so that one pause holds all it concerns.

A name is `account`, `shop:<code>`, `flow:<flow>`, `flow:<flow>@<shop>`, `type:<record type>` or `period:<yyyy-mm>`.
"""

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import PostingDue
from returnsops.returns.plan.kinds import POSTING_KINDS

ACCOUNT = "account"
FLOWS = frozenset(kind.flow for kind in POSTING_KINDS.values())


def hinges_of(facts: ReturnFacts, due: PostingDue) -> tuple[str, ...]:
    """The names of all that this posting hinges on."""
    kind, shop = POSTING_KINDS[due.kind], facts.shop_code
    names = [shop_key(shop), flow_key(kind.flow), flow_key(kind.flow, shop=shop)]
    if due.system == "netsuite":
        names += [ACCOUNT, type_key(str(due.request["target_type"]))]
    if kind.is_booked:
        names.append(period_key(booked_on(facts, due)))
    return tuple(sorted(names))


def shop_key(code: str) -> str:
    return f"shop:{code}"


def flow_key(flow: str, *, shop: str = "") -> str:
    return f"flow:{flow}" + (f"@{shop}" if shop else "")


def type_key(record_type: str) -> str:
    return f"type:{record_type}"


def period_key(tran_date: str) -> str:
    """Of an ISO date. Periods are taken as calendar months, as most accounts have them."""
    return f"period:{tran_date[:7]}"


def booked_on(facts: ReturnFacts, due: PostingDue) -> str:
    """The date it is booked on: its own; that of the credit it mends; else NetSuite takes today."""
    if due.kind in ("credit_fix", "cash_refund_fix", "credit_apply"):
        credit = facts.posted("credit") or facts.posted("cash_refund")
        if credit and credit.posted_at:
            return own_date(credit.request) or facts.date_of(credit.posted_at).isoformat()
    return own_date(due.request) or facts.date_of(facts.now).isoformat()


def own_date(request: dict[str, object]) -> str:
    body = request.get("body")
    return str(body.get("tranDate") or "") if isinstance(body, dict) else ""
