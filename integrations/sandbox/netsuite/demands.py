"""What an account's own forms and scripts demand beyond NetSuite's rules (netsuite.md 4, 6.2, 9.2)."""

import re

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.errors import missing_values, user_error

HEADER_FIELDS = {
    "location": "location",
    "memo": "memo",
    "otherrefnum": "other_ref_num",
    "externalid": "external_id",
    "subsidiary": "subsidiary",
}


def check_forms(account: Account, document: Document) -> None:
    """Fields a customised form makes mandatory: `creditMemo.location`, `returnAuthorization.item.location`."""
    for entry in sorted(account.settings.words("netsuite.mandatory_fields")):
        record_type, _, field = entry.partition(".")
        if record_type.lower() != document.kind.record_type.lower():
            continue
        if field.startswith("item."):
            _check_rows(document, field=field.removeprefix("item."))
        elif _header_value(document, field) in (None, ""):
            raise missing_values(label_of(field), path=field)


def _check_rows(document: Document, *, field: str) -> None:
    for number, line in enumerate(document.lines):
        if _row_value(line, field) in (None, ""):
            raise missing_values(label_of(field), path=f"{document.kind.sublist}.items[{number}].{field}")


def _header_value(document: Document, field: str) -> object:
    attribute = HEADER_FIELDS.get(field.lower())
    return getattr(document, attribute) if attribute else document.extra.get(field)


def _row_value(line: Line, field: str) -> object:
    return line.location if field.lower() == "location" else line.custom.get(field)


def label_of(field: str) -> str:
    """`otherRefNum` → Other Ref Num."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", field.removeprefix("custbody_").removeprefix("custcol_"))
    return " ".join(word.capitalize() for word in words.split())


def check_scripts(account: Account, document: Document) -> None:
    """A user-event script of the account that throws whenever such a record is saved over REST."""
    names = {name.lower() for name in account.settings.words("netsuite.failing_scripts")}
    if document.writer == "api" and document.kind.record_type.lower() in names:
        raise user_error(
            f"SSS_{document.kind.record_type.upper()}_BLOCKED: a script of this account refused the record."
        )
