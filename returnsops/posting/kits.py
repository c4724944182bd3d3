"""What a plan knows of kits: which items are kits, and what they are made of (netsuite.md §4.2)."""

from collections.abc import Collection, Iterable

from returnsops.lib.fixed_query import FixedQuery, slot, slots
from returnsops.posting.goods import STOCKED
from returnsops.returns.facts import KitFacts, MemberFacts, RecordFacts, UnitFacts
from returnsops.returns.models import Item
from returnsops.returns.plan.sources import BILLED, ORDER

KITS = FixedQuery(
    lambda: (
        Item.objects.filter(
            account=slot("account_pk"), internal_id__in=slots("item_ids", kind="text"), item_type=Item.KIT
        )
        .order_by("pk", "members")
        .values(
            "internal_id", "sku", "members__quantity", "members__item__internal_id", "members__item__sku",
            "members__item__item_type",
        )
    )
)  # fmt: skip


def find_kits(account_pk: int, item_ids: Collection[str]) -> tuple[KitFacts, ...]:
    """Those of these items that are kits. Asks nothing where there is nothing to ask for.

    One that holds another kit counts as one that nobody told of: what lies in the inner kit would be left out.
    """
    if not item_ids:
        return ()
    members: dict[tuple[str, str], list[MemberFacts]] = {}
    nested = set()
    for row in KITS.ask(account_pk=account_pk, item_ids=sorted(item_ids)):
        of_kit = members.setdefault((row.internal_id, row.sku), [])
        if row.members__item__item_type == Item.KIT:
            nested.add(row.internal_id)
        if row.members__item__internal_id:
            of_kit.append(
                MemberFacts(
                    row.members__item__internal_id,
                    row.members__item__sku,
                    row.members__quantity,
                    keeps_stock=row.members__item__item_type in STOCKED,
                )
            )
    return tuple(
        KitFacts(item_id, sku, () if item_id in nested else tuple(made_of))
        for (item_id, sku), made_of in members.items()
    )


def sold_as_others(units: Iterable[UnitFacts], records: Iterable[RecordFacts]) -> set[str]:
    """Items on the sale that may be kits with a unit inside: only where a unit's own item was not sold on its line."""
    lines = [line for record in records if record.record_type in (*BILLED, ORDER) for line in record.lines]
    sold = {line.item_id for line in lines}
    on_lines = {(line.reference, line.item_id) for line in lines}
    references = {line.reference for line in lines}
    for unit in units:
        on_its_line = (unit.provider_line, unit.item_id) in on_lines or unit.provider_line not in references
        if unit.item_id and not (unit.item_id in sold and on_its_line):
            return sold - {""}
    return set()
