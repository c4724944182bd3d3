"""What the integration's role may do: the setting `missing_permissions` names what it lacks (netsuite.md 1.4, 6.2).

An entry is a permission («Item Receipt»: nothing of it) or a permission with its first missing level
(«Item Receipt: Edit»: may view and create). REST loads records in edit mode, so reading one needs Edit.
"""

from collections.abc import Iterable

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.kinds import Kind

LEVELS = ("view", "create", "edit", "full")
LEVEL_OF_METHOD = {"GET": "edit", "POST": "create", "PATCH": "edit", "PUT": "edit", "DELETE": "full"}
REST = "REST Web Services"
WORKBOOK = "SuiteAnalytics Workbook"
APPROVAL = {"returnauthorization": "Return Auth. Approval", "salesorder": "Sales Order Approval"}
OF_RECORD = {
    "salesorder": "Sales Order",
    "invoice": "Invoice",
    "cashsale": "Cash Sale",
    "itemfulfillment": "Item Fulfillment",
    "returnauthorization": "Return Authorization",
    "itemreceipt": "Item Receipt",
    "creditmemo": "Credit Memo",
    "cashrefund": "Cash Sale Refund",
    "customerrefund": "Customer Refund",
    "customerpayment": "Customer Payment",
    "customerdeposit": "Customer Deposit",
    "inventoryadjustment": "Adjust Inventory",
    "inventorytransfer": "Inventory Transfer",
    "bintransfer": "Bin Transfer",
    "customer": "Customers",
    "location": "Locations",
    "bin": "Bins",
    "inventorystatus": "Inventory Status",
    "account": "Accounts",
    "accountingperiod": "Manage Accounting Periods",
    "subsidiary": "Subsidiaries",
    "currency": "Currency",
    "employee": "Employees",
}
ITEMS = "Items"
OF_TABLE = {
    "item": ITEMS,
    "itemmember": ITEMS,
    "kititemmember": ITEMS,
    "customer": "Customers",
    "entity": "Customers",
    "location": "Locations",
    "account": "Accounts",
    "accountingperiod": "Manage Accounting Periods",
    "subsidiary": "Subsidiaries",
    "currency": "Currency",
    "deletedrecord": "Deleted Records",
    "inventorybalance": ITEMS,
    "inventoryitemlocations": ITEMS,
    "aggregateitemlocation": ITEMS,
}


def permission_of(record_type: str) -> str:
    """The permission a record type stands under; every kind of item stands under one."""
    name = record_type.lower()
    return OF_RECORD.get(name) or (ITEMS if name.endswith("item") or name == "itemgroup" else record_type)


def has(account: Account, permission: str, *, level: str = "view") -> bool:
    first = _first_missing(account, permission)
    return first is None or LEVELS.index(level) < first


def _first_missing(account: Account, permission: str) -> int | None:
    wanted = permission.lower()
    for entry in account.settings.value("netsuite.missing_permissions"):
        name, _, level = str(entry).rpartition(":") if _has_level(str(entry)) else (str(entry), "", "view")
        if name.strip().lower() == wanted:
            return LEVELS.index(level.strip().lower())
    return None


def _has_level(entry: str) -> bool:
    return entry.rpartition(":")[2].strip().lower() in LEVELS


def may_log_in(account: Account, *, permission: str) -> bool:
    return has(account, permission, level="full")


def require(account: Account, permission: str, *, level: str) -> None:
    if not has(account, permission, level=level):
        raise violation(account, permission)


def require_record(account: Account, record_type: str, *, method: str) -> None:
    require(account, permission_of(record_type), level=LEVEL_OF_METHOD.get(method, "view"))


def violation(account: Account, permission: str) -> Refusal:
    return Refusal(
        f"Permission Violation: You need the '{permission}' permission to access this page."
        " Please contact your account administrator.",
        status=403,
        code=account.settings.text("netsuite.permission_code"),
    )


def is_visible(account: Account, record_type: str) -> bool:
    return has(account, permission_of(record_type))


def hidden_tables(account: Account) -> Iterable[str]:
    """Tables of SuiteQL that are not there for this role."""
    return (table for table, permission in OF_TABLE.items() if not has(account, permission))


def hidden_kinds(account: Account) -> list[Kind]:
    """Kinds whose rows a query does not show."""
    return [kind for kind in kinds.KINDS if not is_visible(account, kind.record_type)]
