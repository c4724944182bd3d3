"""manage.py import_history: mirror a shop's history from Loop's list, with progress; goes on where it stopped."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError

from integrations.errors import IntegrationError, words_of_failure
from integrations.models import Shop, SyncRun
from returnsops.lib import clock
from returnsops.management.terminal import PersonCommand
from returnsops.returns.backfill import STATES, list_window
from returnsops.returns.progress import time_left
from returnsops.returns.runs import HISTORY, STEP_MAX
from returnsops.returns.schedule import open_import, work_on_run

WORK_FOR_S = 24 * 3600.0
BAR_CHARS = 30


class Command(PersonCommand):
    help = (
        "Mirror the returns a shop had before. Older ones than the shop's start date are mirrored and never posted. "
        "Stop it whenever you like: the next one, or the worker, goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("shop", help="the shop's code")
        parser.add_argument("--from", dest="start", type=_day, help="first day, e.g. 2025-01-31 (default: two years)")
        parser.add_argument("--dry-run", action="store_true", help="count what Loop lists, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.select_related("account").filter(code=options["shop"]).first()
        if shop is None:
            known = ", ".join(Shop.objects.order_by("code").values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No shop has the code {options['shop']}. Known: {known}.")
        try:
            if options["dry_run"]:
                self._count(shop, options["start"])
            else:
                self._import(shop, options["start"])
        except IntegrationError as error:
            raise CommandError(
                f"Loop did not answer as it should; start again to go on. {words_of_failure(str(error))}"
            ) from error

    def _import(self, shop: Shop, start: datetime | None) -> None:
        run = open_import(shop, start=start)
        if run.finished_at:
            self.stdout.write(
                f"Done before, on {run.finished_at:%d %b %Y}: {_told(run)}. Give another --from for more."
            )
            return
        ended = work_on_run(run, for_s=WORK_FOR_S, on_step=self._show)
        if ended is None:
            raise CommandError("The worker is at it. Its progress is shown on the Connections screen.")
        self.stdout.write(f"\n{_told(ended)}.")

    def _show(self, run: SyncRun) -> None:
        full = int(run.share_done * BAR_CHARS)
        bar = "#" * full + "." * (BAR_CHARS - full)
        rate = f"{run.rows_seen / run.worked_s:,.0f}/s" if run.worked_s else ""
        left = time_left(run)
        words = f"{run.position:%Y-%m-%d}  {run.rows_seen:,} returns  {rate}  {f'{left} left' if left else ''}"
        self.stdout.write(f"\r[{bar}] {run.share_done:4.0%}  {words:<60}", ending="" if self.stdout.isatty() else "\n")

    def _count(self, shop: Shop, start: datetime | None) -> None:
        """What would come, by state; read in windows like the import itself."""
        counts: dict[str, int] = {}
        older = 0
        began = time.monotonic()
        for window_from, window_to in _windows(start or clock.now() - HISTORY, clock.now()):
            for state in STATES:
                for record in list_window(shop, window_from, window_to, state=state, column="updated_at"):
                    counts[record.state.value] = counts.get(record.state.value, 0) + 1
                    older += record.created_at < shop.start_from
            self.stdout.write(f"read up to {window_to:%Y-%m-%d}: {sum(counts.values()):,} returns")
        for state, count in sorted(counts.items()):
            self.stdout.write(f"  {count:>9,} {state}")
        self.stdout.write(f"  {older:>9,} of them older than {shop.start_from:%Y-%m-%d}: mirrored, never posted")
        self.stdout.write(f"Nothing was written. It took {time.monotonic() - began:.0f} s.")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no day of the calendar; write it like 2025-01-31") from error


def _windows(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    windows = []
    while start < end:
        windows.append((start, min(end, start + STEP_MAX)))
        start += STEP_MAX
    return windows


def _told(run: SyncRun) -> str:
    return f"{run.rows_seen:,} returns seen, {run.rows_changed:,} mirrored anew or changed"
