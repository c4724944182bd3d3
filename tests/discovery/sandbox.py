"""The sandbox as a test of checks uses it."""

from typing import Any

import requests

from integrations import connections

TIMEOUT_S = 60


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

    def transactions(self, account_id: str) -> list[dict[str, Any]]:
        dump = self.session.get(f"{self.url}/_sandbox/dump", timeout=TIMEOUT_S).json()
        found: list[dict[str, Any]] = dump["netsuite"][account_id]["transactions"]
        return found

    def act(self, account_id: str, action: str, **fields: Any) -> Any:
        """As a person in NetSuite."""
        return self.ask("netsuite/act", {"account": account_id, "action": action} | fields)

    def authorize_by_connector(self, account_id: str, *, mark: str) -> None:
        """A Return Authorization for each invoice, under the external ids of somebody else's program."""
        invoices = [one for one in self.transactions(account_id) if one["type"] in ("invoice", "CustInvc")]
        for number, invoice in enumerate(invoices):
            self.act(account_id, "authorize", record=invoice["id"], body={"externalId": f"{mark}{number}"})

    def close(self) -> None:
        self.session.close()
        for _, client in connections._clients.values():
            client.close()
