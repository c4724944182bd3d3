"""References in answers: id, name and link to the record they mean (netsuite.md 2.3)."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.items import record_type_of

Json = dict[str, Any]


@dataclass(frozen=True)
class _List:
    """Where the names of a list stand, and its record type."""

    record_type: str
    table: str
    column: str = "name"


LISTS = {
    "customer": _List("customer", "customer", "entityid"),
    "location": _List("location", "location"),
    "subsidiary": _List("subsidiary", "subsidiary"),
    "currency": _List("currency", "currency", "symbol"),
    "period": _List("accountingPeriod", "accountingperiod", "periodname"),
    "account": _List("account", "account", "fullname"),
    "paymentOption": _List("paymentOption", "paymentoption"),
    "paymentMethod": _List("paymentMethod", "paymentoption"),
    "shipAddressList": _List("addressBook", "addressbook", "label"),
    "shipMethod": _List("shipItem", "shipitem", "itemid"),
    "bin": _List("bin", "bin", "binnumber"),
    "inventoryStatus": _List("inventoryStatus", "inventorystatus"),
}


@dataclass(frozen=True)
class References:
    """base: the URL of the record service, `…/services/rest/record/v1`."""

    account: Account
    base: str

    def to(self, listed: str, identity: int | None) -> Json | None:
        if identity is None:
            return None
        place = LISTS[listed]
        sql = f"SELECT {place.column} FROM {place.table} WHERE id = ?"
        return self._shown(place.record_type, identity, name=self.account.store.value(sql, (identity,)))

    def to_item(self, identity: int | None) -> Json | None:
        if identity is None:
            return None
        found = self.account.store.row("SELECT itemid, itemtype, subtype FROM item WHERE id = ?", (identity,))
        if found is None:
            return self._shown("inventoryItem", identity, name=None)
        record_type = record_type_of(found["itemtype"], subtype=found["subtype"])
        return self._shown(record_type, identity, name=found["itemid"])

    def to_transaction(self, identity: int | None) -> Json | None:
        if identity is None:
            return None
        found = self.account.store.row("SELECT type, tranid FROM txn WHERE id = ?", (identity,))
        if found is None:
            return None
        kind = kinds.BY_CODE[found["type"]]
        return self._shown(kind.record_type, identity, name=f"{kind.label} #{found['tranid']}")

    def _shown(self, record_type: str, identity: int, *, name: str | None) -> Json:
        links = [{"rel": "self", "href": f"{self.base}/{record_type}/{identity}"}]
        return {"links": links, "id": str(identity), "refName": name or str(identity)}


def enumeration(value: Any, labels: dict[str, str]) -> Json | None:
    """An enumeration has an id and a name, but no links."""
    return None if value is None else {"id": str(value), "refName": labels.get(str(value), str(value))}


def present(shown: Json) -> Json:
    """Fields without value are left out."""
    return {key: value for key, value in shown.items() if value is not None}
