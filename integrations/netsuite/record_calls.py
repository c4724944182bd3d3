"""The record service: read, create, transform, change (netsuite.md §2, §3)."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from integrations.errors import ConfigurationError, IntegrationError, RejectedError, UncertainError
from integrations.http import HttpAnswer
from integrations.netsuite.jobs import idempotency_key, is_running, run_as_job
from integrations.netsuite.options import AccountOptions, WriteMode
from integrations.netsuite.parsing import parse_form, parse_transaction
from integrations.netsuite.records import TransactionRecord
from integrations.netsuite.refusals import classify_failure, is_missing, read_details
from integrations.netsuite.sublists import expand_sublists
from integrations.netsuite.transport import Request, Transport, read_json

RECORD_PATH = "/services/rest/record/v1"

# A misspelt field would otherwise be dropped with a warning, and the record made without it.
STRICT_NAMES = {"X-NetSuite-PropertyNameValidation": "Error"}
EXPANDED = {"expandSubResources": "true"}
FORM = {"Accept": "application/vnd.oracle.resource+json; type=create-form"}

EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
NO_FORM_STATUSES = {405, 406, 415}


class RecordCalls:
    _transport: Transport
    _options: AccountOptions
    _note_no_forms: Callable[[str], None]

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        """The record with its lines and applications; None when NetSuite has none of this id and type."""
        return self._get(record_type, internal_id, operation=f"get {record_type} {internal_id}")

    def get_by_external_id(self, record_type: str, external_id: str) -> TransactionRecord | None:
        """The record of this type with our external id; None when there is none.

        Raises RejectedError for an id that no path can hold (netsuite.md 2.1).
        """
        operation = f"get {record_type} eid:{external_id}"
        if not EXTERNAL_ID.fullmatch(external_id):
            detail = "in a path an external id may hold letters, digits, _ and - only; look it up by a query"
            raise RejectedError(system="netsuite", operation=operation, detail=detail, family="invalid_request")
        return self._get(record_type, f"eid:{external_id}", operation=operation)

    def create_record(self, record_type: str, body: Mapping[str, Any], *, replace: Sequence[str] = ()) -> str:
        """Create and give the new internal id. replace: sublists of which only our rows may remain."""
        return self._create(f"create {record_type}", record_path(record_type), body, replace=replace)

    def transform_record(
        self,
        source_type: str,
        source_id: str,
        target_type: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
    ) -> str:
        """Create target_type out of a source, linked to it, and give the new internal id."""
        operation = f"transform {source_type} {source_id} to {target_type}"
        return self._create(operation, transform_path(source_type, source_id, target_type), body, replace=replace)

    def update_record(
        self,
        record_type: str,
        internal_id: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
        key: str = "",
    ) -> None:
        """Change what body names. A row without its line number is added, not changed.

        key: names this change among all of ours, so that an account in asynchronous mode makes it once.
        """
        request = Request(
            operation=f"update {record_type} {internal_id}",
            method="PATCH",
            path=record_path(record_type, internal_id),
            params=_replace_params(replace),
            headers=STRICT_NAMES,
            json_body=body,
            writes=True,
        )
        answer = self._write(request, seed=key)
        if answer.status != 204 and not answer.headers.get("Location"):
            detail = "accepted, but not by the record service: it answers with nothing but the record's address"
            raise UncertainError(**answer.failure(system="netsuite", operation=request.operation, detail=detail))

    def preview_transform(
        self,
        source_type: str,
        source_id: str,
        target_type: str,
        body: Mapping[str, Any] | None = None,
        *,
        replace: Sequence[str] = (),
    ) -> TransactionRecord | None:
        """The record a transform would make, with nothing saved; None when the account has no forms.

        Raises RejectedError when NetSuite refuses the transform itself.
        """
        operation = f"preview {source_type} {source_id} as {target_type}"
        path = transform_path(source_type, source_id, target_type)
        return self._preview(operation, path, body or {}, record_type=target_type, replace=replace)

    def preview_record(self, record_type: str, body: Mapping[str, Any]) -> TransactionRecord | None:
        """The record a create would make, with nothing saved; None when the account has no forms."""
        return self._preview(f"preview {record_type}", record_path(record_type), body, record_type=record_type)

    def is_job_running(self, job: str) -> bool:
        """Whether a write that was handed in as this job may still be carried out (netsuite.md §2.5)."""
        return is_running(self._transport, job)

    # --- Below the calls

    def _get(self, record_type: str, identity: str, *, operation: str) -> TransactionRecord | None:
        path = record_path(record_type, identity)
        request = Request(operation=operation, method="GET", path=path, params=EXPANDED)

        def ask() -> TransactionRecord | None:
            answer = self._transport.send(request)
            if is_missing(answer):
                return None
            raw = expand_sublists(self._transport, request, read_json(answer, request))
            return parse_transaction(raw, record_type=record_type)

        return self._transport.read(ask)

    def _create(self, operation: str, path: str, body: Mapping[str, Any], *, replace: Sequence[str]) -> str:
        request = Request(
            operation=operation,
            method="POST",
            path=path,
            params=_replace_params(replace),
            headers=STRICT_NAMES,
            json_body=body,
            writes=True,
        )
        return read_new_id(self._write(request, seed=str(body.get("externalId", ""))), request)

    def _write(self, request: Request, *, seed: str) -> HttpAnswer:
        """The answer to a write that succeeded; in asynchronous mode that of its job."""
        if self._options.write_mode == WriteMode.ASYNC:
            return run_as_job(self._transport, request, key=idempotency_key(seed))
        answer = self._transport.send(request)
        if not answer.is_success:
            raise classify_failure(answer, operation=request.operation, writes=True)
        return answer

    def _preview(
        self, operation: str, path: str, body: Mapping[str, Any], *, record_type: str, replace: Sequence[str] = ()
    ) -> TransactionRecord | None:
        if not self._options.has_forms:
            return None
        # Without our external id: an account that takes this for a real request must not make the real record.
        draft = {name: value for name, value in body.items() if name != "externalId"}
        request = Request(
            operation=operation,
            method="POST",
            path=path,
            params={**EXPANDED, **_replace_params(replace)},
            headers={**STRICT_NAMES, **FORM},
            json_body=draft,
        )
        answer = self._transport.send(request)
        if answer.status == 200:
            return parse_form(read_json(answer, request), record_type=record_type)
        if answer.is_success:
            self._undo(answer, request, record_type=record_type)
        elif not _knows_no_form(answer):
            raise classify_failure(answer, operation=operation, writes=False)
        self._note_no_forms(f"HTTP {answer.status}: " + " ".join(row.text for row in read_details(answer)))
        return None

    def _undo(self, answer: HttpAnswer, request: Request, *, record_type: str) -> None:
        """Delete what was made although only a form was asked for: the one case in which we delete anything."""
        try:
            made = read_new_id(answer, request)
            path = record_path(record_type, made)
            gone = self._transport.send(Request(operation=f"undo {request.operation}", method="DELETE", path=path))
            if gone.is_success:
                return
            error: IntegrationError = classify_failure(gone, operation=f"delete {record_type} {made}", writes=True)
        except IntegrationError as failure:
            error = failure
        location = answer.headers.get("Location") or "no address given"
        detail = f"asked for a form, NetSuite made a record ({location}) and it could not be deleted: {error.detail}"
        detail += " Delete it by hand and switch «ask for forms» off."
        raise ConfigurationError(system="netsuite", operation=request.operation, detail=detail) from error


def record_path(record_type: str, internal_id: str = "") -> str:
    tail = f"/{quote(internal_id, safe=':')}" if internal_id else ""
    return f"{RECORD_PATH}/{record_type}{tail}"


def transform_path(source_type: str, source_id: str, target_type: str) -> str:
    return f"{record_path(source_type, source_id)}/!transform/{target_type}"


def read_new_id(answer: HttpAnswer, request: Request) -> str:
    """The id at the end of Location, the only place where NetSuite tells it."""
    location = answer.headers.get("Location", "")
    new_id = urlsplit(location).path.rstrip("/").rpartition("/")[2]
    # Told apart from the address of a job, which is where an asynchronous request would be sent.
    if new_id.isdecimal() and "/record/" in location:
        return new_id
    failure = answer.failure(
        system="netsuite",
        operation=request.operation,
        detail=f"accepted, but no id in the answer (Location: {location or 'missing'})",
    )
    raise UncertainError(**failure)


def _replace_params(replace: Sequence[str]) -> dict[str, str]:
    return {"replace": ",".join(replace)} if replace else {}


def _knows_no_form(answer: HttpAnswer) -> bool:
    """Whether the account refused the wish for a form, and not what was asked in it."""
    if answer.status in NO_FORM_STATUSES:
        return True
    return any(row.code == "INVALID_HEADER" or row.path.lower() == "accept" for row in read_details(answer))
