"""The exchange order where the policy has us create it: what it needs first, and what it holds.

Source: netsuite.md §3.6, §4.3; loop.md §3.7 for the Loop discount.
"""

from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO, add_up
from returnsops.returns.facts import ExchangeFacts, ReturnFacts
from returnsops.returns.plan.authorization import memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.figures import exchange_value, is_zero_credit
from returnsops.returns.plan.linking import number_of_original
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.shipping import address_of, find_obstacles, skus_without_stock
from returnsops.returns.problems import Problem

WAITS_FOR_STOCK = "waits for stock in NetSuite"
BLOCKED_BY = {
    "sku_unmapped": "waits for a SKU mapping",
    "mapping_missing": "a mapping is missing in the policy",
    "replacement_unavailable": WAITS_FOR_STOCK,
    "address_missing": "waits for an address",
}


def create_order(draft: Draft, sale: Sale, missing: list[ExchangeFacts]) -> None:
    """Post the Sales Order for these replacements, once everything it needs is there (requirement F8)."""
    facts = draft.facts
    if facts.taken_covers("exchange_order") & {one.cover for one in missing}:
        draft.step("exchange", StepState.DUE, "Sales order on its way to NetSuite")
        return
    found = [*_unusable_items(facts, missing), *_missing_parts(facts, sale), *find_obstacles(facts, sale, missing)]
    standing = [problem for problem in found if draft.problem(problem)]
    unread = skus_without_stock(facts, missing)
    if standing:
        draft.step("exchange", StepState.BLOCKED, BLOCKED_BY.get(standing[0].code, "cannot be ordered as it is"))
    elif unread:
        _wait_for_stock(draft, unread)
    else:
        draft.post(_order_due(facts, sale, missing))
        draft.step("exchange", StepState.DUE, "Sales order on its way to NetSuite")


def _wait_for_stock(draft: Draft, skus: list[str]) -> None:
    facts, names = draft.facts, ", ".join(skus)
    since = max(facts.loop.updated_at, facts.loop.settled_at or facts.loop.updated_at)  # by then Loop had named it
    words, limit = f"waits for NetSuite to tell its stock of {names}", facts.policy.deadlines.exchange_order
    if draft.waits_too_long("exchange", words, since=since, limit=limit):
        cause = f"NetSuite does not tell how many of {names} it has, and exchange orders wait for it."
        amount = add_up(one.total for one in facts.exchanges)
        draft.problem(Problem("stock_unseen", f"stock:{facts.account_id}", cause, amount=amount))


def _unusable_items(facts: ReturnFacts, missing: list[ExchangeFacts]) -> list[Problem]:
    found = []
    for sku in sorted({one.sku for one in missing}):
        same = [one for one in missing if one.sku == sku]
        amount = add_up(one.total for one in same)
        if not same[0].item_id:
            cause = f"NetSuite has no item named {sku}. The exchange order waits for it."
            found.append(Problem("sku_unmapped", f"sku:{sku}", cause, found=sku, amount=amount))
        elif same[0].item_inactive:
            cause = f"Item {same[0].item_id}, to which SKU {sku} is mapped, is inactive in NetSuite."
            found.append(Problem("item_inactive", f"sku:{sku}", cause, found=f"item {same[0].item_id}", amount=amount))
    return found


def _missing_parts(facts: ReturnFacts, sale: Sale) -> list[Problem]:
    found = []
    if not sale.record.entity_id:
        cause = f"{sale.record.tran_id} names no customer, so nobody can be sent the replacement."
        subject = f"record:{sale.record.internal_id}"
        found.append(Problem("customer_missing", subject, cause, amount=add_up(one.total for one in facts.exchanges)))
    key, amount = _paid_by_return(facts, sale)
    if amount and not facts.policy.items.get(key):
        cause = f"The policy names no NetSuite item for «{key}»."
        found.append(Problem("mapping_missing", f"policy:items.{key}", cause))
    return found


def _paid_by_return(facts: ReturnFacts, sale: Sale) -> tuple[str, Decimal]:
    """The item and amount of the row that takes off what the return paid for (loop.md §3.7, requirement C04).

    The Loop discount; or for a cash sale, whose refund no bill can be paid with, the clearing account. An order for
    an invoiced one keeps its full value: the credit is applied to its invoice.
    """
    if is_zero_credit(facts):
        return "exchange_discount", facts.loop.exchange_credit
    return "exchange_clearing", exchange_value(facts) if sale.is_cash_sale else ZERO


def _order_due(facts: ReturnFacts, sale: Sale, missing: list[ExchangeFacts]) -> PostingDue:
    return PostingDue(
        kind="exchange_order",
        system="netsuite",
        request={"operation": "create", "target_type": "salesOrder", "body": order_body(facts, sale, missing)},
        covers=frozenset(one.cover for one in missing),
        serial_key=f"{facts.account_id}:exchange:{facts.loop.loop_id}",
    )


def order_body(facts: ReturnFacts, sale: Sale, missing: list[ExchangeFacts]) -> dict[str, Any]:
    """The replacements at what the customer was charged, less what the return paid for, if the order shows that.

    Without tax: NetSuite adds that by itself.
    """
    rows = [_row(one.item_id, one.total - one.tax) | _location(facts) for one in missing]
    key, paid = _paid_by_return(facts, sale)
    if len(missing) < len(facts.exchanges):
        paid = _own_share(facts, missing, paid)
    if paid:
        rows.append(_row(facts.policy.items[key], -paid))
    return (
        {
            "entity": {"id": sale.record.entity_id},
            "orderStatus": {"id": "B"},
            "otherRefNum": sorted(one.ordered_as for one in missing)[0],
            "memo": memo_text(facts),
            "toBeEmailed": False,
            "item": {"items": rows},
        }
        | _location(facts)
        | _link(facts, sale)
        | _address(facts, sale)
    )


def _location(facts: ReturnFacts) -> dict[str, Any]:
    """On the order and on the rows of its goods, of which NetSuite commits each at its own (netsuite.md §4.3)."""
    place = facts.policy.exchange_location
    return {"location": {"id": place}} if place else {}


def _link(facts: ReturnFacts, sale: Sale) -> dict[str, Any]:
    """The original order's number in the account's own field (requirement F2); its external id belongs to others."""
    field = facts.policy.link_field
    return {field: number_of_original(facts, sale)} if field else {}


def _address(facts: ReturnFacts, sale: Sale) -> dict[str, Any]:
    """By its entry in the customer's address book, so that no address is kept here."""
    entry = address_of(facts, sale)
    return {"shipAddressList": {"id": entry}} if entry else {}


def _own_share(facts: ReturnFacts, missing: list[ExchangeFacts], paid: Decimal) -> Decimal:
    """Of a second order, made later: what the first ones left of the credit, and no more than it is worth."""
    first = add_up(one.total for one in facts.exchanges if one not in missing)
    return min(max(paid - first, ZERO), add_up(one.total for one in missing))


def _row(item_id: str, amount: Decimal) -> dict[str, Any]:
    return {"item": {"id": item_id}, "quantity": 1, "rate": str(amount), "amount": str(amount)}
