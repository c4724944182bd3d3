"""A check's questions to a NetSuite account, asked one after the other; what came back, not yet judged."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo

from integrations.discovery import netsuite_questions as questions
from integrations.discovery.asking import WORDS_MAX, Asker, NotTold
from integrations.discovery.configured import Configured, Purpose
from integrations.http import HttpAnswer
from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.record_calls import RECORD_PATH, STRICT_NAMES
from integrations.netsuite.refusals import read_details
from integrations.netsuite.schema_calls import RecordSchema
from integrations.netsuite.suiteql import placeholders
from integrations.netsuite.transport import Request, read_json

FIELD_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
NO_QUESTION = NotTold(why="There was nothing to ask about.")
HIDDEN = NotTold(why="The catalogue does not show it to this role.", refused=True)

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Preview:
    """The answer to asking for an empty form. text: their words to a refusal; made_id: it was saved by mistake."""

    status: int
    text: str
    made_id: str = ""


@dataclass(kw_only=True)
class AccountAnswers:
    """Filled question by question; what was never asked says so. `access` holds the id that was read, or why not."""

    asked_at: datetime
    server_time: datetime | NotTold = NO_QUESTION
    database_time: Rows | NotTold = NO_QUESTION
    schemas: dict[str, RecordSchema | NotTold] = field(default_factory=dict)
    access: dict[str, str | NotTold] = field(default_factory=dict)
    statuses: Rows | NotTold = NO_QUESTION
    subsidiaries: Rows | NotTold = NO_QUESTION
    locations: Rows | NotTold = NO_QUESTION
    items: Rows | NotTold = NO_QUESTION
    accounts: Rows | NotTold = NO_QUESTION
    methods: Rows | NotTold = NO_QUESTION
    period: Rows | NotTold = NO_QUESTION
    inventory_statuses: Rows | NotTold = NO_QUESTION
    statuses_in_words: Rows | NotTold = NO_QUESTION
    deleted: Rows | NotTold = NO_QUESTION
    links: Rows | NotTold = NO_QUESTION
    line_field: Rows | NotTold = NO_QUESTION
    sku_field: Rows | NotTold = NO_QUESTION
    sales: Rows | NotTold = NO_QUESTION
    writers: dict[str, Rows | NotTold] = field(default_factory=dict)
    previews: dict[str, Preview | NotTold] = field(default_factory=dict)
    governance: bool | NotTold = NO_QUESTION


def ask_account(
    account: NetSuiteAccount, client: NetSuiteClient, configured: Configured, *, asker: Asker, now: datetime
) -> AccountAnswers:
    """The order is the order of importance: time may run out."""
    answers = AccountAnswers(asked_at=now)
    answers.server_time = asker.ask("log-in and clock", client.server_time)
    query = partial(_query, client, asker)
    answers.database_time = query("SuiteQL", questions.DATABASE_TIME)
    _ask_access(answers, client, asker)
    if not isinstance(answers.database_time, NotTold):
        _ask_about_configured(answers, account, configured, query=query)
        _ask_about_account(answers, account, query=query)
    _ask_schemas(answers, client, asker)
    _ask_previews(answers, client, asker)
    answers.governance = asker.ask("whether the role is an administrator's", partial(_reads_governance, client))
    return answers


Query = Callable[..., Rows | NotTold]


def _query(client: NetSuiteClient, asker: Asker, what: str, sql: str, *params: str, limit: int = 200) -> Rows | NotTold:
    """The first page only: no question needs more."""
    return asker.ask(what, lambda: list(islice(client.query(sql, params, limit=limit), limit)))


def _ask_access(answers: AccountAnswers, client: NetSuiteClient, asker: Asker) -> None:
    """A record is loaded for editing even to be read: reading one proves the right to edit (netsuite.md 1.4)."""
    for record_type, name in questions.RIGHTS.items():
        found = asker.ask(f"list of {name}", partial(_first_id, client, record_type))
        if isinstance(found, str) and found:
            found = asker.ask(f"one {name}", partial(_read_one, client, record_type, found))
        answers.access[record_type] = found


def _first_id(client: NetSuiteClient, record_type: str) -> str:
    """The id of any record of this type; empty when there is none."""
    request = Request(
        operation=f"list {record_type}", method="GET", path=f"{RECORD_PATH}/{record_type}", params={"limit": 1}
    )
    body = read_json(client.probe(request), request)
    items = body.get("items") if isinstance(body, Mapping) else None
    first = items[0] if isinstance(items, list) and items else {}
    return str(first.get("id", "")) if isinstance(first, Mapping) else ""


def _read_one(client: NetSuiteClient, record_type: str, internal_id: str) -> str:
    path = f"{RECORD_PATH}/{record_type}/{internal_id}"
    request = Request(operation=f"read {record_type} {internal_id}", method="GET", path=path)
    read_json(client.probe(request), request)
    return internal_id


def _ask_about_configured(
    answers: AccountAnswers, account: NetSuiteAccount, configured: Configured, *, query: Query
) -> None:
    by_subsidiary = questions.LOCATIONS.format(subsidiary=questions.LOCATION_SUBSIDIARY)
    answers.subsidiaries = query("subsidiaries", questions.SUBSIDIARIES)
    answers.locations = query("locations", by_subsidiary, limit=questions.LISTED_MAX)
    if isinstance(answers.locations, NotTold) and answers.locations.refused:
        plain = questions.LOCATIONS.format(subsidiary="")
        answers.locations = query("locations", plain, limit=questions.LISTED_MAX)
    items = configured.ids_for(Purpose.ITEM) or ["0"]
    sql = questions.ITEMS.format(values=placeholders(items))
    answers.items = query("items for differences and fees", sql, *items, limit=questions.LISTED_MAX)
    answers.accounts = query("accounts", questions.ACCOUNTS, limit=questions.LISTED_MAX)
    answers.methods = query("refund methods", questions.METHODS, limit=questions.LISTED_MAX)
    if FIELD_NAME.match(account.line_reference_field):
        sql = questions.LINE_FIELD.format(field=account.line_reference_field)
        answers.line_field = query("the field of the shop's line ids", sql, limit=1)
    if FIELD_NAME.match(sku_field_of(account)):
        sql = questions.SKU_FIELD.format(field=sku_field_of(account))
        answers.sku_field = query("the field of the SKU", sql, limit=1)


def sku_field_of(account: NetSuiteAccount) -> str:
    return account.sku_field


def _ask_about_account(answers: AccountAnswers, account: NetSuiteAccount, *, query: Query) -> None:
    now = answers.server_time if isinstance(answers.server_time, datetime) else answers.asked_at
    lately = _database_day(now - timedelta(days=questions.LATELY_DAYS))
    for made in questions.MADE:
        what = f"who makes {made.plural}"
        answers.writers[made.record_type] = query(what, made.sql, lately, limit=questions.ROWS_SEEN_MAX)
    today = now.astimezone(ZoneInfo(account.time_zone)).strftime("%Y-%m-%d")
    answers.period = query("accounting period of today", questions.PERIOD, today, today)
    answers.sales = query("how web orders are billed", questions.SALES, lately)
    since = _database_day(now - timedelta(days=questions.STATUS_DAYS))
    answers.statuses = query("words for statuses", questions.STATUSES, since)
    answers.links = query("links between records", questions.LINKS, limit=1)
    answers.deleted = query("deleted records", questions.DELETED, limit=1)
    answers.inventory_statuses = query("inventory statuses", questions.INVENTORY_STATUSES)
    if isinstance(answers.inventory_statuses, list):
        answers.statuses_in_words = query("names of inventory statuses", questions.STATUSES_IN_WORDS)


def _database_day(moment: datetime) -> str:
    """A day is exact enough for «lately», whatever zone the database keeps."""
    return moment.strftime("%Y-%m-%d 00:00:00")


def _ask_schemas(answers: AccountAnswers, client: NetSuiteClient, asker: Asker) -> None:
    for record_type in questions.SCHEMAS:
        schema = asker.ask(f"fields of {record_type}", partial(client.get_schema, record_type))
        answers.schemas[record_type] = schema or HIDDEN


def _ask_previews(answers: AccountAnswers, client: NetSuiteClient, asker: Asker) -> None:
    """An account that does not know previews might take the request for a real one. So only an empty document is sent,
    which cannot be saved since it names no customer; and the others only once the first one was understood."""
    for record_type in questions.PREVIEWED:
        answers.previews[record_type] = asker.ask(f"preview of {record_type}", partial(_preview, client, record_type))
        if record_type == questions.PREVIEWED[0] and not is_form(answers.previews[record_type]):
            return


def is_form(preview: Preview | NotTold) -> bool:
    return isinstance(preview, Preview) and preview.status == 200


def _preview(client: NetSuiteClient, record_type: str) -> Preview:
    request = Request(
        operation=f"preview {record_type}",
        method="POST",
        path=f"{RECORD_PATH}/{record_type}",
        headers={"Accept": questions.CREATE_FORM_TYPE, **STRICT_NAMES},
        json_body={},
        writes=True,
    )
    answer = client.probe(request)
    words = "; ".join(detail.text for detail in read_details(answer)) if not answer.is_success else ""
    return Preview(answer.status, words[:WORDS_MAX], made_id=_made_id(answer))


def _made_id(answer: HttpAnswer) -> str:
    return answer.headers.get("Location", "").rstrip("/").rpartition("/")[2] if answer.status in (201, 204) else ""


def _reads_governance(client: NetSuiteClient) -> bool:
    """It answers administrators only (netsuite.md 1.4)."""
    request = Request(operation="get governance limits", method="GET", path=questions.GOVERNANCE_PATH)
    return client.probe(request).is_success
