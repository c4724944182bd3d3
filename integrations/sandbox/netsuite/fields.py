"""The property names each record type knows; everything else is met as the validation header says."""

from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.kinds import Kind

Json = dict[str, Any]

COMMON = (
    "entity externalId tranDate memo otherRefNum location subsidiary currency exchangeRate postingPeriod"
    " department class customForm tranId id links refName status createdFrom createdDate lastModifiedDate source"
    " toBeEmailed toBePrinted toBeFaxed email subtotal taxTotal total salesRep shippingAddress billingAddress"
    " shipAddressList"
    " discountItem discountRate discountTotal salesEffectiveDate transactionToRefund taxDetails totalAfterTaxes"
    " taxDetailsOverride taxPointDate isCrossSubTransaction item accountingBookDetail nextBill prevDate"
)
ORDERS = " orderStatus shipMethod shippingCost shippingCostOverridden shipComplete shipDate terms salesChannel message"
PAYMENTS = " account paymentOption paymentMethod paymentOperation handlingMode paymentProcessingProfile undepFunds"
BODY = {
    kinds.SALES_ORDER: COMMON + ORDERS + " paymentOption handlingMode",
    kinds.INVOICE: COMMON + ORDERS + " account amountRemaining amountPaid dueDate",
    kinds.CASH_SALE: COMMON + ORDERS + PAYMENTS,
    kinds.FULFILLMENT: COMMON + " shipStatus shippedDate inventoryLocation package",
    kinds.RETURN_AUTHORIZATION: COMMON + " orderStatus paymentOption handlingMode",
    kinds.ITEM_RECEIPT: COMMON + " landedCostMethod landedCostPerLine expense",
    kinds.CREDIT_MEMO: COMMON
    + " account autoApply applied unapplied amountRemaining amountPaid apply shippingCost shipMethod handlingCost",
    kinds.CASH_REFUND: COMMON + PAYMENTS + " shippingCost shipMethod handlingCost",
    kinds.CUSTOMER_REFUND: COMMON + PAYMENTS + " customer apply deposit arAcct balance checkNumber",
    kinds.CUSTOMER_PAYMENT: COMMON + PAYMENTS + " customer apply payment autoApply applied unapplied",
    kinds.INVENTORY_ADJUSTMENT: COMMON + " account adjLocation customer inventory",
    kinds.INVENTORY_TRANSFER: COMMON + " transferLocation inventory",
    kinds.BIN_TRANSFER: COMMON + " inventory",
    kinds.CUSTOMER_DEPOSIT: COMMON + PAYMENTS + " customer payment salesOrder",
}
LINE = (
    "line orderLine orderDoc item quantity rate amount price description location isClosed isOpen lineUniqueKey"
    " quantityReceived quantityBilled quantityRemaining taxCode taxRate1 taxAmount grossAmt inventoryDetail units"
    " itemType inventoryLocation inventorySubsidiary department class links itemReceive itemName onHand"
    " kitMemberOf unitCostOverride commitInventory adjustQtyBy unitCost doc apply amount due refNum type"
    " applyDate total currency createdFrom discount disc taxDetailsReference quantityCommitted"
)
CUSTOM = (
    "custcol_shopify_line_id",
    "custcol_return_reason",
    "custbody_loop_return",
    "custbody_loop_exchange",
)

_LINE_NAMES = frozenset(name.lower() for name in (*LINE.split(), *CUSTOM, "restock"))
_BODY_NAMES = {kind: frozenset(name.lower() for name in (*names.split(), *CUSTOM)) for kind, names in BODY.items()}


def body_names(kind: Kind) -> list[str]:
    return sorted({*BODY[kind].split(), "custbody_loop_return", "custbody_loop_exchange"})


def line_names(kind: Kind) -> list[str]:
    """What the rows of the record's own sublist know, in any account."""
    own = [name for name in LINE.split() if name not in ("doc", "apply", "due", "refNum", "applyDate", "links")]
    own += ["restock"] if kind == kinds.ITEM_RECEIPT else []
    return [*own, *(name for name in CUSTOM if name.startswith("custcol"))]


def lower_keys(body: Json) -> Json:
    """Property names are matched in any case, in the body and in the rows of its sublists."""
    lowered = {key.lower(): value for key, value in body.items()}
    for sublist in ("item", "apply", "inventory", "deposit"):
        value = lowered.get(sublist)
        if value is not None:
            lowered[sublist] = {"items": _lower_rows(value, sublist=sublist)}
    return lowered


def _lower_rows(value: Any, *, sublist: str) -> list[Json] | None:
    rows = {key.lower(): one for key, one in value.items()}.get("items") if isinstance(value, dict) else value
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            f"Invalid content in the request body. '{sublist}' must hold rows.",
            code="INVALID_CONTENT",
            path=f"{sublist}.items",
        )
    return [{key.lower(): inner for key, inner in row.items()} for row in rows]


def check_names(kind: Kind, *, body: Json, mode: str, absent: frozenset[str]) -> list[str]:
    """Paths of unknown properties; raises in mode Error. absent: names this account does not have."""
    line_names = _LINE_NAMES - absent
    unknown = [name for name in body if name not in _BODY_NAMES[kind] or name in absent]
    for sublist in ("item", "apply", "inventory"):
        value = body.get(sublist)
        for number, row in enumerate(value.get("items") or [] if isinstance(value, dict) else []):
            unknown += [f"{sublist}.items[{number}].{name}" for name in row if name not in line_names]
    if unknown and mode.lower() == "error":
        path = unknown[0]
        raise Refusal(
            f"Invalid value for the resource or sub-resource property name '{path.rsplit('.', 1)[-1]}'."
            " Unknown property name.",
            code="INVALID_PARAMETER",
            path=path,
        )
    return unknown
