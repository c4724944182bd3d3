"""Forms: what a record would be, without saving it, and the options of its select fields (netsuite.md 2.7)."""

from typing import Any

from integrations.sandbox.netsuite import field_types, kinds, lists, records
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import RESOURCE, Call, Reply, shown
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import invalid_header, invalid_parameter
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.render import render_document
from integrations.sandbox.netsuite.views_of_records import pick

Json = dict[str, Any]
CREATE, EDIT, OPTIONS = "create-form", "edit-form", "select-options"
FORMS = (CREATE, EDIT, OPTIONS)
OPTIONS_MAX = 1000


def new_record(account: Account, call: Call, *, kind: Kind, body: Json) -> Reply:
    _check_form(account, call, fits=(CREATE, OPTIONS))
    draft = records.draft_new(account, kind=kind, body=body, replace=call.names("replace"))
    return _form(account, call, draft)


def existing_record(account: Account, call: Call, *, kind: Kind, document_id: int, body: Json) -> Reply:
    _check_form(account, call, fits=(EDIT, OPTIONS))
    draft = records.draft_change(account, document_id=document_id, kind=kind, body=body, replace=call.names("replace"))
    return _form(account, call, draft)


def transformed(account: Account, call: Call, *, source: Kind, source_id: int, target: Kind, body: Json) -> Reply:
    _check_form(account, call, fits=(CREATE, OPTIONS))
    draft = records.draft_transform(
        account, source_id=source_id, source_kind=source, target=target, body=body, replace=call.names("replace")
    )
    return _form(account, call, draft)


def of_list(account: Account, call: Call, *, record_type: str) -> Reply:
    """Lists have select options only; saving instead of showing a form would be worse than refusing it."""
    lists.table_of(account, record_type)
    _check_form(account, call, fits=(OPTIONS,))
    return _options(account, call, kind=None)


def _check_form(account: Account, call: Call, *, fits: tuple[str, ...]) -> None:
    if not account.settings.flag("netsuite.create_form") or call.form not in fits:
        raise invalid_header("Accept", detail="Invalid Accept header.")


def _form(account: Account, call: Call, draft: Document) -> Reply:
    """The prefilled record; its link is the call that would save it."""
    if call.form == OPTIONS:
        return _options(account, call, kind=draft.kind)
    whole = render_document(account, draft, base=call.base, expand=True)
    if not draft.id:
        for name in ("id", "createdDate", "lastModifiedDate", "tranId"):
            whole.pop(name, None)
    if draft.kind == kinds.CUSTOMER_REFUND and not draft.applies:
        whole["apply"] = _open_credits(account, draft)
    whole["links"] = [{"rel": "create" if call.form == CREATE else "edit", "href": call.url}]
    return shown(pick(call, whole), content_type=f"{RESOURCE}; type={call.form}")


def _open_credits(account: Account, draft: Document) -> Json:
    """What a refund could be applied to, each row with the `line` it has to name (netsuite.md 4.8)."""
    rows = account.store.rows(
        "SELECT id, amountremaining FROM txn WHERE entity = ? AND type = ? AND amountremaining > 0"
        " AND voided = 0 AND deleted = 0 ORDER BY id LIMIT ?",
        (draft.entity, kinds.CREDIT_MEMO.code, OPTIONS_MAX),
    )
    line = account.settings.value("netsuite.refund_apply_line")
    items = [
        {"doc": {"id": str(row["id"])}, "line": line, "apply": False, "due": row["amountremaining"]} for row in rows
    ]
    return {"items": items, "totalResults": len(items)}


def _options(account: Account, call: Call, *, kind: Kind | None) -> Reply:
    """For each of `fields` the values it can take, as a collection of ids and names."""
    names = [one.strip() for one in call.query.get("fields", "").split(",") if one.strip()]
    if not names:
        raise invalid_parameter(
            "fields", detail="The query parameter 'fields' must name the fields to give options of."
        )
    found: Json = {"links": [{"rel": "self", "href": call.url}]}
    for name in names:
        sublist, _, field = name.rpartition(".")
        holder = found.setdefault(sublist, {}) if sublist else found
        holder[field] = _options_of(account, kind, field=field)
    return shown(found, content_type=f"{RESOURCE}; type={OPTIONS}")


def _options_of(account: Account, kind: Kind | None, *, field: str) -> Json:
    known = field_types.type_of(field)
    labels = known.labels(kind) if kind is not None else {}
    if labels:
        items = [{"id": key, "refName": label} for key, label in labels.items()]
    elif known.table:
        rows = account.store.rows(
            f"SELECT id, {known.name_column} AS name FROM {known.table} ORDER BY id LIMIT ?", (OPTIONS_MAX,)
        )
        items = [{"id": str(row["id"]), "refName": row["name"]} for row in rows]
    else:
        raise invalid_parameter("fields", detail=f"Field '{field}' has no select options.")
    return {"count": len(items), "hasMore": False, "items": items, "offset": 0, "totalResults": len(items)}
