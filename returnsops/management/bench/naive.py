"""The naive way, to measure ours against: a task of the queue for every posting, which sends it and writes down its id.

No lanes (the number of workers is the limit), no claim before the call, no look, no attempts kept.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import requests
from django.utils import timezone

from returnsops.posting.models import Posting

ACCESS = "BENCH_ACCESS_FILE"
TASK = "returnsops.management.bench.naive.send_posting"
TIMEOUT_S = 60.0


def send_posting(posting_pk: int) -> None:
    posting = Posting.objects.get(pk=posting_pk)
    access = read_access()
    answer = open_session().post(
        access["root"] + path_of(posting.request),
        json=body_of(posting.request, posting.external_id),
        headers=access["headers"],
        timeout=TIMEOUT_S,
    )
    answer.raise_for_status()
    posting.their_id = answer.headers["Location"].rpartition("/")[2]
    posting.status = Posting.Status.POSTED
    posting.posted_at = timezone.now()
    posting.save()


@cache
def open_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@cache
def read_access() -> dict[str, Any]:
    """Where NetSuite is and what lets a call in; written by the bench, so that nobody here logs in."""
    access: dict[str, Any] = json.loads(Path(os.environ[ACCESS]).read_text())
    return access


def path_of(request: dict[str, Any]) -> str:
    source = f"{request['source_type']}/{request['source_id']}"
    return f"/services/rest/record/v1/{source}/!transform/{request['target_type']}?replace=item"


def body_of(request: dict[str, Any], external_id: str) -> dict[str, Any]:
    return {"externalId": external_id, **request["body"]}
