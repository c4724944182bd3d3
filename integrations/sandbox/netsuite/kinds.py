"""The record kinds the sandbox keeps: their names in REST and SuiteQL, numbering and statuses."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    record_type: str
    code: str
    label: str
    prefix: str
    is_posting: bool = True
    statuses: dict[str, str] = field(default_factory=dict, hash=False)
    entity_field: str = "entity"
    sublist: str = "item"
    has_amounts: bool = True

    def status_label(self, letter: str) -> str:
        return self.statuses.get(letter, letter)


ORDER_STATUSES = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
RETURN_STATUSES = {
    "A": "Pending Approval",
    "B": "Pending Receipt",
    "C": "Cancelled",
    "D": "Partially Received",
    "E": "Pending Refund/Partially Received",
    "F": "Pending Refund",
    "G": "Refunded",
    "H": "Closed",
}
SALES_ORDER = Kind("salesOrder", "SalesOrd", "Sales Order", "SO", is_posting=False, statuses=ORDER_STATUSES)
INVOICE = Kind("invoice", "CustInvc", "Invoice", "INV", statuses={"A": "Open", "B": "Paid In Full", "V": "Voided"})
CASH_SALE = Kind(
    "cashSale",
    "CashSale",
    "Cash Sale",
    "CS",
    statuses={"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
)
FULFILLMENT = Kind(
    "itemFulfillment",
    "ItemShip",
    "Item Fulfillment",
    "IF",
    statuses={"A": "Picked", "B": "Packed", "C": "Shipped"},
    has_amounts=False,
)
RETURN_AUTHORIZATION = Kind(
    "returnAuthorization",
    "RtnAuth",
    "Return Authorization",
    "RMA",
    is_posting=False,
    statuses=RETURN_STATUSES,
)
ITEM_RECEIPT = Kind("itemReceipt", "ItemRcpt", "Item Receipt", "IR", statuses={"Y": "Undefined"}, has_amounts=False)
CREDIT_MEMO = Kind(
    "creditMemo",
    "CustCred",
    "Credit Memo",
    "CM",
    statuses={"A": "Open", "B": "Fully Applied", "V": "Voided"},
)
CASH_REFUND = Kind("cashRefund", "CashRfnd", "Cash Refund", "CREF", statuses={"Y": "Undefined", "V": "Voided"})
CUSTOMER_REFUND = Kind(
    "customerRefund",
    "CustRfnd",
    "Customer Refund",
    "CRF",
    statuses={"R": "Refunded", "V": "Voided"},
    entity_field="customer",
    sublist="apply",
)
CUSTOMER_PAYMENT = Kind(
    "customerPayment",
    "CustPymt",
    "Customer Payment",
    "PYMT",
    statuses={"C": "Deposited", "V": "Voided"},
    entity_field="customer",
    sublist="apply",
)
INVENTORY_ADJUSTMENT = Kind(
    "inventoryAdjustment",
    "InvAdjst",
    "Inventory Adjustment",
    "ADJ",
    statuses={"Y": "Undefined"},
    sublist="inventory",
    has_amounts=False,
)
INVENTORY_TRANSFER = Kind(
    "inventoryTransfer",
    "InvTrnfr",
    "Inventory Transfer",
    "TRF",
    statuses={"Y": "Undefined"},
    sublist="inventory",
    has_amounts=False,
)
KINDS = (
    SALES_ORDER,
    INVOICE,
    CASH_SALE,
    FULFILLMENT,
    RETURN_AUTHORIZATION,
    ITEM_RECEIPT,
    CREDIT_MEMO,
    CASH_REFUND,
    CUSTOMER_REFUND,
    CUSTOMER_PAYMENT,
    INVENTORY_ADJUSTMENT,
    INVENTORY_TRANSFER,
)
BY_RECORD_TYPE = {kind.record_type.lower(): kind for kind in KINDS}
BY_CODE = {kind.code: kind for kind in KINDS}
SALES = (SALES_ORDER, INVOICE, CASH_SALE)
CREDITS = (CREDIT_MEMO, CASH_REFUND)
# Sale-side rows are negative in SuiteQL, return-side rows positive (netsuite.md 5.2, Signs).
NEGATIVE_IN_SQL = ("SalesOrd", "CustInvc", "CashSale", "ItemShip")
