"""What differs between NetSuite accounts and is not documented: settings of ours (netsuite.md 13)."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from integrations.errors import ConfigurationError

ITEM_FIELD = re.compile(r"(itemid|upccode|externalid|displayname|custitem[a-z0-9_]*)")

CATEGORY_FIELD = re.compile(r"(class|department|custitem[a-z0-9_]*)")


class ReceiptKey(StrEnum):
    """What names the row of the authorization on a receipt (netsuite.md §13 U2)."""

    ORDER_LINE = "orderLine"
    LINE = "line"
    BOTH = "both"


class StockTable(StrEnum):
    """Where SuiteQL tells how many can be sold; a role may see only some of them (netsuite.md §5.2)."""

    ITEM_LOCATIONS = "inventoryitemlocations"
    AGGREGATE = "aggregateitemlocation"
    BALANCE = "inventorybalance"


class WriteMode(StrEnum):
    """async: accepted at once, done later, each request once by its key (netsuite.md §2.5, §13 U12)."""

    SYNC = "sync"
    ASYNC = "async"


@dataclass(frozen=True, kw_only=True)
class AccountOptions:
    """sku_field: the item column that holds the shop's SKU (netsuite.md 4.2).
    category_field: the one that tells its category, which none is documented to; empty: none does.

    has_forms: ask for the form of a document before it is made (netsuite.md §2.7, §13 U11).
    sends_order_doc: name the source on every row of an authorization (netsuite.md 3.2).
    database_time_zone, database_utc_offset: of the clock behind SuiteQL; measured when neither is given
    (netsuite.md §13 U5).
    subsidiary_id: of documents that are made out of nothing (netsuite.md 4.10); empty where there is only one.
    """

    receipt_key: ReceiptKey = ReceiptKey.ORDER_LINE
    write_mode: WriteMode = WriteMode.SYNC
    sku_field: str = "itemid"
    category_field: str = ""
    stock_table: StockTable = StockTable.ITEM_LOCATIONS
    has_forms: bool = False
    sends_order_doc: bool = False
    memo_chars_max: int = 40
    database_time_zone: str = ""
    database_utc_offset: timedelta | None = None
    subsidiary_id: str = ""

    def __post_init__(self) -> None:
        if not ITEM_FIELD.fullmatch(self.sku_field):
            detail = f"«{self.sku_field}» is not a field of items that can hold a SKU: itemid, upccode, externalid, "
            detail += "displayname, or a custom one (custitem…)."
            raise ConfigurationError(system="netsuite", operation="read options", detail=detail)
        if self.category_field and not CATEGORY_FIELD.fullmatch(self.category_field):
            detail = f"«{self.category_field}» is not a field of items that can tell a category: class, department, or "
            detail += "a custom one (custitem…)."
            raise ConfigurationError(system="netsuite", operation="read options", detail=detail)
