"""Clients of the two simulators as a stranger would write them from the public documentation alone."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
import requests

Json = dict[str, Any]
GRANT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class NetSuiteStranger:
    """Signs an assertion, keeps the token, speaks records and SuiteQL."""

    url: str
    account: Json
    session: requests.Session
    token: str = ""

    @property
    def token_url(self) -> str:
        return f"{self.url}/services/rest/auth/oauth2/v1/token"

    def assertion(self, *, key: str | None = None, algorithm: str = "ES256", kid: str = "", **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "iss": self.account["client_id"],
            "scope": ["rest_webservices"],
            "aud": self.token_url,
            "iat": now,
            "exp": now + 600,
            "jti": str(uuid.uuid4()),
        }
        headers = {"kid": kid or self.account["certificate_id"]}
        return jwt.encode(
            payload | claims, key or self.account["private_key_pem"], algorithm=algorithm, headers=headers
        )

    def ask_token(self, assertion: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": GRANT,
            "client_assertion": assertion,
        }
        return self.session.post(self.token_url, data=form, timeout=60)

    def log_in(self) -> None:
        answer = self.ask_token(self.assertion())
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    def call(self, method: str, path: str, *, body: Json | None = None, **headers: str) -> requests.Response:
        sent = {"Authorization": f"Bearer {self.token}", "X-NetSuite-PropertyNameValidation": "Error"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, f"{self.url}/services/rest/{path}", json=body, headers=sent, timeout=60)

    def create(self, path: str, body: Json) -> str:
        answer = self.call("POST", f"record/v1/{path}", body=body)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rsplit("/", 1)[-1]

    def refusal(self, path: str, body: Json, *, method: str = "POST") -> str:
        """The words of a refusal that must come."""
        answer = self.call(method, f"record/v1/{path}", body=body)
        assert answer.status_code == 400, (answer.status_code, answer.text)
        return str(answer.json()["o:errorDetails"][0]["detail"])

    def read(self, record_type: str, identity: str) -> Json:
        answer = self.call("GET", f"record/v1/{record_type}/{identity}?expandSubResources=true")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def query(self, sql: str, *parameters: Any, page: str = "") -> list[Json]:
        answer = self.ask(sql, *parameters, page=page)
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return [{key: value for key, value in item.items() if key != "links"} for item in items]

    def ask(self, sql: str, *parameters: Any, page: str = "") -> requests.Response:
        body = {"q": sql, "params": list(parameters)}
        return self.call("POST", f"query/v1/suiteql{page}", body=body, Prefer="transient")


@dataclass
class LoopStranger:
    url: str
    shop: Json
    session: requests.Session
    version: str = "v1"

    def call(self, method: str, path: str, *, body: Json | None = None) -> requests.Response:
        return self.session.request(
            method,
            f"{self.url}/api/{self.version}/{path}",
            json=body,
            headers={"X-Authorization": self.shop["api_key"]},
            timeout=60,
        )

    def details(self, return_id: str) -> Json:
        found: Json = self.call("GET", f"warehouse/return/details?return_id={return_id}").json()
        return found

    def act(self, return_id: str, action: str) -> Any:
        return self.call("POST", f"warehouse/return/{return_id}/{action}").json()


@dataclass
class Director:
    """Drives the world over the control API."""

    url: str
    session: requests.Session

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.url}/_sandbox/{path}", timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: Json | None = None) -> Any:
        answer = self.session.post(f"{self.url}/_sandbox/{path}", json=body or {}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def make_return(self, scenario: str, *, shop: str = "northwind", **params: Any) -> Json:
        made: Json = self.post("loop/returns", {"shop": shop, "scenario": scenario, "params": params})
        return made

    def act(self, account: Json, action: str, **rest: Any) -> Json:
        done: Json = self.post("netsuite/act", {"account": account["account_id"], "action": action, **rest})
        return done

    def books(self, account: Json) -> Json:
        found: Json = self.get("dump")["netsuite"][account["account_id"]]
        return found


def wait_for(check: Any, *, seconds: float = 60.0) -> Any:
    """The first truthy answer of check, or the last one when time is up."""
    until = time.monotonic() + seconds
    while not (found := check()) and time.monotonic() < until:
        time.sleep(0.05)
    return found
