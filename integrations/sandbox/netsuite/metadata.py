"""The metadata catalogue: record types, JSON schema and OpenAPI, as account and role have them (netsuite.md 2.8)."""

from collections.abc import Iterable
from typing import Any

from integrations.sandbox.netsuite import field_types, fields, kinds, lists, permissions
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.account_fields import absent_fields
from integrations.sandbox.netsuite.calls import COLLECTION, FAULT, SINGULAR, Call, Reply, shown
from integrations.sandbox.netsuite.columns import COLUMNS
from integrations.sandbox.netsuite.errors import method_not_allowed, no_such_record_type
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.transforms import PROPOSALS

Json = dict[str, Any]
JSON_SCHEMA = "application/schema+json"
OPENAPI = "application/swagger+json"
SCHEMA_WORD = "https://json-schema.org/draft-06/hyper-schema#"
SUBLISTS = ("item", "apply", "inventory")
LINK: Json = {
    "type": "object",
    "properties": {
        "rel": {"title": "Relationship", "type": "string", "readOnly": True},
        "href": {"title": "Hypertext Reference", "type": "string", "format": "URI", "readOnly": True},
    },
}
LINKS: Json = {"title": "Links", "type": "array", "readOnly": True, "items": LINK}
SHARED: dict[str, Json] = {
    "nsLink": LINK,
    "nsResource": {
        "type": "object",
        "properties": {
            "id": {"title": "Internal identifier", "type": "string"},
            "externalId": {"title": "External identifier", "type": "string"},
            "refName": {"title": "Reference Name", "type": "string"},
            "links": LINKS,
        },
    },
    "nsError": {
        "type": "object",
        "required": ["type", "title", "status", "o:errorDetails"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "o:errorDetails": {"type": "array", "items": {"type": "object"}},
        },
    },
}
PARAMETERS = ("expandSubResources", "simpleEnumFormat", "fields", "replace", "replaceSelectedFields")


def answer(account: Account, call: Call, *, names: list[str]) -> Reply:
    if call.method != "GET":
        raise method_not_allowed("GET")
    wants_openapi = OPENAPI in call.header("Accept").lower()
    if len(names) > 1:
        raise no_such_record_type("/".join(names))
    if not names or not names[0]:
        chosen = [_known(account, one) for one in call.names("select")] or record_types(account)
        if wants_openapi:
            return shown(_openapi(account, call, chosen), content_type=OPENAPI)
        return shown(
            {"links": [_link("self", call.url)], "items": [_entry(call, one) for one in chosen]},
            content_type=COLLECTION,
        )
    if names[0] in SHARED:
        return shown(SHARED[names[0]], content_type=JSON_SCHEMA)
    name = _known(account, names[0])
    if wants_openapi:
        return shown(_openapi(account, call, [name]), content_type=OPENAPI)
    if call.header("Accept").strip().lower() == "application/json":
        return shown(_entry(call, name), content_type="application/json")
    return shown(schema(account, name) | {"$schema": SCHEMA_WORD}, content_type=JSON_SCHEMA)


def record_types(account: Account) -> list[str]:
    """Those the role may see, transactions first."""
    names = [*(kind.record_type for kind in kinds.KINDS), *lists.record_types(account)]
    return [name for name in names if permissions.is_visible(account, name)]


def _known(account: Account, name: str) -> str:
    for known in record_types(account):
        if known.lower() == name.lower():
            return known
    raise no_such_record_type(name)


def _link(rel: str, href: str, **more: str) -> Json:
    return {"rel": rel, "href": href, **more}


def _entry(call: Call, name: str) -> Json:
    href = f"{call.base}/metadata-catalog/{name}"
    kinds_of_media = (("canonical", "application/json"), ("alternate", OPENAPI), ("alternate", JSON_SCHEMA))
    links = [_link(rel, href, mediaType=media) for rel, media in kinds_of_media]
    return {"name": name, "links": [*links, _link("describes", f"{call.base}/{name}")]}


def schema(account: Account, name: str) -> Json:
    """The JSON schema of one record type; `x-ns-filterable` lists what `q` takes."""
    kind = kinds.BY_RECORD_TYPE.get(name.lower())
    if kind is None:
        return _list_schema(account, name)
    absent = absent_fields(account)
    properties = {
        one: _sublist(kind, one, absent=absent) if one in SUBLISTS else _property(one, kind=kind)
        for one in fields.body_names(kind)
        if one.lower() not in absent and (one not in SUBLISTS or one in _sublists_of(kind))
    }
    return {"type": "object", "properties": properties, "x-ns-filterable": _filterable(properties)}


def _sublists_of(kind: Kind) -> tuple[str, ...]:
    return (kind.sublist, "apply") if kind == kinds.CREDIT_MEMO else (kind.sublist,)


def _filterable(properties: Json) -> list[str]:
    return [name for name in properties if name.lower() in COLUMNS]


def _list_schema(account: Account, name: str) -> Json:
    properties: Json = {"links": LINKS, "refName": {"title": "Reference Name", "type": "string"}}
    filterable: list[str] = []
    for row in account.store.rows(f"PRAGMA table_info({lists.table_of(account, name)})"):
        if row["name"] in lists.HIDDEN:
            continue
        shown_name = lists.SHOWN.get(row["name"], row["name"])
        properties[shown_name] = _list_property(shown_name, column=row["name"], declared=row["type"])
        if shown_name.lower() == row["name"]:
            filterable.append(shown_name)
    return {"type": "object", "properties": properties, "x-ns-filterable": filterable}


def _list_property(name: str, *, column: str, declared: str) -> Json:
    base: Json = {"title": _title(name), "nullable": column != "id"}
    if column.startswith(("is", "use", "make")):
        return base | {"type": "boolean"}
    if column.endswith("date"):
        return base | {"type": "string", "format": "date"}
    return base | {"type": "number" if declared == "REAL" else "string"}


def _property(name: str, *, kind: Kind) -> Json:
    if name == "links":
        return LINKS
    known = field_types.type_of(name)
    shown_as: Json = {"title": _title(name), "type": known.json, "nullable": name != "id"}
    if known.format:
        shown_as["format"] = known.format
    if known.is_reference:
        shown_as["properties"] = SHARED["nsResource"]["properties"]
        shown_as["x-ns-record-type"] = known.record_type
    labels = known.labels(kind)
    if labels:
        shown_as["properties"] = _enumeration(labels)
    if name.lower() in field_types.READ_ONLY:
        shown_as["readOnly"] = True
    if name.startswith("cust"):
        shown_as["x-ns-custom-field"] = True
    return shown_as


def _enumeration(labels: dict[str, str]) -> Json:
    return {
        "id": {"title": "Internal identifier", "type": "string", "enum": list(labels)},
        "refName": {"title": "Reference Name", "type": "string", "enum": list(labels.values())},
    }


def _title(name: str) -> str:
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name.replace("_", " "))
    return words[:1].upper() + words[1:]


def _sublist(kind: Kind, name: str, *, absent: frozenset[str]) -> Json:
    own = ("doc", "line", "apply", "amount", "due", "total", "refNum", "type", "applyDate", "currency", "createdFrom")
    names: Iterable[str] = own if name == "apply" else fields.line_names(kind)
    names = [one for one in names if one.lower() not in absent]
    rows = {"type": "object", "properties": {one: _property(one, kind=kind) for one in names}}
    count = {"type": "integer", "format": "int64", "readOnly": True}
    return {
        "title": _title(name),
        "type": "object",
        "x-ns-sublist": True,
        "properties": {"links": LINKS, "totalResults": count, "items": {"type": "array", "items": rows}},
    }


def _openapi(account: Account, call: Call, names: list[str]) -> Json:
    paths: Json = {}
    for name in names:
        paths |= _paths(name)
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "servers": [{"url": call.base}],
        "paths": paths,
        "components": {"schemas": SHARED | {name: schema(account, name) for name in names}},
        **({"x-ns-filterable": schema(account, names[0])["x-ns-filterable"]} if len(names) == 1 else {}),
    }


def _paths(name: str) -> Json:
    kind = kinds.BY_RECORD_TYPE.get(name.lower())
    one, many = f"/{name}/{{id}}", f"/{name}"
    body = {"content": {SINGULAR: {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
    found: Json = {
        many: {"get": _operation(name, "Get list of records.", parameters=("q", "limit", "offset"))},
        one: {"get": _operation(name, "Get record.", parameters=PARAMETERS, answer=body)},
    }
    if kind is not None:
        found[many]["post"] = _operation(name, "Insert record.", body=body)
        found[one] |= {
            "patch": _operation(name, "Update record.", body=body),
            "put": _operation(name, "Insert or update record.", body=body),
            "delete": _operation(name, "Remove record."),
        }
        for source, target in PROPOSALS:
            if source == kind:
                path = f"/{name}/{{id}}/!transform/{target.record_type}"
                found[path] = {"post": _operation(name, f"Transform to {target.record_type}.", body=body)}
    return found


def _operation(
    name: str, summary: str, *, parameters: Iterable[str] = (), body: Json | None = None, answer: Json | None = None
) -> Json:
    fault = {"description": "Error response.", "content": {FAULT: {"schema": {"$ref": "#/components/schemas/nsError"}}}}
    success = {"description": "Success."} | (answer or {})
    found: Json = {
        "tags": [name],
        "summary": summary,
        "parameters": [{"name": one, "in": "query", "schema": {"type": "string"}} for one in parameters],
        "responses": {"200" if answer else "204": success, "default": fault},
    }
    return found | ({"requestBody": {"required": True, **body}} if body else {})
