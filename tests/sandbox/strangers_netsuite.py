"""More programs as strangers write them: signed tokens, jobs, batches, collections."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from requests_oauthlib import OAuth1

from tests.sandbox.strangers import Json, NetSuiteStranger

BATCH = "application/vnd.oracle.resource+json; type=collection"


@dataclass
class TokenStranger:
    """Signs every call with OAuth 1.0a, as clients do that were written before OAuth 2.0 came."""

    url: str
    tba: Json
    session: requests.Session

    def auth(self, **changes: Any) -> OAuth1:
        known: Json = {
            "client_key": self.tba["consumer_key"],
            "client_secret": self.tba["consumer_secret"],
            "resource_owner_key": self.tba["token_id"],
            "resource_owner_secret": self.tba["token_secret"],
            "realm": self.tba["realm"],
            "signature_method": "HMAC-SHA256",
        }
        return OAuth1(**(known | changes))

    def call(self, method: str, path: str, *, auth: OAuth1 | None = None, **more: Any) -> requests.Response:
        url = f"{self.url}/services/rest/{path}"
        return self.session.request(method, url, auth=auth or self.auth(), timeout=60, **more)

    def reason(self, **changes: Any) -> str:
        """The word in the challenge of a call that must be refused."""
        answer = self.call("GET", "system/v1/serverTime", auth=self.auth(**changes))
        assert answer.status_code == 401, answer.text
        return challenge_of(answer)


def challenge_of(answer: requests.Response) -> str:
    return answer.headers["WWW-Authenticate"].split('error="')[1].split('"')[0]


@dataclass
class PatientStranger:
    """Sends asynchronously, polls the job, reads the results."""

    netsuite: NetSuiteStranger

    def submit(self, method: str, path: str, *, body: Any = None, key: str = "", **headers: str) -> requests.Response:
        sent = {"Prefer": "respond-async"} | headers
        if key:
            sent["X-NetSuite-Idempotency-Key"] = key
        return self.netsuite.call(method, f"record/v1/{path}", body=body, **sent)

    def job_of(self, answer: requests.Response) -> str:
        assert answer.status_code == 202, answer.text
        assert answer.headers["Preference-Applied"] == "respond-async"
        return answer.headers["Location"].rsplit("/", 1)[-1]

    def wait(self, job: str, *, seconds: float = 60.0) -> Json:
        until = time.monotonic() + seconds
        while True:
            found: Json = self.netsuite.call("GET", f"async/v1/job/{job}").json()
            if found["completed"] or time.monotonic() > until:
                return found
            time.sleep(0.03)

    def results(self, job: str) -> list[requests.Response]:
        tasks = self.netsuite.call("GET", f"async/v1/job/{job}/task").json()
        return [self.netsuite.call("GET", f"async/v1/job/{job}/task/{one['id']}/result") for one in tasks["items"]]

    def run(self, method: str, path: str, *, body: Any = None, **headers: str) -> list[requests.Response]:
        job = self.job_of(self.submit(method, path, body=body, **headers))
        assert self.wait(job)["completed"]
        return self.results(job)

    def batch(self, method: str, path: str, *items: Json) -> list[requests.Response]:
        return self.run(method, path, body={"items": list(items)}, Content_Type=BATCH)


def new_key() -> str:
    return str(uuid.uuid4())


def pages_of(netsuite: NetSuiteStranger, path: str) -> Iterator[Json]:
    """Follows the links of a collection to its end."""
    url = f"{netsuite.url}/services/rest/record/v1/{path}"
    for _ in range(50):
        page = netsuite.session.get(url, headers={"Authorization": f"Bearer {netsuite.token}"}, timeout=60).json()
        yield page
        following = [one["href"] for one in page["links"] if one["rel"] == "next"]
        if not following:
            return
        url = following[0]


def found(netsuite: NetSuiteStranger, record_type: str, query: str) -> list[str]:
    """The ids a filter finds."""
    path = f"{netsuite.url}/services/rest/record/v1/{record_type}"
    headers = {"Authorization": f"Bearer {netsuite.token}"}
    answer = netsuite.session.get(path, params={"q": query}, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]
