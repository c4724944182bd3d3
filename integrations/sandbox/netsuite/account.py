"""One NetSuite account: its books, its profile and what its rules need at hand."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from integrations.sandbox.clock import Clock
from integrations.sandbox.netsuite.errors import invalid_value
from integrations.sandbox.netsuite.items import TAXED_TYPES
from integrations.sandbox.netsuite.kinds import RETURN_AUTHORIZATION, RETURN_STATUSES_WITHOUT_RECEIPTS, Kind
from integrations.sandbox.settings import Reading
from integrations.sandbox.store import Store


@dataclass(frozen=True)
class AccountProfile:
    account_id: str
    name: str
    time_zone: str
    currency: str
    client_id: str
    certificate_id: str
    private_key_pem: str
    consumer_secret: str
    token_id: str
    token_secret: str
    subsidiary_id: int = 2
    currency_id: int = 1


@dataclass
class Account:
    profile: AccountProfile
    store: Store
    clock: Clock
    settings: Reading
    in_flight: int = 0
    login_failures: int = 0
    locked_until: float = 0.0  # real time
    login_trail: list[dict[str, str]] = field(default_factory=list)
    tables: frozenset[str] = frozenset()  # of SuiteQL, as its views were made last
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now_text(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def now(self) -> datetime:
        return self.clock.now()

    def today(self) -> date:
        """A date without a zone means the account's own day."""
        return self.clock.now().astimezone(ZoneInfo(self.profile.time_zone)).date()

    def status_label(self, kind: Kind, letter: str) -> str:
        """Without Advanced Receiving an authorization knows other states."""
        if kind == RETURN_AUTHORIZATION and not self.settings.flag("netsuite.advanced_receiving"):
            return RETURN_STATUSES_WITHOUT_RECEIPTS.get(letter, letter)
        return kind.status_label(letter)

    def item_type(self, item: int, *, path: str = "") -> str:
        found = self.store.row("SELECT itemtype, isinactive FROM item WHERE id = ?", (item,))
        if found is None or found["isinactive"] == "T":
            raise invalid_value(item, field="item", path=path)
        return str(found["itemtype"])

    def tax_rate(self, *, entity: int | None, item_type: str) -> Decimal:
        """Goods are taxed at the customer's rate, charges never."""
        if item_type not in TAXED_TYPES or entity is None:
            return Decimal(0)
        rate = self.store.value("SELECT taxrate FROM customer WHERE id = ?", (entity,))
        return Decimal(str(rate or 0))

    def check_location(self, location: int | None, *, path: str = "") -> None:
        if location is None:
            return
        found = self.store.row("SELECT isinactive FROM location WHERE id = ?", (location,))
        if found is None or found["isinactive"] == "T":
            raise invalid_value(location, field="location", path=path)

    def check_entity(self, entity: int | None) -> None:
        found = self.store.row("SELECT isinactive FROM customer WHERE id = ?", (entity,))
        if found is None or found["isinactive"] == "T":
            raise invalid_value(entity, field="entity")
