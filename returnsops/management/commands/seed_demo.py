"""manage.py seed_demo: one person of each kind, for demo and practice. Refused where a shop is not a sandbox shop.

With a sandbox it does all that a new database needs, in one process: each of its own takes seconds to start.
"""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from integrations.models import Shop
from returnsops.people.models import Membership, Role, User

PASSWORD = "returns-demo"
PEOPLE = [
    ("ada", "Ada", "Lindqvist", Role.WAREHOUSE, "inspects parcels"),
    ("finn", "Finn", "Okafor", Role.FINANCE, "approves, corrects, retries"),
    ("fay", "Fay", "Moreau", Role.FINANCE, "the second pair of eyes"),
    ("dana", "Dana", "Silva", Role.DATA, "fixes SKU mappings in the admin"),
    ("mira", "Mira", "Kowalski", Role.ADMIN, "changes the rules of a shop"),
]


class Command(BaseCommand):
    help = "Make the demo people and print how they log in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sandbox", metavar="URL", help="migrate, and connect to the sandbox that answers here, before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sandbox"]:
            call_command("migrate", interactive=False, verbosity=0)
        real = [shop for shop in Shop.objects.select_related("account") if not shop.is_sandbox]
        if real:
            raise CommandError(f"{real[0]} is a real shop. Demo people with a known password have no place here.")
        if options["sandbox"]:  # not before it is sure that no real shop would have it for a neighbour
            call_command("connect_sandbox", url=options["sandbox"], stdout=self.stderr)
        for line in seed_people():
            self.stdout.write(line)


@transaction.atomic
def seed_people() -> list[str]:
    """Make the people who are not there yet. Gives one line a person: user name, password, what they do."""
    lines = []
    for username, first, last, role, does in PEOPLE:
        user, is_new = User.objects.get_or_create(
            username=username,
            defaults={"first_name": first, "last_name": last, "is_staff": role == Role.DATA},
        )
        if is_new:
            user.set_password(PASSWORD)
            user.save()
        for shop in Shop.objects.all():
            Membership.objects.get_or_create(user=user, shop=shop, role=role)
        lines.append(f"  {username:<5} {PASSWORD}  {Role(role).label}: {does}")
    return lines
