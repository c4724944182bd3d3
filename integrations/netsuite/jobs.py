"""Writes as asynchronous jobs, each done once by its idempotency key (netsuite.md 2.5).

To the caller it is a call like any other: the answer is the one the request would have had. What is not known in time
is uncertain, as a lost answer is.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from integrations.errors import IntegrationError, UncertainError
from integrations.http import HttpAnswer
from integrations.netsuite.refusals import classify_failure, is_missing, read_details
from integrations.netsuite.transport import Request, Transport, read_json

JOB_PATH = "/services/rest/async/v1/job/"
NAMESPACE = uuid.UUID("7a1f6c1e-5d0b-4c39-9a6e-3f1d2b8e4c70")
JOB_WAIT_S = 60.0  # with the submission still within the lease of a posting; later a look by external id finds it
POLL_AFTER_S = 0.5
POLL_AFTER_S_MAX = 15.0
EARLIER_TRIES_MAX = 20  # of one external id, each refused
DONE, FAILED = "succeeded", "failed"


def idempotency_key(seed: str) -> uuid.UUID:
    """The same for the same external id, in whichever process; without one nothing makes two requests one."""
    return uuid.uuid5(NAMESPACE, seed.lower()) if seed else uuid.uuid4()


def run_as_job(transport: Transport, request: Request, *, key: uuid.UUID) -> HttpAnswer:
    """Submit, wait for the job, and give the answer it kept. Raises what a direct call would raise.

    A key that was used already leads to the job of that time. One that was refused stays refused under its key, so a
    later try goes on under a key made from it: the caller knows that nothing was made.
    """
    for _ in range(EARLIER_TRIES_MAX):
        answer = _submit(transport, request, key)
        is_earlier = answer.status == 400 and _is_conflict(answer)
        if not is_earlier and answer.status != 202:
            return _direct_answer(answer, request)
        job = _job_path(answer, request)
        result = _await_result(transport, request, job)
        if result.is_success:
            return result
        if not is_earlier:
            raise classify_failure(result, operation=request.operation, writes=True)
        key = uuid.uuid5(key, job)
    detail = f"refused {EARLIER_TRIES_MAX} times before under this external id"
    raise _uncertain(request, detail)


def is_running(transport: Transport, job: str) -> bool:
    """Whether this job may still do its work. One that NetSuite does not know any more ended long ago."""
    request = Request(operation="get job", method="GET", path=job)
    answer = transport.send(request)
    if is_missing(answer):
        return False
    body = read_json(answer, request)
    return not (isinstance(body, Mapping) and body.get("completed") is True)


def _submit(transport: Transport, request: Request, key: uuid.UUID) -> HttpAnswer:
    headers = {**request.headers, "Prefer": "respond-async", "X-NetSuite-Idempotency-Key": str(key)}
    return transport.send(replace(request, headers=headers))


def _is_conflict(answer: HttpAnswer) -> bool:
    return any(row.code == "IDEMPOTENCY_ERROR" for row in read_details(answer))


def _direct_answer(answer: HttpAnswer, request: Request) -> HttpAnswer:
    """An account may carry the request out at once all the same."""
    if not answer.is_success:
        raise classify_failure(answer, operation=request.operation, writes=True)
    return answer


def _job_path(answer: HttpAnswer, request: Request) -> str:
    path = urlsplit(answer.headers.get("Location", "")).path.rstrip("/")
    if path.startswith(JOB_PATH) and path.removeprefix(JOB_PATH):
        return path
    failure = answer.failure(system="netsuite", operation=request.operation, detail="accepted, but no job in Location")
    raise UncertainError(**failure)


def _await_result(transport: Transport, request: Request, job: str) -> HttpAnswer:
    """What the job came to. Trouble on the way to it says nothing about the job."""
    give_up_at, wait_s = time.monotonic() + JOB_WAIT_S, POLL_AFTER_S
    trouble = "it is not done yet"
    while time.monotonic() < give_up_at:
        try:
            if _read(transport, request, job).get("completed") is True:
                return _read_result(transport, request, job)
        except UncertainError as error:
            error.job = job
            raise
        except IntegrationError as error:
            trouble = error.detail
        time.sleep(min(wait_s, max(give_up_at - time.monotonic(), 0)))
        wait_s = min(wait_s * 2, POLL_AFTER_S_MAX)
    raise _uncertain(request, f"{job} after {JOB_WAIT_S:.0f} s: {trouble}", job=job)


def _read_result(transport: Transport, request: Request, job: str) -> HttpAnswer:
    tasks = _read(transport, request, f"{job}/task").get("items")
    if not isinstance(tasks, list) or len(tasks) != 1 or not isinstance(tasks[0], Mapping):
        raise _uncertain(request, f"{job} has not one task but {tasks!r:.100}")
    task_path = f"{job}/task/{_task_id(tasks[0])}"
    progress = str(_read(transport, request, task_path).get("progress", "")).lower()
    kept = Request(operation=f"{request.operation}, its result", method="GET", path=f"{task_path}/result")
    answer = transport.send(kept)
    # A refusal counts as the job's own only if the job says that it failed: reading it may be refused as well.
    if answer.is_success or (progress == FAILED and 400 <= answer.status < 500):
        return answer
    raise _uncertain(request, f"{task_path} is {progress or 'in no known state'}, its result answers {answer.status}")


def _task_id(task: Mapping[str, Any]) -> str:
    if task.get("id"):
        return str(task["id"])
    links = task.get("links")
    first = links[0] if isinstance(links, list) and links and isinstance(links[0], Mapping) else {}
    return urlsplit(str(first.get("href", ""))).path.rstrip("/").rpartition("/")[2]


def _read(transport: Transport, request: Request, path: str) -> Mapping[str, Any]:
    reading = Request(operation=f"{request.operation}, its job", method="GET", path=path)
    body = read_json(transport.send(reading), reading)
    if isinstance(body, Mapping):
        return body
    raise _uncertain(request, f"{path} does not tell how the job stands")


def _uncertain(request: Request, detail: str, *, job: str = "") -> UncertainError:
    return UncertainError(system="netsuite", operation=request.operation, detail=detail, job=job)
