"""Which records of NetSuite descend from an order: its sales, and what was made of them, generation by generation."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef
from returnsops.returns.known_records import NEVER_READ
from returnsops.returns.models import LoopReturn

GENERATIONS_MAX = 6  # order → invoice → authorization → receipt → credit → refund

Sales = Mapping[str, Sequence[RecordRef]]  # by the name they were found under
Children = Mapping[str, Sequence[RecordRef]]  # by parent


def sales_under(names: Iterable[str], sales: Sales) -> dict[str, RecordRef]:
    return {ref.internal_id: ref for name in names for ref in sales.get(name, ())}


def sales_of_other_orders(row: LoopReturn, references: Collection[str], sales: Sales) -> set[str]:
    """Found by the order's name alone, while they bear the shop's own id of another order.

    Two shops may name orders alike; the customer of the other one would be credited (loop.md §7.12).
    """
    names = {row.order_name, row.order_name.lstrip("#")}
    by_more = sales_under(set(references) - names, sales)
    return {
        internal_id
        for internal_id, ref in sales_under(names, sales).items()
        if internal_id not in by_more and ref.record_type == "salesOrder" and _is_alike(ref, row.provider_order_id)
    }


def _is_alike(ref: RecordRef, order_id: str) -> bool:
    """Whether its external id is such as the shop gives to orders, and no number of whoever wrote it there."""
    told = ref.external_id or ""
    return told.isdigit() and order_id.isdigit() and len(told) == len(order_id)


def find_descendants(client: NetSuiteClient, ancestors: Collection[str]) -> Children:
    """Generation by generation, two queries each however many families there are."""
    children: dict[str, list[RecordRef]] = {}
    asked, parents = set[str](), set(ancestors)
    for _ in range(GENERATIONS_MAX):
        if not parents:
            break
        for parent, found in client.find_children_by_parent(parents).items():
            children[parent] = [ref for ref in found if ref.record_type not in NEVER_READ]
        asked |= parents
        parents = {ref.internal_id for found in children.values() for ref in found} - asked
    return children


def descendants_of(ancestors: Collection[str], children: Children) -> dict[str, RecordRef]:
    found: dict[str, RecordRef] = {}
    seen, parents = set(ancestors), list(ancestors)
    while parents:
        for ref in children.get(parents.pop(), ()):
            found[ref.internal_id] = ref
            if ref.internal_id not in seen:
                seen.add(ref.internal_id)
                parents.append(ref.internal_id)
    return found
