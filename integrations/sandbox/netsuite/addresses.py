"""Where goods of a sale go: an entry of the customer's address book, or none."""

from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import invalid_value
from integrations.sandbox.netsuite.inputs import reference
from integrations.sandbox.netsuite.ledger import load_document

Json = dict[str, Any]
NAME = "shipAddressList"


def add_address(account: Account, *, customer: int, label: str) -> int:
    number = account.store.next_number("addressbook", start=301)
    account.store.execute("INSERT INTO addressbook (id, entity, label) VALUES (?, ?, ?)", (number, customer, label))
    return number


def apply_ship_to(account: Account, document: Document, *, body: Json) -> None:
    """Null takes the address away; an entry of another customer is refused."""
    if NAME.lower() not in body:
        return
    value = body[NAME.lower()]
    if value is None:
        document.extra[NAME] = None
        return
    entry = reference(account, value=value, field=NAME, path=NAME)
    if account.store.value("SELECT entity FROM addressbook WHERE id = ?", (entry,)) != document.entity:
        raise invalid_value(entry, field=NAME, path=NAME)
    document.extra[NAME] = entry


def fill_ship_to(account: Account, document: Document) -> None:
    """A new sale that names none takes that of its source, else the customer's default: the first of the book."""
    if document.kind not in kinds.SALES or NAME in document.extra:
        return
    source = load_document(account.store, document_id=document.created_from) if document.created_from else None
    if source is not None and NAME in source.extra:
        document.extra[NAME] = source.extra[NAME]
        return
    entry = account.store.value("SELECT min(id) FROM addressbook WHERE entity = ?", (document.entity,))
    if entry is not None:
        document.extra[NAME] = entry
