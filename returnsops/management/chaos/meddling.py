"""People and another connector at work in NetSuite on the same returns, at the same time.

They see what they would see there: a document of ours appears, and a while later they do something to it. What they
may do is bounded by NetSuite alone; what it refuses them is counted and forgotten.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from returnsops.management.chaos.sandbox_control import SandboxControl, SandboxRefusedError

Json = dict[str, Any]
EXTERNAL_ID = re.compile(r"loop-[a-z0-9-]+?-(?P<return_id>\d+)-(?P<kind>[a-z-]+)-\d+")
ARRIVAL = "arrival"
LATER_S = (0.0, 3.0)
PAGE = 1000
RAISED = 99.99  # what somebody thinks a unit is worth


@dataclass(frozen=True)
class Meddle:
    """after: the kind of our document whose appearance they wait for, or the return's arrival."""

    after: str
    action: str
    request: Json = field(default_factory=dict)


MEDDLES: dict[str, Meddle] = {
    "receives by hand": Meddle("rma", "receive"),
    "credits by hand": Meddle("receipt", "credit"),
    "refunds cash by hand": Meddle("receipt", "cash_refund"),
    "deletes the authorization": Meddle("rma", "delete"),
    "deletes the receipt": Meddle("receipt", "delete"),
    "deletes the credit": Meddle("credit", "delete"),
    "voids the credit": Meddle("credit", "void"),
    "deletes the refund": Meddle("customer-refund", "delete"),
    "closes the authorization": Meddle("rma", "close_rma"),
    "edits the memo": Meddle("credit", "edit", {"body": {"memo": "Customer rang, all well"}}),
    "moves the credit to another day": Meddle("credit", "set_date"),
    "raises the credit": Meddle("credit", "edit"),
    "moves the receipt to the shelf": Meddle("receipt", "edit"),
    "another connector authorizes": Meddle(ARRIVAL, "authorize", {"as": "other_connector"}),
    "another connector receives": Meddle("rma", "receive", {"as": "other_connector"}),
}


@dataclass(frozen=True)
class Act:
    """Something that was done; at in business time, which is real time here."""

    return_id: str
    name: str
    at: float


@dataclass
class Meddlers:
    """accounts: by shop. shelves: the sellable location of each account. wanted: by return id, what is to be done to
    it, until somebody did or could not."""

    control: SandboxControl
    accounts: dict[str, str]
    shelves: dict[str, str]
    draw: Random
    wanted: dict[str, str] = field(default_factory=dict)
    done: list[Act] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    _due: list[tuple[float, str, str, str]] = field(default_factory=list)  # when, return id, account, record
    _seen: dict[str, int] = field(default_factory=dict)

    def expect(self, return_id: str, name: str, *, account: str, bill: str) -> None:
        self.wanted[return_id] = name
        if MEDDLES[name].after == ARRIVAL:
            self._plan(return_id, account, bill)

    def act(self) -> int:
        """Look at what is new, and do what is due. Gives how much was done."""
        if not self.wanted:
            return 0
        for account in self.accounts.values():
            self._look(account)
        due = [one for one in self._due if one[0] <= time.time()]
        for one in due:
            self._due.remove(one)
            self._do(*one[1:])
        return len(due)

    def _look(self, account: str) -> None:
        path = f"log?account={account}&who=api&limit={PAGE}&after={self._seen.get(account, 0)}"
        rows = self.control.get(path)["items"]
        for row in rows:
            self._seen[account] = row["seq"]
            found = EXTERNAL_ID.fullmatch(str(row["externalid"] or ""))
            if found and row["action"] == "create":
                self._notice(account, found["return_id"], found["kind"], str(row["record_id"]))

    def _notice(self, account: str, return_id: str, kind: str, record: str) -> None:
        name = self.wanted.get(return_id)
        if name and MEDDLES[name].after == kind:
            self._plan(return_id, account, record)

    def _plan(self, return_id: str, account: str, record: str) -> None:
        self._due.append((time.time() + self.draw.uniform(*LATER_S), return_id, account, record))

    def _do(self, return_id: str, account: str, record: str) -> None:
        name = self.wanted.pop(return_id, None)
        if name is None:
            return
        meddle = MEDDLES[name]
        try:
            self.control.post("netsuite/act", self._request(meddle, account, record))
        except SandboxRefusedError:
            self.refused[name] += 1
        else:
            self.done.append(Act(return_id, name, time.time()))

    def _request(self, meddle: Meddle, account: str, record: str) -> Json:
        request = {"account": account, "action": meddle.action, "record": record, **meddle.request}
        if meddle.action in ("credit", "cash_refund"):
            # A receipt is made from the authorization that a credit is made from, too.
            request["record"] = self._read(account, record)["createdfrom"]
        elif meddle.action == "set_date":
            request["date"] = self.control.get("clock")["now"][:8] + "01"
        elif meddle.action == "edit" and "body" not in request:
            line = self._read(account, record)["lines"][0]
            change = {"amount": RAISED} if meddle.after == "credit" else {"location": {"id": self.shelves[account]}}
            request["body"] = {"item": {"items": [{"line": line["line"], **change}]}}
        return request

    def _read(self, account: str, record: str) -> Json:
        found: Json = self.control.get(f"dump/netsuite/{account}/transactions?limit=1&after={int(record) - 1}")[
            "items"
        ][0]
        return found
