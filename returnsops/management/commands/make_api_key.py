"""manage.py make_api_key: a key for a tool in one shop. It is printed once; only its digest is kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.models import Shop
from returnsops.api.authentication import SCHEME
from returnsops.api.keys import issue_key
from returnsops.people.models import Membership, Role
from returnsops.returns.errors import NotPossibleError


class Command(BaseCommand):
    help = "Make an API key for a tool in one shop and print it once. See docs/api.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tool", required=True, help="lower case, e.g. wms")
        parser.add_argument("--shop", required=True, help="code of the shop")
        parser.add_argument("--role", required=True, choices=Role.values, help="what the tool may do there")
        parser.add_argument("--replace", action="store_true", help="revoke the tool's other keys of this shop")

    def handle(self, *args: Any, **options: Any) -> None:
        shop = Shop.objects.filter(code=options["shop"]).first()
        if shop is None:
            codes = ", ".join(Shop.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No shop has the code «{options['shop']}». There are: {codes}.")
        try:
            key, text = issue_key(options["tool"], shop=shop, role=Role(options["role"]), replace=options["replace"])
        except NotPossibleError as error:
            raise CommandError(str(error)) from error
        roles = Membership.objects.filter(user=key.user, shop=shop).values_list("role", flat=True)
        labels = " and ".join(sorted(str(Role(role).label) for role in roles))
        self.stdout.write(f"{key.user} acts in {shop} as {labels}. Its key, shown only now:")
        self.stdout.write(f"Authorization: {SCHEME} {text}")
