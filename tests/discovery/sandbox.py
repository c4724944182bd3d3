"""The sandbox as a test of checks uses it."""

from typing import Any

import requests

from integrations import connections

TIMEOUT_S = 10


class Sandbox:
    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def ask(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.session.post(f"{self.url}/_sandbox/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.ok, answer.text
        return answer.json()

    def turn(self, **switches: Any) -> None:
        """Switches of NetSuite, or of Loop as loop={…}."""
        loop = switches.pop("loop", {})
        self.ask("settings", {"netsuite": switches, "loop": loop})

    def make_return(self, scenario: str = "refund_fee", **params: Any) -> dict[str, Any]:
        body = {"shop": "northwind", "scenario": scenario, "params": params}
        made: dict[str, Any] = self.ask("loop/returns", body)
        return made

    def close(self) -> None:
        self.session.close()
        for _, client in connections._clients.values():
            client.close()
