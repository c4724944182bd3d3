"""Records as the REST record service shows them."""

from typing import Any

from integrations.sandbox.netsuite import field_types, kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.references import References, enumeration, present
from integrations.sandbox.netsuite.render_rows import Sublist, applies_of, lines_of, taxes_of

Json = dict[str, Any]
REFERENCES = {
    "account": "account",
    "paymentOption": "paymentOption",
    "paymentMethod": "paymentMethod",
    "transferLocation": "location",
    "adjLocation": "location",
    "shipMethod": "shipMethod",
    "shipAddressList": "shipAddressList",
}
ENUMERATIONS = {
    "handlingMode": field_types.HANDLING_MODES,
    "paymentOperation": field_types.PAYMENT_OPERATIONS,
    "shipStatus": field_types.SHIP_STATUSES,
}
OWN_BUSINESS = ("cancelled",)  # kept beside the fields, and no field of the record


def render_document(account: Account, document: Document, *, base: str, expand: bool) -> Json:
    """base: the URL of the record service, `…/services/rest/record/v1`."""
    to = References(account, base)
    own = f"{base}/{document.kind.record_type}/{document.id}"
    shown: Json = {
        "links": [{"rel": "self", "href": own}],
        "id": str(document.id),
        "tranId": document.tran_id,
        "tranDate": document.tran_date.isoformat(),
        "createdDate": f"{document.created_at}Z",
        "lastModifiedDate": f"{document.modified_at}Z",
        "externalId": document.external_id,
        "memo": document.memo,
        "otherRefNum": document.other_ref_num,
        "source": enumeration("restWebServices", {}) if document.created_by == "api" else None,
    }
    shown |= _statuses(account, document)
    shown |= _references(to, document)
    shown |= _amounts(account, document)
    shown |= {key: _extra(to, key, value) for key, value in document.extra.items() if key not in OWN_BUSINESS}
    shown |= {one.name: one.shown(own, expand=expand) for one in _sublists(to, document, own=own)}
    return present(shown)


def _statuses(account: Account, document: Document) -> Json:
    kind = document.kind
    shown: Json = {}
    if kind.statuses and kind != kinds.ITEM_RECEIPT:
        shown["status"] = {"id": document.status, "refName": account.status_label(kind, document.status)}
    if document.order_status is not None:
        label = account.status_label(kind, document.order_status)
        shown["orderStatus"] = {"id": document.order_status, "refName": label}
    return shown


def _references(to: References, document: Document) -> Json:
    oneworld = to.account.settings.flag("netsuite.oneworld")
    subsidiary = document.subsidiary or to.account.profile.subsidiary_id
    return {
        document.kind.entity_field: to.to("customer", document.entity),
        "location": to.to("location", document.location),
        "subsidiary": to.to("subsidiary", subsidiary) if oneworld else None,
        "postingPeriod": to.to("period", document.posting_period),
        "createdFrom": to.to_transaction(document.created_from),
        "currency": to.to("currency", document.currency),
        "exchangeRate": float(document.exchange_rate),
    }


def _amounts(account: Account, document: Document) -> Json:
    if not document.kind.has_amounts:
        return {}
    shown: Json = {"total": float(document.total)}
    if document.kind.sublist == "item":
        shown |= {"subtotal": float(document.subtotal), "taxTotal": float(document.tax_total)}
        shown |= _discount(document, account=account)
        if account.settings.text("netsuite.tax_engine") == "suitetax":
            shown["totalAfterTaxes"] = float(document.total)
    if document.shipping_cost:
        shown["shippingCost"] = float(document.shipping_cost)
    if document.kind.is_payment:
        shown["payment"] = float(document.total)
    return shown | _remaining(document)


def _discount(document: Document, *, account: Account) -> Json:
    if document.discount_item is None and not document.discount_rate:
        return {}
    rate = document.discount_rate
    return {
        "discountItem": References(account, "").to_item(document.discount_item),
        "discountRate": rate,
        "discountTotal": float(document.discount_total),
    }


def _remaining(document: Document) -> Json:
    shown: Json = {}
    if document.amount_remaining is not None:
        shown["amountRemaining"] = float(document.amount_remaining)
        shown["amountPaid"] = float(document.total - document.amount_remaining)
    if document.kind == kinds.CREDIT_MEMO or document.kind.is_payment:
        shown["applied"] = float(document.applied)
        shown["unapplied"] = float(document.amount_remaining or 0)
    if document.kind == kinds.CREDIT_MEMO:
        shown["autoApply"] = False
    return shown


def _extra(to: References, key: str, value: Any) -> Any:
    if key in REFERENCES and value is not None:
        return to.to(REFERENCES[key], int(value))
    return enumeration(value, ENUMERATIONS[key]) if key in ENUMERATIONS else value


def _sublists(to: References, document: Document, *, own: str) -> list[Sublist]:
    found: list[Sublist] = []
    if document.kind.sublist in ("item", "inventory"):
        found.append(Sublist(document.kind.sublist, lambda: lines_of(to, document, own=own)))
    if document.kind.sublist == "apply" or document.kind == kinds.CREDIT_MEMO:
        found.append(Sublist("apply", lambda: applies_of(to, document, own=own)))
    if document.kind == kinds.CUSTOMER_REFUND:
        found.append(Sublist("deposit", list))  # always empty to a reader (netsuite.md 4.8)
    if to.account.settings.text("netsuite.tax_engine") == "suitetax" and document.kind.sublist == "item":
        found.append(Sublist("taxDetails", lambda: taxes_of(document, own=own)))
    return found
