"""From the answers of a NetSuite account to the facts of its profile. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from integrations.discovery.asking import NotTold
from integrations.discovery.configured import Configured
from integrations.discovery.netsuite_answers import AccountAnswers, Preview, Rows, is_form, sku_field_of
from integrations.discovery.netsuite_questions import FIELDS_USED, LISTED_MAX, PREVIEWED
from integrations.errors import UnreadableRecordError
from integrations.models import NetSuiteAccount
from integrations.netsuite.database_clock import read_shown
from integrations.netsuite.schema_calls import RecordSchema
from integrations.profile import AccountFacts, Listed, Period, Place, StockStatus, Writer

# Words of a Return Authorization's status that exist only with, or only without, Advanced Receiving (netsuite.md 4.5).
WITH_RECEIVING = {"pending receipt", "partially received", "pending refund/partially received"}
WITHOUT_RECEIVING = {"partially refunded"}
QUARTER = timedelta(minutes=15)
WRITERS_MAX = 8
SUITE_TAX_FIELDS = {"taxDetails", "taxDetailsOverride"}
LEGACY_TAX_FIELDS = {"taxItem", "taxRate"}
ROW_KEYS = ("orderLine", "line")


def read_facts(answers: AccountAnswers, account: NetSuiteAccount, configured: Configured) -> AccountFacts:
    receipt = _known(answers.schemas.get("itemReceipt"))
    has_rows = receipt is not None and bool(receipt.sublists.get("item"))
    return AccountFacts(
        clock_differs_s=_clock_differs(answers),
        database_offset_min=_database_offset(answers),
        suiteql=_was_told(answers.database_time),
        status_form=_status_form(answers.statuses),
        advanced_receiving=_advanced_receiving(answers),
        one_world=_one_world(answers),
        suite_tax=_suite_tax(answers.schemas.get("creditMemo")),
        inventory_status=_was_told(answers.inventory_statuses),
        restock=receipt.has("restock", sublist="item") if receipt and has_rows else None,
        create_form=_create_form(answers.previews.get(PREVIEWED[0])),
        deleted_readable=_was_told(answers.deleted),
        links_readable=_was_told(answers.links),
        is_administrator=answers.governance if isinstance(answers.governance, bool) else None,
        refund_method_fields=_present(answers.schemas.get("customerRefund"), ("paymentOption", "paymentMethod")),
        receipt_row_keys=tuple(key for key in ROW_KEYS if receipt and has_rows and receipt.has(key, sublist="item")),
        sales={row["type"]: int(row.get("n", 0)) for row in _rows(answers.sales) if "type" in row},
        access={record_type: _access(answer) for record_type, answer in answers.access.items()},
        previewed=tuple(name for name, one in answers.previews.items() if is_form(one)),
        missing_fields=_missing_fields(answers.schemas),
        required_fields=_required_fields(answers.schemas),
        period=_period(answers.period),
        subsidiaries={row["id"]: row.get("name", "") for row in _rows(answers.subsidiaries) if "id" in row},
        locations=_places(answers.locations),
        statuses=_statuses(answers.statuses_in_words),
        items=_listed(answers.items),
        accounts=_listed(answers.accounts),
        methods=_listed(answers.methods),
        full_lists=tuple(name for name in ("items", "accounts", "methods") if _is_full(getattr(answers, name))),
        line_fields=_exists(account.line_reference_field, answers.line_field),
        sku_fields=_exists(sku_field_of(account), answers.sku_field),
        writers={name: _writers(rows, configured) for name, rows in answers.writers.items() if isinstance(rows, list)},
    )


def _known(schema: RecordSchema | NotTold | None) -> RecordSchema | None:
    return schema if isinstance(schema, RecordSchema) else None


def _was_told(answer: Rows | NotTold) -> bool | None:
    """A refusal says no; silence says nothing."""
    if isinstance(answer, NotTold):
        return False if answer.refused else None
    return True


def _is_full(answer: Rows | NotTold) -> bool:
    return isinstance(answer, list) and len(answer) < LISTED_MAX


def _exists(name: str, answer: Rows | NotTold) -> dict[str, bool]:
    told = _was_told(answer)
    return {name: told} if name and told is not None else {}


def _rows(answer: Rows | NotTold) -> Rows:
    return [] if isinstance(answer, NotTold) else answer


def _clock_differs(answers: AccountAnswers) -> int | None:
    if not isinstance(answers.server_time, datetime):
        return None
    return round((answers.server_time - answers.asked_at).total_seconds())


def _database_offset(answers: AccountAnswers) -> int | None:
    """What the database's clock shows minus UTC, to the quarter of an hour, as time zones are."""
    rows = _rows(answers.database_time)
    if not rows or not isinstance(answers.server_time, datetime):
        return None
    try:
        shown = read_shown(rows[0].get("now", "")).replace(tzinfo=UTC)
    except UnreadableRecordError:
        return None
    return round((shown - answers.server_time) / QUARTER) * 15


def _status_form(answer: Rows | NotTold) -> str:
    forms = {"compound" if ":" in row.get("status", "") else "letter" for row in _rows(answer) if row.get("status")}
    return forms.pop() if len(forms) == 1 else ""


def status_words(answer: Rows | NotTold, type_code: str) -> set[str]:
    """Labels in lower case, without the type that some accounts put in front."""
    labels = (row.get("label", "") for row in _rows(answer) if row.get("type") == type_code)
    return {label.rpartition(" : ")[2].strip().lower() for label in labels if label}


def _advanced_receiving(answers: AccountAnswers) -> bool | None:
    if _rows(answers.writers.get("itemReceipt", NotTold(why=""))):
        return True  # a receipt that was made out of an authorization
    words = status_words(answers.statuses, "RtnAuth")
    if words & WITH_RECEIVING:
        return True
    return False if words & WITHOUT_RECEIVING else None


def _one_world(answers: AccountAnswers) -> bool | None:
    """Without OneWorld there is no such table; a role that may not see subsidiaries is answered alike."""
    if not isinstance(answers.subsidiaries, NotTold):
        return True
    schema = _known(answers.schemas.get("returnAuthorization"))
    return schema.has("subsidiary") if answers.subsidiaries.refused and schema else None


def _suite_tax(answer: RecordSchema | NotTold | None) -> bool | None:
    schema = _known(answer)
    if schema is None:
        return None
    has_suite = any(schema.has(name) for name in SUITE_TAX_FIELDS)
    has_legacy = any(schema.has(name) or schema.has(name, sublist="item") for name in LEGACY_TAX_FIELDS)
    return has_suite if has_suite != has_legacy else None


def _create_form(preview: Preview | NotTold | None) -> bool | None:
    if not isinstance(preview, Preview) or preview.status in (403, 429) or preview.status >= 500:
        return None
    return preview.status == 200


def _present(answer: RecordSchema | NotTold | None, names: Iterable[str]) -> tuple[str, ...]:
    schema = _known(answer)
    return tuple(name for name in names if schema and schema.has(name))


def _access(answer: str | NotTold) -> str:
    if isinstance(answer, NotTold):
        return "missing" if answer.lacks_right else ""
    return "edit" if answer else ""


def _missing_fields(schemas: Mapping[str, RecordSchema | NotTold]) -> dict[str, list[str]]:
    found = {}
    for record_type, used in FIELDS_USED.items():
        schema = _known(schemas.get(record_type))
        if schema and (missing := [name for name in used if not schema.has(name)]):
            found[record_type] = missing
    return found


def _required_fields(schemas: Mapping[str, RecordSchema | NotTold]) -> dict[str, list[str]]:
    """Custom fields that a schema calls mandatory: a form of the account wants them, and we do not send them."""
    found = {
        record_type: sorted(one.name for one in schema.fields.values() if one.is_custom and one.is_required)
        for record_type, schema in schemas.items()
        if isinstance(schema, RecordSchema)
    }
    return {record_type: names for record_type, names in found.items() if names}


def _period(answer: Rows | NotTold) -> Period | None:
    rows = _rows(answer)
    if not rows:
        return None
    row = rows[0]
    return Period(
        name=row.get("name", ""),
        closed=row.get("closed") == "T",
        ar_locked=row.get("arlocked") == "T",
        all_locked=row.get("alllocked") == "T",
    )


def _flag(text: str | None) -> bool | None:
    return {"T": True, "F": False}.get(text or "")


def _places(answer: Rows | NotTold) -> dict[str, Place] | None:
    if isinstance(answer, NotTold):
        return None
    return {
        row["id"]: Place(
            id=row["id"],
            name=row.get("name", ""),
            subsidiary_id=row.get("subsidiary", ""),
            available=_flag(row.get("available")),
            uses_bins=_flag(row.get("usebins")),
            is_inactive=row.get("isinactive") == "T",
        )
        for row in answer
        if "id" in row
    }


def _statuses(answer: Rows | NotTold) -> dict[str, StockStatus] | None:
    if isinstance(answer, NotTold):
        return None
    return {
        row["id"]: StockStatus(
            id=row["id"],
            name=row.get("name", ""),
            available=_flag(row.get("available")),
            is_inactive=row.get("isinactive") == "T",
        )
        for row in answer
        if "id" in row
    }


def _listed(answer: Rows | NotTold) -> dict[str, Listed] | None:
    if isinstance(answer, NotTold):
        return None
    return {
        row["id"]: Listed(
            id=row["id"],
            name=row.get("name", ""),
            kind=row.get("kind", ""),
            is_inactive=row.get("isinactive") == "T",
        )
        for row in answer
        if "id" in row
    }


def _writers(rows: Rows, configured: Configured) -> list[Writer]:
    """By the beginning of the external id, and for records without one by who made them; the busiest first."""
    counted = Counter(_writer_key(row, configured) for row in rows)
    return [
        Writer(mark=mark, made_by=made_by, count=count, is_ours=mark in configured.own_marks)
        for (mark, made_by), count in counted.most_common(WRITERS_MAX)
    ]


def _writer_key(row: Mapping[str, str], configured: Configured) -> tuple[str, str]:
    external_id = row.get("externalid", "").lower()
    if not external_id:
        return "", row.get("createdby", "")
    own = next((mark for mark in configured.own_marks if external_id.startswith(mark)), "")
    return own or mark_of(external_id), ""


def mark_of(external_id: str) -> str:
    """What a scheme of external ids has in common: all before the first digit, such as «shopify-refund-»."""
    found = re.match(r"\D+", external_id)
    return found.group()[:40] if found else "#"  # numbers alone are a scheme too
