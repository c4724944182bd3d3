"""A whole ReturnsOps for the browser: every program of it, on free ports, with the sandbox waiting for commands."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from returnsops.management.rehearsal.books import Family, group_by_order
from returnsops.management.stack import Stack

CALL_LIMIT_S = 60
WAIT_LIMIT_S = 60.0  # reached only by a fault, or on a machine that does much else
POLL_S = 0.2
PASSWORD = "returns-demo"
ACCOUNTS = {"northwind": "7400001_SB1", "harbour": "7400002_SB1"}


@dataclass(frozen=True)
class House:
    stack: Stack

    @property
    def url(self) -> str:
        return self.stack.url

    def make_return(self, scenario: str, *, shop: str = "northwind", **params: Any) -> dict[str, Any]:
        """A return in Loop with its order in NetSuite, as docs/sandbox.md describes."""
        body = {"shop": shop, "scenario": scenario, "params": {"parcel": "delivered"} | params}
        made: dict[str, Any] = self._post("loop/returns", body)
        return made

    def act_in_netsuite(self, shop: str, action: str, **fields: Any) -> None:
        self._post("netsuite/act", {"account": ACCOUNTS[shop], "action": action} | fields)

    def books_of(self, made: dict[str, Any]) -> Family:
        """What NetSuite really holds for the order of this return."""
        account = ACCOUNTS[made["shop"]]
        transactions = self.dump()["netsuite"][account]["transactions"]
        return group_by_order(transactions, account_id=account)[made["provider_order_id"]]

    def locations_of(self, shop: str) -> dict[str, str]:
        """holding, sellable, damaged → id."""
        world = requests.get(f"{self.stack.sandbox_url}/_sandbox/world", timeout=CALL_LIMIT_S).json()
        account = next(one for one in world["netsuite_accounts"] if one["account_id"] == ACCOUNTS[shop])
        return dict(account["locations"])

    def dump(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.stack.sandbox_url}/_sandbox/dump", timeout=CALL_LIMIT_S).json()
        return found

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.stack.sandbox_url}/_sandbox/{path}", json=body, timeout=CALL_LIMIT_S)
        assert answer.ok, answer.text
        return answer.json()


def wait_until(is_so: Callable[[], Any], *, what: str) -> Any:
    """What is_so gives once it is true. The other programs take their time; nobody tells us when they are done."""
    give_up_at = time.monotonic() + WAIT_LIMIT_S
    while not (found := is_so()):
        assert time.monotonic() < give_up_at, f"{what}: not within {WAIT_LIMIT_S:.0f} s"
        time.sleep(POLL_S)
    return found
