"""The sandbox's books as the theatre reads them: documents as they are, and what was written since it last looked."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from returnsops.management.rehearsal.books.families import return_named_by
from tests.scenarios.whole.scene import Scene

Json = dict[str, Any]
PAGE = 1000


class Books:
    """Each document is read again when it changed, so nothing is read twice."""

    def __init__(self, ask: Callable[..., Any], account: str) -> None:
        self._ask = ask
        self._account = account
        self._logged = 0
        self._changed_until = ""
        self._former: set[str] = set()  # documents from before the clock went back, whose changes may lie ahead
        self._of_loop: dict[str, int] = {}
        self._added: Counter[str] = Counter()
        self.documents: dict[str, Json] = {}

    def expect_older_changes(self) -> None:
        """The clock was put back: what changes now is older than what changed before."""
        self.refresh()
        self._former = set(self.documents)
        self._changed_until = ""

    def refresh(self) -> None:
        """Read what changed since the last look."""
        since = f"&since={self._changed_until}" if self._changed_until else ""
        for one in self._pages("transactions", more=since):
            self.documents[one["id"]] = one
            if one["id"] not in self._former:
                self._changed_until = max(self._changed_until, one["modified_at"])

    def writes(self) -> list[Json]:
        """What our integration wrote in NetSuite since the last look."""
        self.refresh()
        rows = list(self._pages("log", after=self._logged))
        self._logged = max((row["seq"] for row in rows), default=self._logged)
        written = [row for row in rows if row["who"] == "api"]
        for row in written:
            rows = row["content"].get("item", {}).get("items", []) if row["action"] == "update" else []
            self._added[row["record_id"]] += sum("line" not in one for one in rows)
        return written

    def record(self, record_id: str) -> Json:
        """As it is this moment: what others do to it need not count as its own change."""
        (found,) = self._ask(f"{self._path('transactions')}?after={int(record_id) - 1}&limit=1", method="GET")["items"]
        self.documents[record_id] = found
        return dict(found)

    def family(self, scene: Scene) -> list[Json]:
        """Documents of its customer, as last read (each order has one of its own), and those that name its return."""
        return [
            one
            for one in self.documents.values()
            if one["entity"] == scene.customer or return_named_by(one) == scene.loop_id
        ]

    def added_lines(self, record: Json) -> set[int]:
        """Lines that came to a document of ours later."""
        count = self._added[record["id"]]
        return {line["line"] for line in record["lines"][-count:]} if count else set()

    def requests(self, shop: str) -> list[Json]:
        """What our integration did in Loop since the last look."""
        after = self._of_loop.get(shop, 0)
        rows = self._ask(f"dump/loop/{shop}/log?after={after}&limit={PAGE}", method="GET")["items"]
        self._of_loop[shop] = max((row["seq"] for row in rows), default=after)
        return [row for row in rows if row["who"] == "api"]

    def loop_return(self, shop: str, loop_id: str) -> Json:
        path = f"dump/loop/{shop}/returns?after={int(loop_id) - 1}&limit=1"
        (found,) = self._ask(path, method="GET")["items"]
        return dict(found)

    def _path(self, name: str) -> str:
        return f"dump/netsuite/{self._account}/{name}"

    def _pages(self, name: str, *, after: int = 0, more: str = "") -> Iterator[Json]:
        following: int | None = after
        while following is not None:
            page = self._ask(f"{self._path(name)}?after={following}&limit={PAGE}{more}", method="GET")
            yield from page["items"]
            following = page["next"]
