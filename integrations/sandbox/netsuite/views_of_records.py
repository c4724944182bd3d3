"""What of a record a caller sees: chosen fields, expanded sublists, simple enumerations, single lines."""

from typing import Any

from integrations.sandbox.netsuite.calls import COLLECTION, Call, Reply, shown
from integrations.sandbox.netsuite.errors import not_found
from integrations.sandbox.netsuite.paging import Page, collection

Json = dict[str, Any]


def pick(call: Call, whole: Json) -> Json:
    """whole: the record with everything expanded. With expandSubResources, `fields` is ignored (netsuite.md 2.2)."""
    everything = call.flag("expandSubResources")
    expanded = call.names("expand")
    fields = frozenset() if everything else call.names("fields")
    found = {
        name: value if everything or name.lower() in expanded else _folded(value)
        for name, value in whole.items()
        if not fields or name.lower() in fields or name in ("id", "links")
    }
    return simple_enums(found) if call.flag("simpleEnumFormat") else found


def _folded(value: Any) -> Any:
    """A sublist or subrecord is a link unless expanded."""
    is_expanded = isinstance(value, dict) and "links" in value and ("items" in value or "id" not in value)
    return {"links": value["links"]} if is_expanded else value


def simple_enums(value: Any) -> Any:
    """Enumerations as their bare ids: they have an id and a name but, unlike references, no links."""
    if isinstance(value, dict):
        if value.keys() == {"id", "refName"}:
            return value["id"]
        return {name: simple_enums(one) for name, one in value.items()}
    return [simple_enums(one) for one in value] if isinstance(value, list) else value


def show_sublist(call: Call, whole: Json, *, path: list[str]) -> Reply:
    """`…/item` is a collection of links, `…/item/1` one line, `…/item/1/inventoryDetail` a subrecord."""
    value: Any = whole
    for step in path:
        value = _row(value["items"], key=step) if "items" in value else _part(value, name=step)
    if "items" not in value:
        return shown(value)
    rows: list[Json] = value["items"]
    page = Page.of(call)
    visible = rows[page.offset : page.offset + page.limit]
    if not call.flag("expandSubResources"):
        visible = [{"links": row["links"]} for row in visible]
    return shown(collection(visible, call=call, page=page, total=len(rows)), content_type=COLLECTION)


def _part(record: Json, *, name: str) -> Json:
    """A sublist or subrecord of a record or line; anything else has no address."""
    value = next((one for key, one in record.items() if key.lower() == name.lower()), None)
    if not isinstance(value, dict) or "links" not in value or "id" in value:
        raise not_found()
    return value


def _row(rows: list[Json], *, key: str) -> Json:
    for row in rows:
        if row["links"][0]["href"].rsplit("/", 1)[-1].lower() == key.lower():
            return row
    raise not_found()
