"""The metadata catalogue: which fields the records of this account have (netsuite.md 2.8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from integrations.errors import RejectedError
from integrations.netsuite.transport import Request, Transport, lost_answer, read_json

CATALOG_PATH = "/services/rest/record/v1/metadata-catalog"
SCHEMA_TYPE = "application/schema+json"
REFS_FOLLOWED_MAX = 30  # for one record: what its sublists refer to

Raw = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FieldSchema:
    """One field as the account describes it; kind is the JSON type, empty when not told."""

    name: str
    title: str
    kind: str
    is_required: bool
    is_read_only: bool
    is_nullable: bool
    is_filterable: bool
    is_custom: bool


@dataclass(frozen=True, kw_only=True)
class RecordSchema:
    """fields and the fields of each sublist, by name; names in lower case, since NetSuite minds no case."""

    record_type: str
    fields: Mapping[str, FieldSchema]
    sublists: Mapping[str, Mapping[str, FieldSchema]]

    def has(self, name: str, *, sublist: str = "") -> bool:
        fields = self.sublists.get(sublist.lower(), {}) if sublist else self.fields
        return name.lower() in fields


class SchemaCalls:
    _transport: Transport

    def list_record_types(self) -> tuple[str, ...]:
        """What the role may see of the catalogue."""
        request = Request(operation="list record types", method="GET", path=CATALOG_PATH)
        answer = self._transport.send(request)
        body = read_json(answer, request)
        items = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(items, list):
            raise lost_answer(answer, request, detail="no list of record types in the answer")
        return tuple(str(item["name"]) for item in items if isinstance(item, Mapping) and item.get("name"))

    def get_schema(self, record_type: str) -> RecordSchema | None:
        """The record's fields here; None when the account does not have it, or the role may not see it."""
        try:
            root = self._read_schema(record_type)
        except RejectedError as error:
            if error.family in ("gone", "permission"):
                return None
            raise
        reader = _Reader(root, self._read_schema)
        fields = {field.name.lower(): field for field in reader.fields_of(root)}
        sublists = {name.lower(): rows for name, rows in reader.sublists_of(root)}
        return RecordSchema(record_type=record_type, fields=fields, sublists=sublists)

    def _read_schema(self, name: str) -> Raw:
        path = f"{CATALOG_PATH}/{name}"
        headers = {"Accept": SCHEMA_TYPE}
        request = Request(operation=f"get schema of {name}", method="GET", path=path, headers=headers)
        answer = self._transport.send(request)
        body = read_json(answer, request)
        if not isinstance(body, Mapping):
            raise lost_answer(answer, request, detail="the schema is no object")
        return body


class _Reader:
    """Reads one schema; sublists may be written out, kept among its definitions, or only be referred to."""

    def __init__(self, root: Raw, read_schema: Any) -> None:
        self._root = root
        self._read_schema = read_schema
        self._followed: dict[str, Raw] = {}

    def fields_of(self, schema: Raw) -> Iterator[FieldSchema]:
        required = schema.get("required")
        needed = {str(name) for name in required} if isinstance(required, list) else set()
        for name, shape in _properties(schema).items():
            yield _read_field(name, shape, is_required=name in needed)

    def sublists_of(self, schema: Raw) -> Iterator[tuple[str, dict[str, FieldSchema]]]:
        for name, shape in _properties(schema).items():
            rows = _properties(self._resolved(shape)).get("items") if isinstance(shape, Mapping) else None
            if isinstance(rows, Mapping):
                line = self._resolved(self._resolved(rows).get("items", {}))
                yield name, {field.name.lower(): field for field in self.fields_of(line)}

    def _resolved(self, shape: object) -> Raw:
        """What stands behind a reference; an empty schema when it leads nowhere."""
        if not isinstance(shape, Mapping):
            return {}
        target = shape.get("$ref")
        if not isinstance(target, str):
            return shape
        if target not in self._followed and len(self._followed) < REFS_FOLLOWED_MAX:
            self._followed[target] = self._follow(target)
        return self._followed.get(target, {})

    def _follow(self, target: str) -> Raw:
        parts = urlsplit(target)
        if not parts.path:
            return _at(self._root, parts.fragment)
        name = parts.path.rstrip("/").rpartition("/")[2]
        # Only what can be a sublist; the catalogue refers to the record behind every reference field as well.
        is_sublist = name.lower().endswith(("collection", "element")) or "-" in name
        return self._read_schema(name) if is_sublist else {}


def _at(root: Raw, fragment: str) -> Raw:
    found: object = root
    for part in fragment.strip("/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _properties(schema: object) -> Raw:
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _read_field(name: str, shape: object, *, is_required: bool) -> FieldSchema:
    told = shape if isinstance(shape, Mapping) else {}
    kind = told.get("type")
    return FieldSchema(
        name=name,
        title=str(told.get("title", "")),
        kind=kind if isinstance(kind, str) else "",
        is_required=is_required,
        is_read_only=told.get("readOnly") is True or told.get("x-ns-read-only") is True,
        is_nullable=told.get("nullable") is True,
        is_filterable=told.get("x-ns-filterable") is True,
        is_custom=told.get("x-ns-custom-field") is True or name.lower().startswith(("custbody", "custcol")),
    )
