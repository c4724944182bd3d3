"""The kinds of items: their names in REST and in SuiteQL, and what may be done with each (netsuite.md 4.2)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ItemKind:
    record_type: str
    code: str  # item.itemtype
    subtype: str | None = None
    keeps_stock: bool = False
    is_receivable: bool = False
    is_numbered: bool = False  # its units carry lot or serial numbers


ITEM_KINDS = (
    ItemKind("inventoryItem", "InvtPart", keeps_stock=True, is_receivable=True),
    ItemKind("lotNumberedInventoryItem", "InvtPart", keeps_stock=True, is_receivable=True, is_numbered=True),
    ItemKind("serializedInventoryItem", "InvtPart", keeps_stock=True, is_receivable=True, is_numbered=True),
    ItemKind("assemblyItem", "Assembly", keeps_stock=True, is_receivable=True),
    ItemKind("lotNumberedAssemblyItem", "Assembly", keeps_stock=True, is_receivable=True, is_numbered=True),
    ItemKind("serializedAssemblyItem", "Assembly", keeps_stock=True, is_receivable=True, is_numbered=True),
    ItemKind("kitItem", "Kit", is_receivable=True),
    ItemKind("nonInventorySaleItem", "NonInvtPart", "Sale"),
    ItemKind("nonInventoryResaleItem", "NonInvtPart", "Resale"),
    ItemKind("nonInventoryPurchaseItem", "NonInvtPart", "Purchase"),
    ItemKind("serviceSaleItem", "Service", "Sale"),
    ItemKind("serviceResaleItem", "Service", "Resale"),
    ItemKind("servicePurchaseItem", "Service", "Purchase"),
    ItemKind("otherChargeSaleItem", "OthCharge", "Sale"),
    ItemKind("otherChargeResaleItem", "OthCharge", "Resale"),
    ItemKind("otherChargePurchaseItem", "OthCharge", "Purchase"),
    ItemKind("giftCertificateItem", "GiftCert"),
    ItemKind("discountItem", "Discount"),
    ItemKind("markupItem", "Markup"),
    ItemKind("descriptionItem", "Description"),
    ItemKind("subtotalItem", "Subtotal"),
    ItemKind("itemGroup", "Group"),
)
BY_RECORD_TYPE = {kind.record_type.lower(): kind for kind in ITEM_KINDS}
STOCK_TYPES = frozenset(kind.code for kind in ITEM_KINDS if kind.keeps_stock)
RECEIVABLE_TYPES = frozenset(kind.code for kind in ITEM_KINDS if kind.is_receivable)
WORTHLESS_TYPES = frozenset({"Description", "Subtotal", "Group"})
PERCENT_TYPES = frozenset({"Discount", "Markup"})
TAXED_TYPES = STOCK_TYPES | {"Kit", "NonInvtPart"}


def record_type_of(code: str, *, subtype: str | None = None) -> str:
    """The REST name under which an item of this kind is read."""
    for kind in ITEM_KINDS:
        if kind.code == code and (subtype is None or kind.subtype in (None, subtype)):
            return kind.record_type
    return "inventoryItem"
