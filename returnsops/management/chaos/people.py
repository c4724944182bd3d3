"""The people of a run, who go on although the database falls: what failed they do again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, connections

from integrations.connections import resume_connection
from integrations.models import NetSuiteAccount, Shop
from returnsops.management.rehearsal.players import Office, Part, Warehouse
from returnsops.people.models import User

logger = logging.getLogger(__name__)

PARCELS_A_ROUND = 15
CASES_A_ROUND = 6


@dataclass
class People:
    """parts: what each return plays, by its Loop id. resumed: how often a stopped connection had to be resumed."""

    parts: dict[str, Part] = field(default_factory=dict)
    resumed: int = 0
    interruptions: int = 0

    def __post_init__(self) -> None:
        users = {user.username: user for user in User.objects.all()}
        self.warehouse = Warehouse(users["ada"])
        self.office = Office(maker=users["finn"], approver=users["fay"], data=users["dana"])

    def work(self) -> int:
        """One round. Gives how much was done."""
        return sum(self._patiently(act) for act in (self._inspect, self._settle, self._resume))

    def _inspect(self) -> int:
        return self.warehouse.inspect_delivered(self.parts, limit=PARCELS_A_ROUND)

    def _settle(self) -> int:
        unhelped = {one for one, part in self.parts.items() if part.expects_case}
        return self.office.settle_some(unhelped, limit=CASES_A_ROUND)

    def _resume(self) -> int:
        stopped = [one for kind in (Shop, NetSuiteAccount) for one in kind._base_manager.exclude(paused_at=None)]
        for one in stopped:
            logger.warning("%s was stopped: %s", one, one.paused_reason)
            resume_connection(one)
        self.resumed += len(stopped)
        return len(stopped)

    def _patiently(self, act: Callable[[], int]) -> int:
        """The database may be away just now."""
        try:
            return act()
        except (DatabaseError, InterfaceError) as error:
            logger.info("interrupted: %s", error)
            self.interruptions += 1
            connections.close_all()
            return 0
