"""Edits that cross: who saves second what both had opened is refused (netsuite.md 6.2, RCRD_HAS_BEEN_CHANGED)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.wrappers import Request

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.numbers import whole_number

TEXT = "Record has been changed"


@dataclass(frozen=True)
class Opened:
    """The record a writing call is about, and the version it had when the call came in."""

    record: int
    version: int


def open_record(account: Account, request: Request) -> Opened | None:
    """None for calls that change no record there is, and for those that only hand in a job."""
    parts = request.path.strip("/").split("/")
    is_write = request.method in ("PATCH", "PUT", "DELETE") or "!transform" in parts
    if not is_write or "record" not in parts or "respond-async" in request.headers.get("Prefer", "").lower():
        return None
    if "!transform" in parts and account.settings.text("netsuite.crossing_transforms") == "both":
        return None
    identity = parts[parts.index("record") + 3] if len(parts) > parts.index("record") + 3 else ""
    column, value = (
        ("lower(externalid)", identity[4:].lower()) if identity.lower().startswith("eid:") else ("id", identity)
    )
    if column == "id" and whole_number(identity) is None:
        return None
    found = account.store.row(f"SELECT id, version FROM txn WHERE {column} = ? AND deleted = 0", (value,))
    return Opened(found["id"], version=found["version"]) if found else None


@contextmanager
def unchanged(account: Account, opened: Opened | None) -> Iterator[None]:
    """Do the work only if nobody changed the record since it was opened."""
    if opened is None:
        yield
        return
    with account.store.transaction():
        version = account.store.value("SELECT version FROM txn WHERE id = ? AND deleted = 0", (opened.record,))
        if version is not None and version != opened.version:
            status = int(account.settings.number("netsuite.record_changed_status"))
            raise Refusal(TEXT, status=status, code="RCRD_HAS_BEEN_CHANGED")
        yield
