"""Creating, changing and removing transactions: one door for the API, for people and for the connector."""

import copy
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.bodies import (
    amount_of,
    apply_header,
    forget_unreceived,
    reference,
    rows_of,
    truth,
)
from integrations.sandbox.netsuite.derive import derive
from integrations.sandbox.netsuite.documents import Apply, Document
from integrations.sandbox.netsuite.errors import Refusal, missing_values, not_found, user_error
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import (
    children_of,
    insert_document,
    load_document,
    record_history,
    update_document,
)
from integrations.sandbox.netsuite.periods import CLOSED_FOR_EDIT, check_period
from integrations.sandbox.netsuite.rules import check_document
from integrations.sandbox.netsuite.stock import post_stock
from integrations.sandbox.netsuite.sublists import merge_rows
from integrations.sandbox.netsuite.transforms import propose
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
IN_USE = "This transaction cannot be deleted because it is linked to by one or more transactions."


def create(account: Account, *, kind: Kind, body: Json, replace: frozenset[str], who: str) -> Document:
    """POST of a record that has no source."""
    if kind == kinds.ITEM_RECEIPT:
        raise missing_values("Created From", path="createdFrom")
    with account.store.transaction():
        return save_new(account, draft_new(account, kind=kind, body=body, replace=replace), who=who, body=body)


def draft_new(account: Account, *, kind: Kind, body: Json, replace: frozenset[str]) -> Document:
    """The document a POST would save; the create-form shows it without saving."""
    document = Document(kind=kind, entity=None, tran_date=account.today(), currency=account.profile.currency_id)
    if kind == kinds.SALES_ORDER:
        document.order_status = account.settings.text("netsuite.default_order_status")
    if kind == kinds.RETURN_AUTHORIZATION:
        document.order_status = account.settings.text("netsuite.default_return_status")
    _fill(account, document, body=body, replace=replace, keys=("line",))
    return document


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
            account, source_id=source_id, source_kind=source_kind, target=target, body=body, replace=replace
        )
        return save_new(account, document, who=who, body=body)


def draft_transform(
    account: Account, *, source_id: int, source_kind: Kind, target: Kind, body: Json, replace: frozenset[str]
) -> Document:
    """The document a transform would save; the create-form preview shows it without saving."""
    source = load_document(account.store, document_id=source_id)
    if source is None or source.kind != source_kind:
        raise not_found()
    document = propose(account, source, target=target)
    _fill(account, document, body=body, replace=replace, keys=_transform_keys(account, target=target))
    document.lines = forget_unreceived(document.lines)
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
    _fill_applies(account, document, body=body, replace="apply" in replace)


def _fill_applies(account: Account, document: Document, *, body: Json, replace: bool) -> None:
    rows = rows_of(body, sublist="apply")
    if truth(body.get("autoapply")) and rows:
        raise user_error("You cannot set autoApply and rows of the apply sublist together.", path="autoApply")
    if rows is None:
        return
    applies = {} if replace else {row.doc: row for row in document.applies}
    for number, row in enumerate(rows):
        path = f"apply.items[{number}]"
        doc = reference(account, value=row.get("doc"), field="doc", path=f"{path}.doc")
        if "refnum" in row or "type" in row:
            raise user_error("Invalid sublist operation: only apply and amount can be set.", path=path)
        applies.pop(doc, None)
        if row.get("apply") is None or truth(row["apply"]):
            amount = row.get("amount")
            given = _all_remaining(account, doc) if amount is None else amount_of(amount, field="amount")
            applies[doc] = Apply(doc, amount=given, line=whole_number(row.get("line")) or 0)
    document.applies = list(applies.values())


def _all_remaining(account: Account, doc: int) -> Decimal:
    return cents(account.store.value("SELECT amountremaining FROM txn WHERE id = ?", (doc,)) or 0)


def save_new(account: Account, document: Document, *, who: str, body: Any, check: bool = True) -> Document:
    """Check, write and let everything that follows from it follow."""
    at = account.now_text()
    if check:
        check_document(account, document, before=None)
        check_period(account.store, document, is_new=True)
    if document.kind == kinds.CREDIT_MEMO and _applies_by_itself(account, body):
        _apply_to_open_invoices(account, document)
    derive(account.store, document)
    insert_document(account.store, document, who=who, at=at)
    _settle(account, document, at=at, touched=_sources_of(document))
    _count_card_operation(account, document)
    _log(account, document, who=who, action="create", body=body)
    return document


def _applies_by_itself(account: Account, body: Any) -> bool:
    if not isinstance(body, dict) or "apply" in body:
        return False
    if "autoapply" in body:
        return truth(body["autoapply"])
    return account.settings.flag("netsuite.auto_apply_default")


def _apply_to_open_invoices(account: Account, document: Document) -> None:
    left = document.total
    invoices = account.store.rows(
        "SELECT id, amountremaining FROM txn WHERE entity = ? AND type = 'CustInvc' AND deleted = 0"
        " AND amountremaining > 0 ORDER BY trandate, id",
        (document.entity,),
    )
    for row in invoices:
        amount = min(left, cents(row["amountremaining"]))
        if amount > 0:
            document.applies.append(Apply(row["id"], amount=amount))
            left -= amount


def update(
    account: Account, *, document_id: int, kind: Kind, body: Json, replace: frozenset[str], who: str
) -> Document:
    with account.store.transaction():
        before = load_document(account.store, document_id=document_id)
        if before is None or before.kind != kind:
            raise not_found()
        _refuse_closed_period(account, before)
        document = draft_change(account, document_id=document_id, kind=kind, body=body, replace=replace)
        check_document(account, document, before=before)
        check_period(account.store, document, is_new=False)
        _save_changed(account, document, before=before, who=who, action="update", body=body)
        return document


def draft_change(account: Account, *, document_id: int, kind: Kind, body: Json, replace: frozenset[str]) -> Document:
    """The document a PATCH would save; the edit-form shows it without saving."""
    document = load_document(account.store, document_id=document_id)
    if document is None or document.kind != kind:
        raise not_found()
    _fill(account, document, body=body, replace=replace, keys=("line",))
    return document


def void(account: Account, *, document_id: int, who: str) -> Document:
    with account.store.transaction():
        before = _existing(account, document_id)
        _refuse_closed_period(account, before)
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
        _refuse_closed_period(account, before)
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


def _refuse_closed_period(account: Account, document: Document) -> None:
    try:
        check_period(account.store, document, is_new=False)
    except Refusal:
        raise user_error(CLOSED_FOR_EDIT) from None


def _save_changed(account: Account, document: Document, *, before: Document, who: str, action: str, body: Any) -> None:
    at = account.now_text()
    derive(account.store, document)
    update_document(account.store, document, at=at)
    _settle(account, document, at=at, touched=_sources_of(before) | _sources_of(document))
    _log(account, document, who=who, action=action, body=body)


def _settle(account: Account, document: Document, *, at: str, touched: set[int]) -> None:
    moves_stock = account.settings.flag("netsuite.credits_move_stock")
    post_stock(account.store, document, at=at, credits_move_stock=moves_stock)
    for source_id in sorted(touched):
        _derive_again(account, source_id, at=at)


def _derive_again(account: Account, document_id: int, *, at: str) -> None:
    source = load_document(account.store, document_id=document_id)
    if source is None:
        return
    derive(account.store, source)
    is_bumped = source.kind != kinds.RETURN_AUTHORIZATION or account.settings.flag("netsuite.rma_bumped_by_children")
    update_document(account.store, source, at=at if is_bumped else source.modified_at)


def _sources_of(document: Document) -> set[int]:
    sources = {line.order_doc for line in document.lines if line.order_doc is not None}
    return sources | {row.doc for row in document.applies}


def _count_card_operation(account: Account, document: Document) -> None:
    """A refund that NetSuite itself would send to a card: exactly what this project promises never to do."""
    if document.kind not in (kinds.CUSTOMER_REFUND, kinds.CASH_REFUND):
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
