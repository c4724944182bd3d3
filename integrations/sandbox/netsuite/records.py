"""Creating, changing and removing transactions: one door for the API, for people and for the connector."""

import copy
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.addresses import fill_ship_to
from integrations.sandbox.netsuite.applications import apply_to_open_invoices, fill_applies
from integrations.sandbox.netsuite.bodies import apply_header, forget_unreceived
from integrations.sandbox.netsuite.derive import derive
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import missing_values, not_found, user_error
from integrations.sandbox.netsuite.headers import finish_amounts
from integrations.sandbox.netsuite.inputs import reference, rows_of, truth
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.kits import expand_kits
from integrations.sandbox.netsuite.ledger import (
    children_of,
    insert_document,
    load_document,
    record_history,
    save_progress,
    update_document,
)
from integrations.sandbox.netsuite.periods import check_edit_in_period, check_period
from integrations.sandbox.netsuite.rules import check_document
from integrations.sandbox.netsuite.stock import post_stock
from integrations.sandbox.netsuite.sublists import merge_rows
from integrations.sandbox.netsuite.transforms import propose

Json = dict[str, Any]
IN_USE = "This transaction cannot be deleted because it is linked to by one or more transactions."
NOTHING: frozenset[str] = frozenset()


def create(account: Account, *, kind: Kind, body: Json, replace: frozenset[str], who: str) -> Document:
    """POST of a record that has no source."""
    if kind == kinds.ITEM_RECEIPT:
        raise missing_values("Created From", path="createdFrom")
    with account.store.transaction():
        document = draft_new(account, kind=kind, body=body, replace=replace, who=who)
        return save_new(account, document, who=who, body=body)


def draft_new(account: Account, *, kind: Kind, body: Json, replace: frozenset[str], who: str = "api") -> Document:
    """The document a POST would save; the create-form shows it without saving."""
    document = Document(kind=kind, entity=None, tran_date=account.today(), currency=account.profile.currency_id)
    document.writer = who
    if kind == kinds.SALES_ORDER:
        document.order_status = account.settings.text("netsuite.default_order_status")
    if kind == kinds.RETURN_AUTHORIZATION:
        document.order_status = account.settings.text("netsuite.default_return_status")
    _fill(account, document, body=body, replace=replace, keys=("line",))
    _link_to_named_source(account, document, body=body)
    return document


def _link_to_named_source(account: Account, document: Document, *, body: Json) -> None:
    """`createdFrom` on a plain POST: what it links is not known (netsuite.md 13, U17)."""
    mode = account.settings.text("netsuite.created_from_on_post")
    if body.get("createdfrom") is None or mode == "ignored":
        return
    document.created_from = reference(account, value=body["createdfrom"], field="createdFrom", path="createdFrom")
    source = load_document(account.store, document_id=document.created_from)
    if source is None:
        raise not_found()
    for line in document.lines if mode == "linked" else []:
        origin = next((one for one in source.lines if one.item == line.item), None)
        if origin is not None:
            line.order_doc, line.order_line = source.id, origin.line


def transform(
    account: Account,
    *,
    source_id: int,
    source_kind: Kind,
    target: Kind,
    body: Json,
    replace: frozenset[str],
    who: str,
) -> Document:
    with account.store.transaction():
        document = draft_transform(
            account, source_id=source_id, source_kind=source_kind, target=target, body=body, replace=replace, who=who
        )
        return save_new(account, document, who=who, body=body)


def draft_transform(
    account: Account,
    *,
    source_id: int,
    source_kind: Kind,
    target: Kind,
    body: Json,
    replace: frozenset[str],
    who: str = "api",
) -> Document:
    """The document a transform would save; the create-form preview shows it without saving."""
    source = load_document(account.store, document_id=source_id)
    if source is None or source.kind != source_kind:
        raise not_found()
    document = propose(account, source, target=target)
    document.writer = who
    _fill(account, document, body=body, replace=replace, keys=_transform_keys(account, target=target))
    document.lines = forget_unreceived(document.lines)
    expand_kits(account, document)
    return document


def _transform_keys(account: Account, *, target: Kind) -> tuple[str, ...]:
    setting = account.settings.text("netsuite.receipt_key")
    if target == kinds.ITEM_RECEIPT and setting == "line":
        return ("line",)
    if target == kinds.ITEM_RECEIPT and setting == "either":
        return ("orderline", "line")
    return ("orderline",)


def _fill(account: Account, document: Document, *, body: Json, replace: frozenset[str], keys: tuple[str, ...]) -> None:
    apply_header(account, document, body=body)
    sublist = "inventory" if document.kind.sublist == "inventory" else "item"
    rows = rows_of(body, sublist=sublist)
    if rows == [] or (rows is None and sublist in replace and document.id):
        document.lines = []
    elif rows is not None:
        merge_rows(account, document, rows=rows, keys=keys, replace=sublist in replace)
    fill_applies(account, document, body=body, replace="apply" in replace)
    finish_amounts(account, document)


def save_new(account: Account, document: Document, *, who: str, body: Any, check: bool = True) -> Document:
    """Check, write and let everything that follows from it follow."""
    at = account.now_text()
    if check:
        check_document(account, document, before=None)
        check_period(account, document, is_new=True)
    if document.kind == kinds.CREDIT_MEMO and _applies_by_itself(account, body):
        apply_to_open_invoices(account, document)
    if document.subsidiary is None and account.settings.flag("netsuite.oneworld"):
        document.subsidiary = account.profile.subsidiary_id
    fill_ship_to(account, document)
    expand_kits(account, document)
    _tax_otherwise(account, document, who=who)
    derive(account, document)
    insert_document(account.store, document, who=who, at=at)
    _settle(account, document, at=at, touched=_sources_of(document))
    _count_card_operation(account, document, who=who)
    _log(account, document, who=who, action="create", body=body)
    if document.kind == kinds.FULFILLMENT and not account.settings.flag("netsuite.advanced_shipping"):
        _bill_with_fulfilment(account, document, who=who)
    return document


def _tax_otherwise(account: Account, document: Document, *, who: str) -> None:
    """A tax engine may come to something else when a credit is saved than when its form was shown."""
    more = account.settings.number("netsuite.saved_credit_adds")
    if more and who == "api" and document.kind in (kinds.CREDIT_MEMO, kinds.CASH_REFUND) and document.lines:
        document.lines[0].tax_amount += document.rounded(more)


def _bill_with_fulfilment(account: Account, document: Document, *, who: str) -> None:
    """Without Advanced Shipping a fulfilment bills what it ships (netsuite.md 4.4)."""
    rows = [{"orderline": line.order_line, "quantity": line.quantity} for line in document.lines if line.order_line]
    source = load_document(account.store, document_id=document.created_from or 0)
    if source is not None and source.kind == kinds.SALES_ORDER and source.status in "DEF":
        bill: Json = {"item": {"items": rows}}
        replace = frozenset({"item"})
        transform(
            account,
            source_id=source.id,
            source_kind=source.kind,
            target=kinds.INVOICE,
            body=bill,
            replace=replace,
            who=who,
        )


def _applies_by_itself(account: Account, body: Any) -> bool:
    if not isinstance(body, dict) or "apply" in body:
        return False
    if "autoapply" in body:
        return truth(body["autoapply"])
    return account.settings.flag("netsuite.auto_apply_default")


def update(
    account: Account, *, document_id: int, kind: Kind, body: Json, replace: frozenset[str], who: str
) -> Document:
    with account.store.transaction():
        before = load_document(account.store, document_id=document_id)
        if before is None or before.kind != kind:
            raise not_found()
        document = draft_change(account, document_id=document_id, kind=kind, body=body, replace=replace, who=who)
        check_edit_in_period(account, before, document)
        check_document(account, document, before=before)
        if document.posting_period != before.posting_period:
            check_period(account, document, is_new=False)
        _save_changed(account, document, before=before, who=who, action="update", body=body)
        return document


def draft_change(
    account: Account, *, document_id: int, kind: Kind, body: Json, replace: frozenset[str], who: str = "api"
) -> Document:
    """The document a PATCH would save; the edit-form shows it without saving."""
    document = load_document(account.store, document_id=document_id)
    if document is None or document.kind != kind:
        raise not_found()
    document.writer = who
    _fill(account, document, body=body, replace=replace, keys=("line",))
    expand_kits(account, document)
    return document


def cancel(account: Account, *, document_id: int, who: str) -> Document:
    """As in the screens: an order or authorization on which nothing hangs yet."""
    with account.store.transaction():
        before = _existing(account, document_id)
        if before.kind not in kinds.ORDERS or children_of(account.store, document_id=document_id):
            raise user_error("This transaction can not be cancelled.")
        document = copy.deepcopy(before)
        document.extra["cancelled"] = True
        _save_changed(account, document, before=before, who=who, action="cancel", body={})
        return document


def void(account: Account, *, document_id: int, who: str) -> Document:
    with account.store.transaction():
        before = _existing(account, document_id)
        if before.kind == kinds.CREDIT_MEMO and children_of(account.store, document_id=document_id):
            raise user_error("This transaction cannot be voided because it has been refunded or applied.")
        check_edit_in_period(account, before)
        document = copy.deepcopy(before)
        document.voided = True
        document.applies = []
        _save_changed(account, document, before=before, who=who, action="void", body={})
        return document


def delete(account: Account, *, document_id: int, kind: Kind | None, who: str) -> None:
    with account.store.transaction():
        before = _existing(account, document_id)
        if kind is not None and before.kind != kind:
            raise not_found()
        check_edit_in_period(account, before)
        if children_of(account.store, document_id=document_id):
            raise user_error(IN_USE)
        document = copy.deepcopy(before)
        document.deleted = True
        _save_changed(account, document, before=before, who=who, action="delete", body={})


def _existing(account: Account, document_id: int) -> Document:
    document = load_document(account.store, document_id=document_id)
    if document is None:
        raise not_found()
    return document


def _save_changed(account: Account, document: Document, *, before: Document, who: str, action: str, body: Any) -> None:
    at = account.now_text()
    derive(account, document)
    update_document(account.store, document, at=at, who=who)
    _settle(account, document, at=at, touched=_sources_of(before) | _sources_of(document))
    _log(account, document, who=who, action=action, body=body)


def _settle(account: Account, document: Document, *, at: str, touched: set[int]) -> None:
    post_stock(account, document, at=at)
    for source_id in sorted(touched):
        _derive_again(account, source_id, at=at)


def _derive_again(account: Account, document_id: int, *, at: str) -> None:
    source = load_document(account.store, document_id=document_id)
    if source is None:
        return
    derive(account, source)
    is_bumped = source.kind != kinds.RETURN_AUTHORIZATION or account.settings.flag("netsuite.rma_bumped_by_children")
    save_progress(account.store, source, at=at if is_bumped else None)


def _sources_of(document: Document) -> set[int]:
    sources = {line.order_doc for line in document.lines if line.order_doc is not None}
    return sources | {row.doc for row in document.applies}


def _count_card_operation(account: Account, document: Document, *, who: str) -> None:
    """A refund that NetSuite itself would send to a card: exactly what this project promises never to do. What a person
    enters by hand is theirs."""
    if who == "person" or document.kind not in (kinds.CUSTOMER_REFUND, kinds.CASH_REFUND):
        return
    handling = str(document.extra.get("handlingMode") or "").upper()
    if handling in ("SAVE_ONLY", "MIMIC"):
        return
    option = document.extra.get("paymentOption") or document.extra.get("paymentMethod")
    is_card = account.store.value("SELECT is_card FROM paymentoption WHERE id = ?", (option,)) if option else 1
    if handling == "PROCESS" or is_card:
        account.store.next_number("card_operations", start=1)


def _log(account: Account, document: Document, *, who: str, action: str, body: Any) -> None:
    content = dict(body) if isinstance(body, dict) else {}
    content["externalId"] = document.external_id
    record_history(
        account.store,
        who=who,
        at=account.now_text(),
        action=action,
        record_type=document.kind.record_type,
        record_id=document.id,
        content=content,
    )
