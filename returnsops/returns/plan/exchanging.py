"""Chapter 7: the exchange order: found by its id (never by its total), or created by policy, and linked."""

from datetime import datetime
from typing import Any

from returnsops.lib.money import add_up
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.sale import Sale
from returnsops.returns.policy import ExchangeOrder
from returnsops.returns.problems import Problem


def plan_exchange(draft: Draft, sale: Sale) -> bool:
    """Gives whether the exchange order is in NetSuite, or none is needed."""
    facts = draft.facts
    if not facts.exchanges:
        return True
    found = find_exchange_orders(facts)
    if found:
        words = ", ".join(f"Sales order {order.tran_id}" for order in found)
        draft.step("exchange", StepState.DONE, words, records=tuple(order.internal_id for order in found))
        return True
    if not _order_names(facts):
        draft.step("exchange", StepState.WAITING, "Loop makes the order when it settles")
        return False
    if facts.policy.exchange_order == ExchangeOrder.CREATE and facts.policy.writes("exchange_order"):
        return _create(draft, sale)
    _wait_for_connector(draft, facts.loop.settled_at or facts.loop.updated_at)
    return False


def find_exchange_orders(facts: ReturnFacts) -> list[RecordFacts]:
    names, ids = _order_names(facts), {one.order_id for one in facts.exchanges if one.order_id}
    created = facts.posted("exchange_order")
    return [
        order
        for order in facts.records_of("salesOrder")
        if order.external_id in ids
        or order.other_ref_num in names
        or (created is not None and order.internal_id == created.their_id)
    ]


def exchange_references(exchanges: list[tuple[str, str]]) -> list[str]:
    """Under which names an exchange order may lie in NetSuite, from its (id, name) pairs in Loop."""
    texts = [text for order_id, name in exchanges for text in (order_id, name, name.lstrip("#")) if text]
    return sorted(set(texts))


def _order_names(facts: ReturnFacts) -> set[str]:
    names = {one.order_name for one in facts.exchanges if one.order_name}
    return names | {name.lstrip("#") for name in names}


def _wait_for_connector(draft: Draft, since: datetime) -> None:
    facts = draft.facts
    name = next(iter(sorted(_order_names(facts))))
    limit = facts.policy.deadlines.exchange_order
    due_at = draft.deadline(since, limit)
    late = draft.is_late(since, limit)
    if late:
        draft.problem(
            Problem(
                "exchange_order_missing",
                f"return:{facts.loop.loop_id}",
                f"Loop made exchange order {name}; NetSuite has no sales order for it.",
                amount=add_up(one.total for one in facts.exchanges),
            )
        )
    words = f"waits for {name} to arrive in NetSuite"
    draft.step("exchange", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)


def _create(draft: Draft, sale: Sale) -> bool:
    facts = draft.facts
    unmapped = sorted({one.sku for one in facts.exchanges if not one.item_id})
    for sku in unmapped:
        draft.problem(
            Problem(
                "sku_unmapped",
                f"sku:{sku}",
                f"NetSuite has no item named {sku}. The exchange order waits for it.",
                found=sku,
                amount=add_up(one.total for one in facts.exchanges if one.sku == sku),
            )
        )
    if unmapped:
        draft.step("exchange", StepState.BLOCKED, "waits for a SKU mapping")
    elif not facts.policy.items.get("exchange_discount"):
        draft.problem(
            Problem(
                "mapping_missing",
                "policy:items.exchange_discount",
                "The policy names no exchange discount item.",
            )
        )
        draft.step("exchange", StepState.BLOCKED, "a mapping is missing in the policy")
    else:
        if not facts.taken("exchange_order"):
            draft.post(_order_due(facts, sale))
        draft.step("exchange", StepState.DUE, "Sales order on its way to NetSuite")
    return False


def _order_due(facts: ReturnFacts, sale: Sale) -> PostingDue:
    return PostingDue(
        kind="exchange_order",
        system="netsuite",
        request={"operation": "create", "target_type": "salesOrder", "body": order_body(facts, sale)},
        covers=frozenset(f"exchange:{one.exchange_id}" for one in facts.exchanges),
        serial_key=f"{facts.account_id}:exchange:{facts.loop.loop_id}",
    )


def order_body(facts: ReturnFacts, sale: Sale) -> dict[str, Any]:
    """The replacements at what the customer was charged, less what the return paid for (the Loop discount).

    Without tax: NetSuite adds that by itself.
    """
    rows: list[dict[str, Any]] = [
        {
            "item": {"id": one.item_id},
            "quantity": 1,
            "rate": str(one.total - one.tax),
            "amount": str(one.total - one.tax),
        }
        for one in facts.exchanges
    ]
    discount = str(-facts.loop.exchange_credit)
    if facts.loop.exchange_credit:
        item = {"id": facts.policy.items["exchange_discount"]}
        rows.append({"item": item, "quantity": 1, "rate": discount, "amount": discount})
    return {
        "entity": {"id": sale.record.entity_id},
        "orderStatus": {"id": "B"},
        "otherRefNum": next(iter(sorted(_order_names(facts)))),
        "memo": memo_text(facts),
        "toBeEmailed": False,
        "item": {"items": rows},
    }
