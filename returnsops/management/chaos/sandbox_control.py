"""The sandbox's control API as a rehearsal uses it."""

import json
from collections import defaultdict
from typing import Any

import requests

Json = dict[str, Any]
TIMEOUT_S = 60.0


class SandboxRefusedError(Exception):
    """The sandbox said no: what somebody wanted to do is not possible there. Its words are the message."""


class SandboxControl:
    def __init__(self, url: str) -> None:
        self._root = f"{url}/_sandbox/"
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str) -> Any:
        return self._ask("GET", path)

    def post(self, path: str, body: Json) -> Any:
        return self._ask("POST", path, body)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = self._session.request(method, self._root + path, json=body, timeout=TIMEOUT_S)
        if 400 <= answer.status_code < 500:
            raise SandboxRefusedError(answer.json()["error"])
        answer.raise_for_status()
        return answer.json()

    def read_dump(self) -> Json:
        """Everything, line by line: in one piece it would be too large for long runs."""
        dump: Json = {
            "netsuite": defaultdict(lambda: defaultdict(list)),
            "loop": defaultdict(lambda: defaultdict(list)),
        }
        with self._session.get(f"{self._root}dump?format=lines", stream=True, timeout=TIMEOUT_S) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                row = json.loads(line)
                dump[row["system"]][row["owner"]][row["part"]].append(row["row"])
        for account_id, count in self.get("health")["card_operations"].items():
            dump["netsuite"][account_id]["card_operations"] = count
        return dump
