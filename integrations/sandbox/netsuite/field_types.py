"""The types of record fields: what the metadata says of them and what a select field can take."""

from dataclasses import dataclass, field

from integrations.sandbox.netsuite import values
from integrations.sandbox.netsuite.kinds import Kind

HANDLING_MODES = {"MIMIC": "Record External Event", "PROCESS": "Process", "SAVE_ONLY": "Save Only"}
PAYMENT_OPERATIONS = {"CREDIT": "Credit", "REFUND": "Refund"}
SHIP_STATUSES = {"A": "Picked", "B": "Packed", "C": "Shipped"}
READ_ONLY = frozenset(
    [
        "id",
        "links",
        "refname",
        "status",
        "createddate",
        "lastmodifieddate",
        "source",
        "amountremaining",
        "amountpaid",
        "applied",
        "unapplied",
        "balance",
        "lineuniquekey",
        "quantityreceived",
        "quantitybilled",
        "quantityremaining",
        "itemtype",
        "isopen",
        "due",
        "onhand",
        "total",
        "subtotal",
    ]
)
STATUS_FIELDS = ("status", "orderstatus")


@dataclass(frozen=True)
class FieldType:
    """json: the JSON type; a reference names its record type, its table and the column of its names."""

    json: str = "string"
    format: str = ""
    record_type: str = ""
    table: str = ""
    name_column: str = "name"
    enumeration: dict[str, str] = field(default_factory=dict, hash=False)
    is_status: bool = False
    is_writable_status: bool = False

    @property
    def is_reference(self) -> bool:
        return bool(self.record_type)

    def labels(self, kind: Kind) -> dict[str, str]:
        """The values of an enumeration; of the order status only two can be written."""
        if self.is_writable_status:
            return {key: label for key, label in kind.statuses.items() if key in ("A", "B")}
        return kind.statuses if self.is_status else self.enumeration


STRING = FieldType()
_REFERENCES = {
    "entity": FieldType("object", record_type="customer", table="customer", name_column="entityid"),
    "customer": FieldType("object", record_type="customer", table="customer", name_column="entityid"),
    "item": FieldType("object", record_type="inventoryItem", table="item", name_column="itemid"),
    "location": FieldType("object", record_type="location", table="location"),
    "transferlocation": FieldType("object", record_type="location", table="location"),
    "adjlocation": FieldType("object", record_type="location", table="location"),
    "inventorylocation": FieldType("object", record_type="location", table="location"),
    "subsidiary": FieldType("object", record_type="subsidiary", table="subsidiary"),
    "currency": FieldType("object", record_type="currency", table="currency"),
    "account": FieldType("object", record_type="account", table="account", name_column="fullname"),
    "postingperiod": FieldType(
        "object", record_type="accountingPeriod", table="accountingperiod", name_column="periodname"
    ),
    "paymentoption": FieldType("object", record_type="paymentOption", table="paymentoption"),
    "paymentmethod": FieldType("object", record_type="paymentMethod", table="paymentoption"),
    "createdfrom": FieldType("object", record_type="transaction"),
    "orderdoc": FieldType("object", record_type="transaction"),
    "doc": FieldType("object", record_type="transaction"),
    "shipaddresslist": FieldType("object", record_type="addressBook", table="addressbook", name_column="label"),
    "shipmethod": FieldType("object", record_type="shipItem"),
    "receivablesaccount": FieldType("object", record_type="account", table="account", name_column="fullname"),
    "department": FieldType("object", record_type="department"),
    "class": FieldType("object", record_type="classification"),
    "taxcode": FieldType("object", record_type="taxItem"),
}
_ENUMERATIONS = {
    "handlingmode": FieldType("object", enumeration=HANDLING_MODES),
    "paymentoperation": FieldType("object", enumeration=PAYMENT_OPERATIONS),
    "shipstatus": FieldType("object", enumeration=SHIP_STATUSES),
    "status": FieldType("object", is_status=True),
    "orderstatus": FieldType("object", is_status=True, is_writable_status=True),
}
_WHOLE = ("line", "orderline", "lineuniquekey")


def type_of(name: str) -> FieldType:
    """By property name, in any case; names nobody listed are texts."""
    lowered = name.lower()
    found = _REFERENCES.get(lowered) or _ENUMERATIONS.get(lowered)
    if found is not None:
        return found
    if lowered in values.DATES:
        return FieldType(format="date")
    if lowered in values.MOMENTS:
        return FieldType(format="date-time")
    if lowered in values.TRUTHS:
        return FieldType("boolean")
    if lowered in _WHOLE:
        return FieldType("integer", format="int64")
    return FieldType("number", format="double") if lowered in values.NUMBERS else STRING
