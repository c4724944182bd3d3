"""Sold goods in the sandbox and postings of ours about them: each a real transform that NetSuite accepts."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from django.db import transaction

from integrations.models import Shop
from returnsops.lib.errors import ProcessError
from returnsops.management.bench.mirror import make_records, write_in_bulk
from returnsops.management.bench.spans import Call, read_call
from returnsops.posting.models import Posting
from returnsops.posting.outbox import enqueue
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan import PostingDue
from returnsops.returns.policies import active_policy

FIRST_RETURN = 50_000_000  # above those of webhooks and mirror, and above the sandbox's own
TIMEOUT_S = 60.0
POLL_S = 0.2
CROWD_LIMIT_S = 900.0
PAGE = 1000
LOG_PAGE = 10_000
QUANTITY = 50  # of each sold line: the alternatives to ours return one unit of the same sale again and again


class SandboxDesk:
    """The sandbox's control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._log_read_to = 0

    def get(self, path: str, **query: str | int) -> Any:
        answer = self._session.get(f"{self.url}/_sandbox/{path}", params=query, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._session.post(f"{self.url}/_sandbox/{path}", json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

    def pages(self, path: str, *, after: int, limit: int) -> Iterator[dict[str, Any]]:
        following: int | None = after
        while following is not None:
            page = self.get(path, after=following, limit=limit)
            yield from page["items"]
            following = page["next"]

    def new_calls(self) -> list[Call]:
        """What was logged since this was asked last."""
        rows = list(self.pages("calls", after=self._log_read_to, limit=LOG_PAGE))
        if rows:
            self._log_read_to = rows[-1]["number"]
        return [read_call(row) for row in rows]


@dataclass(frozen=True)
class SoldLine:
    """One line of an invoice, of which units may come back."""

    invoice_id: str
    line: int
    item_id: str


def make_sales(desk: SandboxDesk, *, shop: Shop, count: int) -> list[SoldLine]:
    """So many paid and shipped orders in the sandbox's books, a line each."""
    params = {"units": 1, "quantity": QUANTITY, "returned": 1, "walk": False}
    crowd = {"shop": shop.code, "count": count, "mix": {"refund": 1}, "params": params, "seed": "bench"}
    desk.post("loop/crowds", crowd)
    give_up_at = time.monotonic() + CROWD_LIMIT_S
    while not (made := desk.get("loop/crowds")["crowds"][-1])["is_finished"]:
        if time.monotonic() > give_up_at:
            raise ProcessError(f"The sandbox made {made['made']} of {count} sales in {CROWD_LIMIT_S:.0f} s.")
        time.sleep(POLL_S)
    if made["last_error"]:
        raise ProcessError(f"The sandbox could not make its sales: {made['last_error']}")
    rows = desk.pages(f"dump/netsuite/{shop.account.account_id}/transactions", after=0, limit=PAGE)
    return [
        SoldLine(row["id"], row["lines"][0]["line"], row["lines"][0]["item"])
        for row in rows
        if row["record_type"] == "invoice"
    ]


class Outbox:
    """Fills our outbox with Return Authorizations that may be sent at once, a return of its own for each."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._holding = active_policy(shop).locations.holding
        self._made = 0

    def fill(self, sold: list[SoldLine]) -> list[Posting]:
        records = make_records(FIRST_RETURN + self._made, len(sold), changed_after=0)
        self._made += len(sold)
        write_in_bulk(self.shop, records)
        rows = {row.loop_id: row for row in self._returns([one.id for one in records])}
        postings = [self._enqueue(rows[one.id], line) for one, line in zip(records, sold, strict=True)]
        # Nothing is planned in a bench: a return that is due for its plan would hold its posting back.
        LoopReturn.objects.filter(shop=self.shop).update(look_again_at=None)
        return postings

    def empty(self) -> None:
        """What a turn left over is nobody's any more."""
        Posting.objects.filter(shop=self.shop).exclude(status=Posting.Status.POSTED).delete()

    def _returns(self, loop_ids: list[str]) -> list[LoopReturn]:
        rows = LoopReturn.objects.filter(shop=self.shop, loop_id__in=loop_ids)
        return list(rows.select_related("shop__account"))

    def _enqueue(self, row: LoopReturn, line: SoldLine) -> Posting:
        with transaction.atomic():
            (posting,) = enqueue(row, [self._due(row, line)])
        return posting

    def _due(self, row: LoopReturn, line: SoldLine) -> PostingDue:
        """As the plan of a return of one unit asks for it."""
        holding = {"id": self._holding}
        item = {"orderLine": line.line, "item": {"id": line.item_id}, "quantity": 1, "location": holding}
        body = {"orderStatus": {"id": "B"}, "memo": row.loop_id, "otherRefNum": row.loop_id, "toBeEmailed": False}
        return PostingDue(
            kind="rma",
            system="netsuite",
            request={
                "operation": "transform",
                "source_type": "invoice",
                "source_id": line.invoice_id,
                "target_type": "returnAuthorization",
                "replace": ["item"],
                "body": body | {"location": holding, "item": {"items": [item]}},
            },
            covers=frozenset({f"unit:{row.loop_id}"}),
            serial_key=f"{row.shop.account.account_id}:{line.invoice_id}:{row.loop_id}",
        )
