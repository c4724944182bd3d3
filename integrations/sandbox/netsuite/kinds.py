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
    is_payment: bool = False
    locks: str = "alllocked"  # the lock of a period that binds it besides the closing

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
# Without Advanced Receiving the goods come with the credit, and an authorization knows fewer states
# (netsuite.md 4.5); which letters stand for them is not told.
RETURN_STATUSES_WITHOUT_RECEIPTS = RETURN_STATUSES | {"D": "Partially Refunded", "F": "Pending Refund"}
SALES_ORDER = Kind("salesOrder", "SalesOrd", "Sales Order", "SO", is_posting=False, statuses=ORDER_STATUSES)
INVOICE = Kind(
    "invoice",
    "CustInvc",
    "Invoice",
    "INV",
    statuses={"A": "Open", "B": "Paid In Full", "V": "Voided"},
    locks="arlocked",
)
CASH_SALE = Kind(
    "cashSale",
    "CashSale",
    "Cash Sale",
    "CS",
    statuses={"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    locks="arlocked",
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
    locks="arlocked",
)
CASH_REFUND = Kind(
    "cashRefund",
    "CashRfnd",
    "Cash Refund",
    "CREF",
    statuses={"Y": "Undefined", "V": "Voided"},
    locks="arlocked",
)
CUSTOMER_REFUND = Kind(
    "customerRefund",
    "CustRfnd",
    "Customer Refund",
    "CRF",
    statuses={"R": "Refunded", "V": "Voided"},
    entity_field="customer",
    sublist="apply",
    locks="arlocked",
)
CUSTOMER_PAYMENT = Kind(
    "customerPayment",
    "CustPymt",
    "Payment",
    "PYMT",
    statuses={"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    entity_field="customer",
    sublist="apply",
    is_payment=True,
    locks="arlocked",
)
CUSTOMER_DEPOSIT = Kind(
    "customerDeposit",
    "CustDep",
    "Customer Deposit",
    "CD",
    statuses={"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied", "V": "Voided"},
    entity_field="customer",
    sublist="",
    is_payment=True,
    locks="arlocked",
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
BIN_TRANSFER = Kind(
    "binTransfer",
    "BinTrnfr",
    "Bin Transfer",
    "BT",
    is_posting=False,
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
    CUSTOMER_DEPOSIT,
    INVENTORY_ADJUSTMENT,
    INVENTORY_TRANSFER,
    BIN_TRANSFER,
)
BY_RECORD_TYPE = {kind.record_type.lower(): kind for kind in KINDS}
BY_CODE = {kind.code: kind for kind in KINDS}
SALES = (SALES_ORDER, INVOICE, CASH_SALE)
CREDITS = (CREDIT_MEMO, CASH_REFUND)
ORDERS = (SALES_ORDER, RETURN_AUTHORIZATION)
STOCK_MOVERS = (FULFILLMENT, ITEM_RECEIPT, CASH_REFUND, CREDIT_MEMO, INVENTORY_ADJUSTMENT, INVENTORY_TRANSFER)
# Sale-side rows are negative in SuiteQL, return-side rows positive (netsuite.md 5.2, Signs).
SALE_SIDE_CODES = ("SalesOrd", "CustInvc", "CashSale", "ItemShip")
RETURN_SIDE_CODES = ("RtnAuth", "ItemRcpt", "CustCred", "CashRfnd")
