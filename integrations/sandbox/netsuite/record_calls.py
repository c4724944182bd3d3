"""The record service: one call on a transaction, from its path to the rules and back."""

from dataclasses import dataclass

from integrations.sandbox.netsuite import forms, kinds, permissions, records
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.account_fields import absent_fields
from integrations.sandbox.netsuite.calls import Call, Reply, shown
from integrations.sandbox.netsuite.columns import COLUMNS
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import (
    DELETED,
    MISSING,
    MISSING_INSTANCE,
    Refusal,
    method_not_allowed,
    no_such_record_type,
    not_found,
    user_error,
)
from integrations.sandbox.netsuite.fields import check_names
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.list_calls import answer_list, collection_of
from integrations.sandbox.netsuite.periods import check_edit_in_period
from integrations.sandbox.netsuite.render import render_document
from integrations.sandbox.netsuite.values import check_values, keep_selected
from integrations.sandbox.netsuite.views_of_records import pick, show_sublist
from integrations.sandbox.numbers import whole_number


@dataclass(frozen=True)
class RecordCall:
    """A call on one kind of transaction."""

    account: Account
    call: Call
    kind: Kind

    @property
    def replace(self) -> frozenset[str]:
        return self.call.names("replace")


def answer_record(account: Account, call: Call) -> Reply:
    """The path is record/v1/…, such as record/v1/returnAuthorization/90211/!transform/itemReceipt."""
    _, _, record_type, *rest = call.parts
    permissions.require_record(account, record_type, method=call.method)
    kind = kinds.BY_RECORD_TYPE.get(record_type.lower())
    if kind is None:
        if call.form in forms.FORMS and call.method in ("POST", "PATCH"):
            return forms.of_list(account, call, record_type=record_type)
        return answer_list(account, call, record_type=record_type, rest=rest)
    return _answer(RecordCall(account, call, kind), rest)


def _answer(at: RecordCall, rest: list[str]) -> Reply:
    match (at.call.method, rest):
        case ("GET", []):
            return collection_of(at.account, at.call, table="txn", columns=COLUMNS, only=f"type = '{at.kind.code}'")
        case ("POST", []):
            return _create(at)
        case ("POST", [identity, "!transform", target]):
            return _transform(at, identity=identity, target=target)
        case (_, [_, "!transform", _]):
            raise method_not_allowed("POST")
        case ("GET", [identity, *sublist]):
            return _get(at, identity=identity, sublist=sublist)
        case ("PATCH", [identity]):
            return _update(at, document_id=find(at, identity))
        case ("PUT", [identity]):
            return _upsert(at, identity=identity)
        case ("DELETE", [identity]):
            records.delete(at.account, document_id=find(at, identity), kind=at.kind, who="api")
            return Reply(status=204)
    raise method_not_allowed()


def find(at: RecordCall, identity: str) -> int:
    """The internal id behind an id or `eid:…` of the path."""
    if identity.lower().startswith("eid:"):
        found = _by_external_id(at, identity[4:])
        if found is None:
            raise _missing(at)
        return found
    number = whole_number(identity)
    row = at.account.store.row("SELECT type, deleted FROM txn WHERE id = ?", (number,))
    if row is None or row["type"] != at.kind.code:
        raise _missing(at)
    if row["deleted"]:
        raise _deleted(at)
    assert number is not None, "what has a row has a number"
    return number


def _missing(at: RecordCall) -> Refusal:
    is_instance = at.account.settings.text("netsuite.missing_words") == "instance"
    return not_found(MISSING_INSTANCE if is_instance else MISSING)


def _deleted(at: RecordCall) -> Refusal:
    """Whether a record that was deleted is like one that never was is not told (netsuite.md 6.2)."""
    is_told = at.account.settings.text("netsuite.deleted_answer") == "deleted"
    return user_error(DELETED) if is_told else _missing(at)


def _by_external_id(at: RecordCall, external_id: str) -> int | None:
    found = at.account.store.value(
        "SELECT id FROM txn WHERE lower(externalid) = lower(?) AND type = ? AND deleted = 0",
        (external_id, at.kind.code),
    )
    return None if found is None else int(found)


def _get(at: RecordCall, *, identity: str, sublist: list[str]) -> Reply:
    document = load_document(at.account.store, document_id=find(at, identity))
    if document is None or document.kind != at.kind:
        raise not_found()
    if at.account.settings.flag("netsuite.closed_unreadable"):
        check_edit_in_period(at.account, document)
    expand = bool(sublist) or at.call.flag("expandSubResources") or bool(at.call.names("expand"))
    whole = render_document(at.account, document, base=at.call.base, expand=expand)
    if sublist:
        return show_sublist(at.call, whole, path=sublist)
    return shown(pick(at.call, whole))


def _created(at: RecordCall, document: Document, *, ignored: list[str]) -> Reply:
    status = int(at.account.settings.number("netsuite.created_status"))
    return _written(at, document, ignored=ignored, status=status)


def _written(at: RecordCall, document: Document, *, ignored: list[str], status: int = 204) -> Reply:
    """Success has no body: the id is in the Location only. What was ignored shows in a header."""
    headers = {"Location": f"{at.call.base}/{document.kind.record_type.lower()}/{document.id}"}
    if ignored:
        headers["Warning"] = f'299 - "Unknown property names were ignored: {", ".join(ignored)}"'
    return Reply(status=status, headers=headers)


def _checked_body(at: RecordCall, *, kind: Kind | None = None) -> tuple[dict[str, object], list[str]]:
    """The body in lower case without what the caller wanted ignored, and the names of that."""
    target = kind or at.kind
    body = at.call.record_body()
    names = at.call.header("X-NetSuite-PropertyNameValidation", "Warning").lower()
    values = at.call.header("X-NetSuite-PropertyValueValidation", "Error").lower()
    _check_mode(names, header="X-NetSuite-PropertyNameValidation")
    _check_mode(values, header="X-NetSuite-PropertyValueValidation")
    ignored = check_names(target, body=body, mode=names, absent=absent_fields(at.account))
    dropped = check_values(body, mode=values)
    if at.call.flag("replaceSelectedFields"):
        keep_selected(body, replace=at.call.names("replace"))
    _check_approval(at.account, target, body=body)
    return body, [*(ignored if names == "warning" else []), *(dropped if values == "warning" else [])]


def _check_mode(mode: str, *, header: str) -> None:
    if mode not in ("error", "warning", "ignore"):
        raise Refusal(f"Invalid value of the header '{header}'.", code="INVALID_HEADER", header=header)


def _check_approval(account: Account, kind: Kind, *, body: dict[str, object]) -> None:
    """Who may not approve may not write a record as approved."""
    permission = permissions.APPROVAL.get(kind.record_type.lower())
    status = body.get("orderstatus")
    letter = (status.get("id") or status.get("refName")) if isinstance(status, dict) else status
    if permission and letter is not None and str(letter) not in ("A", kind.status_label("A")):
        permissions.require(account, permission, level="full")


def _create(at: RecordCall) -> Reply:
    if at.call.form in forms.FORMS:
        return forms.new_record(at.account, at.call, kind=at.kind, body=_checked_body(at)[0])
    body, ignored = _checked_body(at)
    document = records.create(at.account, kind=at.kind, body=body, replace=at.replace, who="api")
    return _created(at, document, ignored=ignored)


def _update(at: RecordCall, *, document_id: int) -> Reply:
    body, ignored = _checked_body(at)
    if at.call.form in forms.FORMS:
        return forms.existing_record(at.account, at.call, kind=at.kind, document_id=document_id, body=body)
    document = records.update(
        at.account, document_id=document_id, kind=at.kind, body=body, replace=at.replace, who="api"
    )
    return _written(at, document, ignored=ignored)


def _upsert(at: RecordCall, *, identity: str) -> Reply:
    """PUT knows external ids only; what it does to lines that exist is a switch (netsuite.md 13, U18)."""
    if not identity.lower().startswith("eid:"):
        raise Refusal("PUT needs an external ID in the path: eid:<value>.", status=405, code="INVALID_REQUEST")
    external_id = identity[4:]
    body, ignored = _checked_body(at)
    body["externalid"] = external_id
    with at.account.store.transaction():
        found = _by_external_id(at, external_id)
        if found is None:
            document = records.create(at.account, kind=at.kind, body=body, replace=at.replace, who="api")
            return _created(at, document, ignored=ignored)
        lines = {"item", "inventory"} if at.account.settings.text("netsuite.put_lines") == "replace" else set()
        replace = at.replace | {name for name in lines if name in body}
        document = records.update(at.account, document_id=found, kind=at.kind, body=body, replace=replace, who="api")
    return _written(at, document, ignored=ignored)


def _transform(at: RecordCall, *, identity: str, target: str) -> Reply:
    kind = kinds.BY_RECORD_TYPE.get(target.lower())
    if kind is None:
        raise no_such_record_type(target)
    permissions.require_record(at.account, target, method="POST")
    if at.call.sends_collection:
        raise Refusal("Batch operations are not supported for transformations.", code="INVALID_REQUEST")
    source_id = find(at, identity)
    body, ignored = _checked_body(at, kind=kind)
    if at.call.form in forms.FORMS:
        return forms.transformed(at.account, at.call, source=at.kind, source_id=source_id, target=kind, body=body)
    document = records.transform(
        at.account, source_id=source_id, source_kind=at.kind, target=kind, body=body, replace=at.replace, who="api"
    )
    return _created(at, document, ignored=ignored)
