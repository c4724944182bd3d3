"""manage.py replay_inbox: fetch every return that a webhook ever named, as if all of them came again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from integrations import inbox
from integrations.errors import IntegrationError, RejectedError
from integrations.models import InboundEvent, Shop
from returnsops.management.terminal import PersonCommand
from returnsops.returns import mirror
from returnsops.returns.hints import finish_event

BAR_WIDTH = 30


class Command(PersonCommand):
    help = "Read the inbox again and mirror each return it names. Safe to repeat; --after continues."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", default="", help="only this shop's code")
        parser.add_argument("--after", type=int, default=0, help="only events later than this one")

    def handle(self, *args: Any, **options: Any) -> None:
        events = InboundEvent.objects.filter(signed=True, pk__gt=options["after"]).select_related("shop").order_by("pk")
        if options["shop"]:
            known = list(Shop.objects.order_by("code").values_list("code", flat=True))
            if options["shop"] not in known:
                raise CommandError(f"There is no shop «{options['shop']}». Known: {', '.join(known) or 'none'}.")
            events = events.filter(shop__code=options["shop"])
        count, fetched, failed = events.count(), set[tuple[int, str]](), 0
        for number, event in enumerate(events.iterator(chunk_size=500), start=1):
            failed += self._replay(event, fetched)
            self._show(number, count)
        self.stdout.write(f"\n{count} webhooks, {len(fetched)} returns fetched, {failed} webhooks without success.")

    def _replay(self, event: InboundEvent, fetched: set[tuple[int, str]]) -> int:
        """One fetch answers every webhook about the same return."""
        try:
            for return_id in inbox.find_returns(event):
                if (event.shop_id, return_id) not in fetched:
                    mirror.fetch_return(event.shop, return_id)
                    fetched.add((event.shop_id, return_id))
        except RejectedError as error:
            inbox.set_aside(event, failure=str(error))
            return 1
        except IntegrationError as error:
            raise CommandError(f"{error}\nGo on with --after {event.pk - 1}.") from error
        finish_event(event)
        return 0

    def _show(self, number: int, count: int) -> None:
        if self.stdout.isatty():
            full = BAR_WIDTH * number // count
            bar = "█" * full + "░" * (BAR_WIDTH - full)
            self.stdout.write(f"\r{bar} {number} of {count}", ending="")
