"""Creating, changing and removing list records: customers, items, locations, bins, statuses, currencies."""

from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal, invalid_value, missing_values, not_found, user_error
from integrations.sandbox.netsuite.inputs import amount_of, reference, truth, whole_quantity
from integrations.sandbox.netsuite.ledger import record_history
from integrations.sandbox.netsuite.list_specs import FURTHER, IGNORED, SPECS, ListSpec

Json = dict[str, Any]
MEMBERS_MAX = 150
USED_BY = {
    "item": "SELECT 1 FROM txn_line WHERE item = ? LIMIT 1",
    "customer": "SELECT 1 FROM txn WHERE entity = ? LIMIT 1",
    "location": "SELECT 1 FROM stock WHERE location = ? LIMIT 1",
    "bin": "SELECT 1 FROM stock WHERE bin = ? LIMIT 1",
    "inventorystatus": "SELECT 1 FROM stock_ledger WHERE status = ? LIMIT 1",
    "currency": "SELECT 1 FROM txn WHERE currency = ? LIMIT 1",
    "subsidiary": "SELECT 1 FROM location WHERE subsidiary = ? LIMIT 1",
}


def spec_of(account: Account, record_type: str) -> ListSpec:
    spec = SPECS.get(record_type.lower())
    if spec is None:
        raise Refusal(f"Record type '{record_type}' can only be read.", status=405, code="INVALID_REQUEST")
    needs = {"subsidiary": "oneworld", "bin": "bins", "inventorystatus": "inventory_status"}.get(spec.table)
    if needs and not account.settings.flag(f"netsuite.{needs}"):
        raise user_error(f"The feature behind {spec.record_type} is not enabled in this account.")
    return spec


def check_list_names(record_type: str, *, body: Json, mode: str) -> list[str]:
    """Unknown property names; raises in mode error."""
    spec = SPECS.get(record_type.lower())
    known = {*spec.fields, *IGNORED, *FURTHER.get(record_type.lower(), ())} if spec else set()
    unknown = [name for name in body if name.lower() not in known and not name.lower().startswith("cust")]
    if unknown and mode == "error":
        raise Refusal(
            f"Invalid value for the resource or sub-resource property name '{unknown[0]}'. Unknown property name.",
            code="INVALID_PARAMETER",
            path=unknown[0],
        )
    return unknown


def create(account: Account, *, record_type: str, body: Json, who: str) -> int:
    spec = spec_of(account, record_type)
    values = _values(account, spec, body=body)
    missing = [name for name in spec.required if values.get(spec.fields[name]) in (None, "")]
    if missing:
        raise missing_values(*(_label(name) for name in missing), path=missing[0])
    with account.store.transaction():
        number = account.store.next_number(spec.table, start=spec.first_id)
        values = _defaults(account, spec, number=number) | spec.fixed | values
        _complete(account, spec, values, number=number)
        _check_unique(account, spec, values, number=number)
        names = ", ".join(["id", *values])
        marks = ", ".join("?" * (len(values) + 1))
        account.store.execute(f"INSERT INTO {spec.table} ({names}) VALUES ({marks})", (number, *values.values()))
        _write_members(account, spec, number=number, body=body)
        _log(account, spec, number=number, action="create", body=body, who=who)
    return number


def change(account: Account, *, record_type: str, identity: int, body: Json, who: str) -> None:
    spec = spec_of(account, record_type)
    with account.store.transaction():
        before = _found(account, spec, identity)
        values = _values(account, spec, body=body)
        _check_changes(account, spec, values, before=before)
        if "lastmodifieddate" in before.keys():  # noqa: SIM118 -- a row of the database, no mapping
            values["lastmodifieddate"] = account.now_text()
        _check_unique(account, spec, {**dict(before), **values}, number=identity)
        if values:
            changes = ", ".join(f"{name} = ?" for name in values)
            account.store.execute(f"UPDATE {spec.table} SET {changes} WHERE id = ?", (*values.values(), identity))
        _write_members(account, spec, number=identity, body=body)
        _log(account, spec, number=identity, action="update", body=body, who=who)


def remove(account: Account, *, record_type: str, identity: int, who: str) -> None:
    spec = spec_of(account, record_type)
    with account.store.transaction():
        _found(account, spec, identity)
        if account.store.value(USED_BY[spec.table], (identity,)) is not None:
            raise user_error("This record cannot be deleted because it has dependent records.")
        account.store.execute(f"DELETE FROM {spec.table} WHERE id = ?", (identity,))
        _log(account, spec, number=identity, action="delete", body={}, who=who)


def find(account: Account, *, record_type: str, identity: str) -> int | None:
    """The internal id behind an id or `eid:…`."""
    spec = spec_of(account, record_type)
    if identity.lower().startswith("eid:"):
        sql = f"SELECT id FROM {spec.table} WHERE lower(externalid) = lower(?)"
        found = account.store.value(sql, (identity[4:],))
    else:
        found = account.store.value(f"SELECT id FROM {spec.table} WHERE id = ?", (identity,))
    return None if found is None else int(found)


def _found(account: Account, spec: ListSpec, identity: int) -> Any:
    kind = "" if spec.table != "item" else f" AND itemtype = '{spec.fixed['itemtype']}'"
    found = account.store.row(f"SELECT * FROM {spec.table} WHERE id = ?{kind}", (identity,))
    if found is None:
        raise not_found()
    return found


def _values(account: Account, spec: ListSpec, *, body: Json) -> Json:
    values: Json = {}
    for name, value in body.items():
        column = spec.fields.get(name.lower())
        if column is not None:
            values[column] = _value(account, spec, column, value, name=name)
    return values


def _value(account: Account, spec: ListSpec, column: str, value: Any, *, name: str) -> Any:
    if isinstance(value, dict) and "items" in value:  # a subsidiary of an item comes as a list
        value = (value["items"] or [None])[0]
    if value is None:
        return None
    table = spec.references.get(column) or ("subsidiary" if column == "subsidiary" else None)
    if table is not None:
        number = reference(account, value=value, field=name, path=name)
        if account.store.value(f"SELECT id FROM {table} WHERE id = ?", (number,)) is None:
            raise invalid_value(number, field=name, path=name)
        return number
    if column in spec.truths:
        return "T" if truth(value) else "F"
    if column in spec.numbers:
        return float(amount_of(value, field=name, path=name))
    if isinstance(value, dict):
        return str(value.get("id") or value.get("refName") or "")
    return str(value)


def _defaults(account: Account, spec: ListSpec, *, number: int) -> Json:
    profile, at = account.profile, account.now_text()
    usual: dict[str, Json] = {
        "customer": {
            "subsidiary": profile.subsidiary_id,
            "currency": profile.currency_id,
            "isperson": "F",
            "taxrate": 0.0,
            "datecreated": at,
            "lastmodifieddate": at,
        },
        "item": {"createddate": at, "lastmodifieddate": at},
        "location": {
            "subsidiary": profile.subsidiary_id,
            "makeinventoryavailable": "T",
            "makeinventoryavailablestore": "T",
            "locationtype": 2,
            "lastmodifieddate": at,
        },
        "inventorystatus": {"inventoryavailable": "T"},
        "currency": {"exchangerate": 1.0, "decimals": 2},
    }
    return usual.get(spec.table, {})


def _complete(account: Account, spec: ListSpec, values: Json, *, number: int) -> None:
    """Names a record gets from its other fields."""
    if spec.table == "customer":
        person = " ".join(filter(None, (values.get("firstname"), values.get("lastname"))))
        name = values.get("companyname") or person
        if not name and not values.get("entityid"):
            labels = ("First Name", "Last Name") if values["isperson"] == "T" else ("Company Name",)
            raise missing_values(*labels, path="companyName")
        values["entityid"] = values.get("entityid") or f"C-{number} {name}"
    elif spec.table == "item":
        parent = account.store.value("SELECT fullname FROM item WHERE id = ?", (values.get("parent"),))
        values["fullname"] = f"{parent} : {values['itemid']}" if parent else values["itemid"]
    elif spec.table in ("location", "subsidiary"):
        values["fullname"] = values["name"]


def _check_unique(account: Account, spec: ListSpec, values: Json, *, number: int) -> None:
    checks = [("externalid", spec.exists_text if spec.table == "customer" else "This record already exists.")]
    checks += [("itemid", spec.exists_text)] if spec.table == "item" else []
    if spec.table == "customer":
        checks.append(
            ("entityid", "A customer record with this ID already exists. You must enter a unique customer ID.")
        )
        if account.settings.flag("netsuite.unique_customer_emails"):
            checks.append(("email", "A customer record with this email address already exists."))
    for column, words in checks:
        sql = f"SELECT id FROM {spec.table} WHERE lower({column}) = lower(?) AND id <> ?"
        if values.get(column) and account.store.value(sql, (values[column], number)) is not None:
            raise user_error(words, path=column)


def _check_changes(account: Account, spec: ListSpec, values: Json, *, before: Any) -> None:
    """A bin stays in its location; a status that was used keeps its availability (netsuite.md 4.13)."""
    for column in spec.unchangeable:
        if column in values and values[column] != before[column]:
            raise invalid_value(values[column], field=column, path=column)
    if spec.table != "inventorystatus" or "inventoryavailable" not in values:
        return
    is_changed = values["inventoryavailable"] != before["inventoryavailable"]
    if is_changed and account.store.value(USED_BY["inventorystatus"], (before["id"],)) is not None:
        raise user_error("The availability of a status that has been used cannot be changed.")


def _write_members(account: Account, spec: ListSpec, *, number: int, body: Json) -> None:
    """The members of a kit or group: `{"member": {"items": [{"item": {"id": …}, "quantity": 2}]}}`."""
    member = next((value for name, value in body.items() if name.lower() == "member"), None)
    rows = member.get("items") if isinstance(member, dict) else member
    if not isinstance(rows, list) or len(rows) > MEMBERS_MAX:
        return
    account.store.execute("DELETE FROM itemmember WHERE parentitem = ?", (number,))
    for place, row in enumerate(rows, start=1):
        path = f"member.items[{place - 1}]"
        item = reference(account, value=row.get("item"), field="item", path=f"{path}.item")
        account.item_type(item, path=f"{path}.item")
        quantity = whole_quantity(row.get("quantity", 1), path=f"{path}.quantity")
        account.store.execute(
            "INSERT INTO itemmember (parentitem, item, quantity, linenumber) VALUES (?, ?, ?, ?)",
            (number, item, quantity, place),
        )


def _label(name: str) -> str:
    return {"itemid": "Item Name/Number", "binnumber": "Bin Number"}.get(name, name.capitalize())


def _log(account: Account, spec: ListSpec, *, number: int, action: str, body: Json, who: str) -> None:
    record_history(
        account.store,
        who=who,
        at=account.now_text(),
        action=action,
        record_type=spec.record_type,
        record_id=number,
        content=dict(body),
    )
