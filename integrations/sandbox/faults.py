"""Faults on demand: for the next calls or at a rate, chosen by who calls what; a seed gives the same schedule."""

import hashlib
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.inputs import BadInputError, Fields
from integrations.sandbox.operations import Operation

Json = dict[str, Any]
RULES_MAX = 200
STRIKES_MAX = 1000
SECONDS_MAX = 3600.0
PASSED_BY_MAX = 50
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Call:
    """One call as rules see it. `subject`: the NetSuite account or the Loop shop, as far as the call tells."""

    system: str
    subject: str | None
    method: str
    address: str  # path and query
    operation: Operation


@dataclass
class Fault:
    """One rule and what became of it so far: `seen` calls fitted it, it struck `hits` of them."""

    id: int
    system: str
    kind: str
    account: str | None = None
    shop: str | None = None
    method: str | None = None
    path: str = ""
    operation: str | None = None
    skip: int = 0
    count: int | None = None
    rate: float | None = None
    seed: str = ""
    status: int | None = None
    code: str | None = None
    detail: str | None = None
    seconds: float = 3.0
    seen: int = 0
    hits: int = 0

    def fits(self, call: Call) -> bool:
        if self.system != call.system or (self.method and self.method != call.method):
            return False
        wanted = self.account if self.system == "netsuite" else self.shop
        if wanted is not None and wanted != call.subject:
            return False
        if self.operation is not None and not call.operation.fits(self.operation):
            return False
        return re.search(self.path, call.address) is not None

    def strikes_now(self) -> bool:
        """Counts the call. Whether the n-th call it counts is struck follows from seed, rule and n alone."""
        number = self.seen
        self.seen += 1
        if number < self.skip or self.count == 0:
            return False
        if self.rate is not None and _chance(self.seed, rule=self.id, number=number) >= self.rate:
            return False
        self.hits += 1
        if self.count is not None:
            self.count -= 1
        return True


def _chance(seed: str, *, rule: int, number: int) -> float:
    digest = hashlib.blake2b(f"{seed}/{rule}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


class Faults:
    """The rules in their order: of several that fit, the first that strikes counts."""

    def __init__(
        self,
        *,
        seed: str,
        accounts: tuple[str, ...],
        shops: tuple[str, ...],
        now: Callable[[], datetime],
        keep: Callable[[list[Json]], None],
    ) -> None:
        self._seed = seed
        self._accounts = accounts
        self._shops = shops
        self._now = now
        self._keep = keep
        self._rules: list[Fault] = []
        self._strikes: deque[Json] = deque(maxlen=STRIKES_MAX)
        self._lock = threading.Lock()
        self._passed_by = 0  # calls since the rules were kept

    def know_shops(self, codes: Iterable[str]) -> None:
        self._shops = tuple(codes)

    def restore(self, rules: list[Json]) -> None:
        known = {one.name for one in fields(Fault)}
        with self._lock:
            self._strikes.clear()
            self._rules = [
                Fault(**{key: value for key, value in rule.items() if key in known})
                for rule in rules
                if rule["kind"] in KINDS
            ]

    def add(self, description: Json) -> Json:
        with self._lock:
            if len(self._rules) >= RULES_MAX:
                raise BadInputError(f"{RULES_MAX} rules are the most; DELETE /_sandbox/faults takes them away")
            rule_id = max((rule.id for rule in self._rules), default=0) + 1
            fault = self._read(description, rule_id=rule_id)
            self._rules.append(fault)
            self._keep(self._as_json())
        return asdict(fault)

    def _read(self, description: Json, *, rule_id: int) -> Fault:
        given = Fields(description)
        fault = Fault(
            id=rule_id,
            system=given.word("system", of=("netsuite", "loop")),
            kind=given.word("kind", of=KINDS),
            account=given.text("account", of=self._accounts),
            shop=given.text("shop", of=self._shops),
            method=given.text("method", of=METHODS),
            path=given.word("path", ""),
            operation=given.text("operation"),
            skip=given.count("skip", 0),
            count=given.whole("count", low=1),
            rate=given.number("rate", high=1),
            seed=given.word("seed", self._seed),
            status=given.whole("status", low=100, high=599),
            code=given.text("code"),
            detail=given.text("detail"),
            seconds=given.number("seconds", high=SECONDS_MAX) or 0.0 if "seconds" in description else 3.0,
        )
        given.done()
        _check(fault)
        if fault.count is None and fault.rate is None:
            fault.count = 1
        return fault

    def as_json(self) -> list[Json]:
        with self._lock:
            return self._as_json()

    def _as_json(self) -> list[Json]:
        return [asdict(rule) for rule in self._rules]

    def strikes(self, *, limit: int) -> list[Json]:
        with self._lock:
            return list(self._strikes)[-limit:]

    def remove(self, rule_id: int | None = None) -> None:
        """One, or all of them."""
        with self._lock:
            kept = [] if rule_id is None else [rule for rule in self._rules if rule.id != rule_id]
            if rule_id is not None and len(kept) == len(self._rules):
                raise BadInputError(f"no fault {rule_id}; there are {[rule.id for rule in self._rules]}")
            self._rules = kept
            self._keep(self._as_json())

    def take(self, call: Call) -> Fault | None:
        """The fault that strikes this call. What it used up is kept before the call is answered; which calls a rate
        only passed by, now and then, since keeping costs more than most calls."""
        with self._lock:
            fitting = [rule for rule in self._rules if rule.count != 0 and rule.fits(call)]
            struck = next((rule for rule in fitting if rule.strikes_now()), None)
            self._passed_by += bool(fitting)
            if struck or self._passed_by >= PASSED_BY_MAX or any(rule.rate is None for rule in fitting):
                self._passed_by = 0
                self._keep(self._as_json())
            if struck is not None:
                self._strikes.append(self._strike(struck, call=call))
            return struck

    def _strike(self, rule: Fault, *, call: Call) -> Json:
        return {
            "at": self._now().isoformat(),
            "fault": rule.id,
            "kind": rule.kind,
            "hit": rule.hits,
            "subject": call.subject,
            "method": call.method,
            "address": call.address,
        }


def _check(fault: Fault) -> None:
    systems = KINDS[fault.kind].systems
    if fault.system not in systems:
        raise BadInputError(f"{fault.kind} is a fault of {' and '.join(systems)}, not of {fault.system}")
    if fault.system == "netsuite" and fault.shop or fault.system == "loop" and fault.account:
        raise BadInputError("account goes with netsuite, shop with loop")
    try:
        re.compile(fault.path)
    except re.error as error:
        raise BadInputError(f"path is a regular expression over path and query: {error}") from error


def describe_kinds() -> list[Json]:
    return [
        {"kind": name, "meaning": kind.meaning, "is_done": kind.is_done, "systems": kind.systems}
        for name, kind in KINDS.items()
    ]
