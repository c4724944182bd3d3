"""The lists one can write over REST: tables, fields and what each insists on (netsuite.md 4.1, 4.2, 4.12, 4.13)."""

from dataclasses import dataclass, field

from integrations.sandbox.netsuite.items import ITEM_KINDS, ItemKind


@dataclass(frozen=True)
class ListSpec:
    """fields: property name in lower case → column. References and truths are read as such."""

    record_type: str
    table: str
    first_id: int
    fields: dict[str, str] = field(hash=False)
    required: tuple[str, ...] = ()
    references: dict[str, str] = field(default_factory=dict, hash=False)  # column → table
    truths: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    fixed: dict[str, str] = field(default_factory=dict, hash=False)  # columns every record of the kind has
    unchangeable: tuple[str, ...] = ()
    exists_text: str = "This record already exists."


def _same(*names: str) -> dict[str, str]:
    return {name.lower(): name.lower() for name in names}


CUSTOMER = ListSpec(
    "customer",
    "customer",
    8801,
    _same(
        "entityId", "companyName", "firstName", "lastName", "email", "phone", "isPerson", "isInactive", "externalId",
        "subsidiary", "currency", "receivablesAccount",
    ),
    references={"subsidiary": "subsidiary", "currency": "currency", "receivablesaccount": "account"},
    truths=("isperson", "isinactive"),
    exists_text="This entity already exists.",
)  # fmt: skip
LOCATION = ListSpec(
    "location",
    "location",
    60,
    _same(
        "name", "subsidiary", "isInactive", "makeInventoryAvailable", "makeInventoryAvailableStore", "useBins",
        "externalId", "parent", "timeZone",
    ),
    required=("name",),
    references={"subsidiary": "subsidiary", "parent": "location"},
    truths=("isinactive", "makeinventoryavailable", "makeinventoryavailablestore", "usebins"),
)  # fmt: skip
BIN = ListSpec(
    "bin",
    "bin",
    401,
    _same("binNumber", "location", "isInactive", "memo", "externalId"),
    required=("binnumber", "location"),
    references={"location": "location"},
    truths=("isinactive",),
    unchangeable=("location",),
)
INVENTORY_STATUS = ListSpec(
    "inventoryStatus",
    "inventorystatus",
    11,
    _same("name", "inventoryAvailable", "description", "isInactive", "externalId"),
    required=("name",),
    truths=("inventoryavailable", "isinactive"),
)
SUBSIDIARY = ListSpec(
    "subsidiary",
    "subsidiary",
    11,
    _same("name", "parent", "currency", "country", "isInactive", "externalId"),
    required=("name",),
    references={"parent": "subsidiary", "currency": "currency"},
    truths=("isinactive",),
)
CURRENCY = ListSpec(
    "currency",
    "currency",
    11,
    _same("name", "symbol", "exchangeRate", "isInactive", "externalId") | {"currencyprecision": "decimals"},
    required=("name", "symbol"),
    truths=("isinactive",),
    numbers=("exchangerate", "decimals"),
    unchangeable=("decimals",),
)


def _item(kind: ItemKind) -> ListSpec:
    fixed = {"itemtype": kind.code, "recordtype": kind.record_type}
    fixed |= {"subtype": kind.subtype} if kind.subtype else {}
    fixed |= {"islotitem": "T"} if kind.record_type.startswith("lot") else {}
    fixed |= {"isserialitem": "T"} if kind.record_type.startswith("serialized") else {}
    return ListSpec(
        kind.record_type,
        "item",
        6001,
        _same("itemId", "displayName", "upcCode", "externalId", "isInactive", "subsidiary", "parent", "rate", "useBins")
        | {"minimumquantity": "minimumquantity", "baseprice": "baseprice"},
        required=("itemid",),
        references={"parent": "item"},
        truths=("isinactive", "usebins"),
        numbers=("minimumquantity", "baseprice"),
        fixed=fixed,
        exists_text="A record with this ID already exists. You must enter a unique ID for each record.",
    )


SPECS = {
    spec.record_type.lower(): spec
    for spec in (CUSTOMER, LOCATION, BIN, INVENTORY_STATUS, SUBSIDIARY, CURRENCY, *map(_item, ITEM_KINDS))
}
# Sublists and subrecords a request may carry besides its fields.
FURTHER = {"kititem": ("member",), "itemgroup": ("member",), "subsidiary": (), "customer": ("addressbook",)}
IGNORED = (
    "id",
    "links",
    "refname",
    "customform",
    "price",
    "taxschedule",
    "incomeaccount",
    "cogsaccount",
    "assetaccount",
)
