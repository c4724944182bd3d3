"""Asynchronous requests: jobs of one task, or of one per record, run later by the sandbox itself (netsuite.md 2.5)."""

import json
import random
import threading
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.sandbox.jobs import Jobs
from integrations.sandbox.netsuite import batch
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import COLLECTION, Call, Reply, refused, shown
from integrations.sandbox.netsuite.errors import Refusal, invalid_header, method_not_allowed, not_found
from integrations.sandbox.netsuite.paging import Page, collection
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
Work = Callable[[Account, Call], Reply]
KIND = "netsuite_async"
KEY = "X-NetSuite-Idempotency-Key"
DAY_S = 86_400
TABLES = """
CREATE TABLE IF NOT EXISTS rest_job (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, created REAL NOT NULL, due REAL NOT NULL);
CREATE TABLE IF NOT EXISTS rest_task (
  job INTEGER NOT NULL, number INTEGER NOT NULL, call TEXT NOT NULL, progress TEXT NOT NULL,
  started TEXT, ended TEXT, status INTEGER, headers TEXT, content_type TEXT, body BLOB,
  PRIMARY KEY (job, number));
"""
TAKEN = (
    "A request with the same idempotency key is already submitted."
    ' See the "Location" header for a link to the previously submitted job'
)
APPLIED = {"Preference-Applied": "respond-async"}


class AsyncJobs:
    """Keeps the jobs of every account in its books, so that a restart loses none and repeats none."""

    def __init__(self, accounts: Mapping[str, Account], jobs: Jobs, *, work: Work) -> None:
        self._accounts = accounts
        self._jobs = jobs
        self._work = work
        self._draw = random.Random("async")
        self._lock = threading.Lock()
        for account in accounts.values():
            account.store.run_script(TABLES)
            self._take_up(account)
        jobs.register(KIND, work=self._run, crosses=True)

    def _take_up(self, account: Account) -> None:
        """After a restart: a job may have been written down and not yet been queued; a task that ended is skipped."""
        rows = account.store.rows(
            "SELECT id, due FROM rest_job WHERE id IN (SELECT job FROM rest_task WHERE ended IS NULL) ORDER BY id"
        )
        now = account.now().timestamp()
        for row in rows:
            content = {"account": account.profile.account_id, "job": row["id"]}
            self._jobs.add(KIND, content=content, after_s=max(row["due"] - now, 0.0))

    def wants(self, call: Call) -> bool:
        return "respond-async" in call.preferences or batch.is_batch(call)

    def submit(self, account: Account, call: Call) -> Reply:
        """202 with the job's address; the same key again names the first job instead."""
        key = _key_of(call)
        calls = batch.calls_of(account, call) if batch.is_batch(call) else [call]
        now = account.now().timestamp()
        with self._lock, account.store.transaction():
            _forget_old(account, now=now)
            taken = account.store.value("SELECT id FROM rest_job WHERE key = ?", (key,)) if key else None
            if taken is not None:
                location = {"Location": _job_url(account, call, taken)}
                raise Refusal(TAKEN, code="IDEMPOTENCY_ERROR", title="Conflict", headers=APPLIED | location)
            due = self._due(account, now=now)
            job = account.store.execute("INSERT INTO rest_job (key, created, due) VALUES (?, ?, ?)", (key, now, due))
            rows = [(job, number, _written(one)) for number, one in enumerate(calls, start=1)]
            account.store.execute_many(
                "INSERT INTO rest_task (job, number, call, progress) VALUES (?, ?, ?, 'pending')", rows
            )
        content = {"account": account.profile.account_id, "job": job, "shuffled": batch.is_parallel(call)}
        self._jobs.add(KIND, content=content, after_s=max(due - now, 0.0))
        return Reply(status=202, headers=APPLIED | {"Location": _job_url(account, call, job)})

    def _due(self, account: Account, *, now: float) -> float:
        """After the wait of the profile; in order of submission unless the switch gives that up."""
        low, high = account.settings.span("netsuite.async_delay_s")
        due = now + self._draw.uniform(low, high)
        if account.settings.flag("netsuite.async_any_order"):
            return due
        last = account.store.value("SELECT max(due) FROM rest_job")
        return max(due, float(last or 0.0))

    def _run(self, content: Json) -> None:
        account = self._accounts[content["account"]]
        numbers = [
            row["number"]
            for row in account.store.rows(
                "SELECT number FROM rest_task WHERE job = ? AND ended IS NULL ORDER BY number", (content["job"],)
            )
        ]
        if content.get("shuffled"):
            self._draw.shuffle(numbers)
        for number in numbers:
            self._run_task(account, job=content["job"], number=number)

    def _run_task(self, account: Account, *, job: int, number: int) -> None:
        """The work and its result are one transaction: a crash between them cannot do it twice."""
        store = account.store
        started = _moment(account)
        call = _read(store.value("SELECT call FROM rest_task WHERE job = ? AND number = ?", (job, number)))
        try:
            with store.transaction():
                reply = self._work(account, call)
                _finish(account, job=job, number=number, started=started, reply=reply)
        except Refusal as refusal:
            reply = refused(refusal, type_form=account.settings.text("netsuite.error_type_form"))
            _finish(account, job=job, number=number, started=started, reply=reply)

    def show(self, account: Account, call: Call, *, job: str, rest: list[str]) -> Reply:
        if call.method != "GET":
            raise method_not_allowed("GET")
        number = whole_number(job)
        if number is None or account.store.value("SELECT 1 FROM rest_job WHERE id = ?", (number,)) is None:
            raise not_found()
        match rest:
            case []:
                return shown(_shown_job(account, call, number))
            case ["task"]:
                return _shown_tasks(account, call, number)
            case ["task", task]:
                return shown(_shown_task(call, _task(account, number, task)))
            case ["task", task, "result"]:
                return _result(_task(account, number, task))
        raise not_found()


def _key_of(call: Call) -> str | None:
    """The key of this client's call; only asynchronous calls come here, so synchronous ones ignore it."""
    key = call.header(KEY)
    if not key:
        return None
    try:
        return str(uuid.UUID(key))
    except ValueError:
        raise invalid_header(KEY, detail=f"The header '{KEY}' must be a UUID.") from None


def _forget_old(account: Account, *, now: float) -> None:
    """How long a job and its key stay known is not documented (netsuite.md 13, U12)."""
    oldest = now - account.settings.number("netsuite.async_job_days") * DAY_S
    account.store.execute("DELETE FROM rest_task WHERE job IN (SELECT id FROM rest_job WHERE created < ?)", (oldest,))
    account.store.execute("DELETE FROM rest_job WHERE created < ?", (oldest,))


def _job_url(account: Account, call: Call, job: int) -> str:
    """The samples show both a path alone and a whole address."""
    root = call.host_url if account.settings.text("netsuite.async_location") == "absolute" else "/"
    return f"{root}services/rest/async/v1/job/{job}"


def _written(call: Call) -> str:
    kept = {"method": call.method, "path": call.path, "query": dict(call.query), "host_url": call.host_url}
    return json.dumps(kept | {"headers": dict(call.headers), "body": call.body.decode("latin-1")})


def _read(text: str) -> Call:
    kept = json.loads(text)
    return Call(**(kept | {"body": kept["body"].encode("latin-1")}))


def _finish(account: Account, *, job: int, number: int, started: str, reply: Reply) -> None:
    account.store.execute(
        "UPDATE rest_task SET progress = ?, started = ?, ended = ?, status = ?, headers = ?, content_type = ?, body = ?"
        " WHERE job = ? AND number = ?",
        (
            "succeeded" if reply.status < 400 else "failed",
            started,
            _moment(account),
            reply.status,
            json.dumps(dict(reply.headers)),
            reply.content_type,
            reply.body,
            job,
            number,
        ),
    )


def _moment(account: Account) -> str:
    moment: datetime = account.now().astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _url(call: Call, *parts: object) -> str:
    return "/".join([f"{call.host_url}services/rest/async/v1/job", *map(str, parts)])


def _self(url: str) -> list[Json]:
    return [{"rel": "self", "href": url}]


def _shown_job(account: Account, call: Call, job: int) -> Json:
    found = {row[0] for row in account.store.rows("SELECT DISTINCT progress FROM rest_task WHERE job = ?", (job,))}
    is_complete = "pending" not in found
    ended = "failed" if "failed" in found else "succeeded"
    return {
        "links": _self(_url(call, job)),
        "completed": is_complete,
        "id": str(job),
        "progress": ended if is_complete else "processing" if len(found) > 1 else "pending",
        "task": {"links": _self(_url(call, job, "task"))},
    }


def _shown_tasks(account: Account, call: Call, job: int) -> Reply:
    page = Page.of(call)
    total = account.store.value("SELECT count(*) FROM rest_task WHERE job = ?", (job,))
    rows = account.store.rows(
        "SELECT * FROM rest_task WHERE job = ? ORDER BY number LIMIT ? OFFSET ?", (job, page.limit, page.offset)
    )
    items = [{"links": _self(_url(call, job, "task", row["number"])), "id": str(row["number"])} for row in rows]
    return shown(collection(items, call=call, page=page, total=total), content_type=COLLECTION)


def _task(account: Account, job: int, task: str) -> Mapping[str, Any]:
    row = account.store.row("SELECT * FROM rest_task WHERE job = ? AND number = ?", (job, whole_number(task)))
    if row is None:
        raise not_found()
    return dict(row)


def _shown_task(call: Call, task: Mapping[str, Any]) -> Json:
    url = _url(call, task["job"], "task", task["number"])
    found: Json = {
        "links": _self(url),
        "completed": task["ended"] is not None,
        "id": str(task["number"]),
        "progress": task["progress"],
        "result": {"links": _self(f"{url}/result")},
        "startTime": task["started"],
        "endTime": task["ended"],
    }
    return {name: value for name, value in found.items() if value is not None}


def _result(task: Mapping[str, Any]) -> Reply:
    """The answer of the request itself, as it would have come at once."""
    if task["ended"] is None:
        raise Refusal("The task is not completed yet.", status=404, code="NONEXISTENT_ID")
    return Reply(task["status"], task["body"] or b"", json.loads(task["headers"]), task["content_type"])
