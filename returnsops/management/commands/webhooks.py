"""manage.py webhooks: what a shop has subscribed at Loop, and bring it in order."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from integrations.connections import loop_client
from integrations.errors import IntegrationError, words_of_failure
from integrations.loop.subscriptions import NO_ADDRESS, check_webhooks, find_changes, wanted_pairs, webhook_url
from integrations.models import Shop
from returnsops.management.terminal import PersonCommand


class Command(PersonCommand):
    help = "Show a shop's webhook subscriptions at Loop and what is missing; with --ensure, put it right."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", help="the shop's code")
        parser.add_argument("--ensure", action="store_true", help="make, correct and delete what has to be")

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.filter(code=options["shop"]).first()
        if shop is None:
            known = ", ".join(Shop.objects.values_list("code", flat=True)) or "none"
            raise CommandError(f"There is no shop «{options['shop']}». Known: {known}.")
        try:
            self._ensure(shop) if options["ensure"] else self._show(shop)
        except IntegrationError as error:
            raise CommandError(f"Loop could not be asked: {words_of_failure(str(error))}") from error

    def _show(self, shop: Shop) -> None:
        found, url = loop_client(shop).list_webhooks(), webhook_url(shop)
        for one in found:
            self.stdout.write(f"{one.id}  {one.topic} on {one.trigger}  {one.status}  {one.url}")
        if not url:
            self.stdout.write(NO_ADDRESS)
            return
        changes = find_changes(found, wanted_pairs(shop), url=url, made=shop.webhooks_made)
        for change in changes:
            self.stdout.write(f"To do: {change}")
        self.stdout.write("Run again with --ensure." if changes else f"All is in order at {url}.")

    def _ensure(self, shop: Shop) -> None:
        outcome = check_webhooks(shop)
        for words in outcome.done:
            self.stdout.write(f"Done: {words}")
        if outcome.problems:
            raise CommandError(" ".join(outcome.problems))
        self.stdout.write(f"All is in order at {webhook_url(shop)}.")
