"""manage.py check_connection: why does it not work, and what is missing? Asks both systems, changes neither."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from integrations.models import NetSuiteAccount, Shop
from integrations.profile import ORDER, Finding, Profile, Severity, profile_as_json
from returnsops.management.terminal import PersonCommand
from returnsops.returns.connection_checks import check_connection

HEADINGS = {
    Severity.BLOCKS: "Does not work",
    Severity.WARNS: "Works, but somebody should look",
    Severity.UNKNOWN: "Could not be told from outside",
    Severity.FINE: "Fine",
}


class Command(PersonCommand):
    help = "Check shops and NetSuite accounts: log-in, rights, set-up, who else writes. Changes nothing there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", action="append", default=[], help="account id; may be given more than once")
        parser.add_argument("--shop", action="append", default=[], help="code of a shop; may be given more than once")
        parser.add_argument("--json", action="store_true", help="print the profiles as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        connections = find_connections(options["account"], options["shop"])
        profiles = {}
        for one in connections:
            if not options["json"]:
                self.stdout.write(f"\n{name_of(one)}")
            profiles[one] = check_connection(one)
            if not options["json"]:
                self._tell(profiles[one])
        if options["json"]:
            self.stdout.write(json.dumps({name_of(one): _as_json(found) for one, found in profiles.items()}, indent=2))
        blocked = [name_of(one) for one, found in profiles.items() if found is None or found.of(Severity.BLOCKS)]
        if blocked:
            raise CommandError(f"Something blocks: {', '.join(blocked)}.", returncode=1)

    def _tell(self, profile: Profile[Any] | None) -> None:
        if profile is None:
            self.stdout.write("  A check is running already. Wait a minute, then look at Connections.")
            return
        for severity in ORDER:
            findings = profile.of(severity)
            if findings:
                self.stdout.write(f"\n  {HEADINGS[severity]}")
            for finding in findings:
                self._tell_finding(finding)
        for change in profile.changes:
            self.stdout.write(f"  Since the last check: {change}")
        self.stdout.write(
            f"\n  {profile.calls} question{'' if profile.calls == 1 else 's'} in {profile.duration_s:.1f} s."
        )

    def _tell_finding(self, finding: Finding) -> None:
        self.stdout.write(f"    - {finding.words}")
        if finding.severity == Severity.FINE:
            return
        if finding.todo:
            self.stdout.write(f"      Ask {finding.who}: {finding.todo}")
        if finding.evidence:
            self.stdout.write(f"      ({finding.evidence})")


def find_connections(account_ids: list[str], codes: list[str]) -> list[Shop | NetSuiteAccount]:
    """Those that were named, or all of them."""
    everything = not account_ids and not codes
    accounts = list(NetSuiteAccount.objects.order_by("account_id"))
    shops = list(Shop.objects.select_related("account").order_by("code"))
    known = {one.account_id for one in accounts} | {one.code for one in shops}
    unknown = [name for name in [*account_ids, *codes] if name not in known]
    if unknown or not known:
        there_are = ", ".join(sorted(known)) or "none yet; add them in the admin"
        what = f"No account or shop is called {', '.join(unknown)}." if unknown else "Nothing is connected."
        raise CommandError(f"{what} Known: {there_are}.")
    return [
        *(one for one in accounts if everything or one.account_id in account_ids),
        *(one for one in shops if everything or one.code in codes),
    ]


def name_of(connection: Shop | NetSuiteAccount) -> str:
    return f"Loop, {connection.name}" if isinstance(connection, Shop) else str(connection)


def _as_json(profile: Profile[Any] | None) -> dict[str, Any] | None:
    return profile_as_json(profile) if profile else None
