"""Kits: receipts and fulfilments show a kit and, as rows of their own, its members (netsuite.md 4.2)."""

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line

SHOWS_MEMBERS = (kinds.FULFILLMENT, kinds.ITEM_RECEIPT)


def expand_kits(account: Account, document: Document) -> None:
    """Bring the member rows of every kit to what its quantity and place ask; only members move stock."""
    if document.kind not in SHOWS_MEMBERS:
        return
    known = {(line.kit_member_of, line.item): line for line in document.lines if line.kit_member_of is not None}
    document.lines = [line for line in document.lines if line.kit_member_of is None]
    for kit in [line for line in document.lines if line.item_type == "Kit"]:
        for member in _members(account, kit, document=document):
            before = known.get((kit.line, member.item))
            if before is not None:
                member.unique_key, member.line = before.unique_key, before.line
            document.lines.append(member)


def _members(account: Account, kit: Line, *, document: Document) -> list[Line]:
    rows = account.store.rows(
        "SELECT m.item, m.quantity, i.itemtype FROM itemmember m JOIN item i ON i.id = m.item"
        " WHERE m.parentitem = ? ORDER BY m.linenumber",
        (kit.item,),
    )
    first = document.next_line_number()
    return [
        Line(
            line=first + place,
            item=row["item"],
            item_type=row["itemtype"],
            quantity=kit.quantity * row["quantity"],
            location=kit.location,
            is_restocked=kit.is_restocked,
            decimals=document.decimals,
            kit_member_of=kit.line,
        )
        for place, row in enumerate(rows)
    ]
