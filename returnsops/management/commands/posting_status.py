"""manage.py posting_status: what waits to be sent, what is on its way, and how long it will take."""

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from integrations.models import NetSuiteAccount, Shop
from returnsops.management.terminal import PersonCommand
from returnsops.posting import drain_words
from returnsops.posting.labels import STATUSES
from returnsops.posting.models import Posting
from returnsops.posting.progress import Drain, State, drains_of

EVERY_S = 2.0


class Command(PersonCommand):
    help = "Say where the outbox of each NetSuite account stands: done, left, on its way, refused, time to empty."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", action="append", default=[], help="account id; may be given more than once")
        parser.add_argument("--watch", action="store_true", help=f"again every {EVERY_S:.0f} s, until Ctrl-C")
        parser.add_argument("--json", action="store_true", help="one line of JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._tell(options["account"], as_json=options["json"])
            while options["watch"]:
                time.sleep(EVERY_S)
                self._tell(options["account"], as_json=options["json"])
        except KeyboardInterrupt:
            self.stdout.write("")

    def _tell(self, account_ids: list[str], *, as_json: bool) -> None:
        accounts = find_accounts(account_ids)
        drains = drains_of(accounts, shops=Shop.objects.filter(account__in=accounts))
        if as_json:
            self.stdout.write(json.dumps([drain_as_json(one) for one in drains]))
            return
        for one in drains:
            self.stdout.write("\n".join(lines_of(one)) + "\n")


def find_accounts(account_ids: list[str]) -> list[NetSuiteAccount]:
    """All of them, or those named. Raises CommandError for one that is not there."""
    known = {one.account_id: one for one in NetSuiteAccount.objects.order_by("account_id")}
    unknown = [one for one in account_ids if one not in known]
    if unknown:
        raise CommandError(f"No NetSuite account {unknown[0]!r}. Known: {', '.join(known) or 'none'}.")
    return [known[one] for one in account_ids] if account_ids else list(known.values())


def lines_of(drain: Drain) -> list[str]:
    lines = [f"{drain.account}: {drain_words.STATES[drain.state].label.lower()}"]
    rows = [*_left_rows(drain), ("Done", drain_words.done_in_words(drain))]
    if drain.since:
        since = f"{drain.done.since:,} done since {drain.since:%H:%M:%S} UTC, when the oldest that waits was written"
        rows.append(("This backlog", since))
    if drain.state != State.EMPTY:
        rows.append(("Time to empty", drain_words.left_in_words(drain)))
    rows.append(("Calls at once", drain_words.lanes_in_words(drain)))
    rows.append(("", drain_words.why_fewer(drain)))
    rows.append(("Behind a pause", drain_words.held_in_words(drain)))
    rows.append(("Refused because", drain_words.refused_in_words(drain)))
    rows.append(("Failed tries", drain_words.troubles_in_words(drain)))
    return lines + [f"  {label:<26} {words}" for label, words in rows if words]


def _left_rows(drain: Drain) -> list[tuple[str, str]]:
    rows = []
    for status in Posting.OPEN:
        shops = [f"{one.shop.name} {one.count:,}" for one in drain.left if one.status == status]
        if shops:
            beside = f"   {' · '.join(shops)}" if len(shops) > 1 else ""
            rows.append((STATUSES[status].label, f"{drain.count(status):,}{beside}"))
    return rows


def drain_as_json(drain: Drain) -> dict[str, Any]:
    held_since = drain.lanes.held_since
    seconds = None if drain.time_left is None else round(drain.time_left.total_seconds())
    return {
        "account": drain.account.account_id,
        "at": drain.at.isoformat(),
        "state": str(drain.state),
        "left": [{"shop": one.shop.code, "status": one.status, "count": one.count} for one in drain.left],
        "in_flight": drain.count(Posting.Status.SENDING),
        "done": asdict(drain.done),
        "since": drain.since.isoformat() if drain.since else None,
        "per_minute": drain.per_minute,
        "seconds_to_empty": seconds,
        "lanes": asdict(drain.lanes) | {"held_since": held_since.isoformat() if held_since else None},
        "paused": {"all": drain.held.all, "by_pause": {pause.key: count for pause, count in drain.held.by_pause}},
        "refused": dict(drain.refused),
        "failed_tries": dict(drain.troubles),
    }
