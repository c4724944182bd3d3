"""manage.py make_certificate: a key pair for OAuth 2.0. Its public half is printed, its private half sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from integrations.credentials import open_secrets, store_secret
from integrations.models import Credential, NetSuiteAccount
from integrations.netsuite.certificates import make_certificate


class Command(BaseCommand):
    help = "Make a certificate for a NetSuite account, good for two years. Its private key is kept and never shown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", help="account id, e.g. 1234567_SB1")
        parser.add_argument("--kind", choices=("rsa", "ec"), default="rsa", help="RSA of 4096 bits, or EC P-256")
        parser.add_argument("--replace", action="store_true", help="although the account has a private key already")

    def handle(self, *args: Any, **options: Any) -> None:
        account = NetSuiteAccount.objects.filter(account_id=options["account"]).first()
        if account is None:
            ids = (
                ", ".join(NetSuiteAccount.objects.order_by("account_id").values_list("account_id", flat=True))
                or "none yet"
            )
            raise CommandError(f"There is no account «{options['account']}». There are: {ids}.")
        if open_secrets(account, Credential.Kind.NETSUITE_PRIVATE_KEY) and not options["replace"]:
            raise CommandError(
                f"{account} has a private key. With --replace it is given up at once: nothing is sent until NetSuite "
                "has the new certificate and its id is entered."
            )
        made = make_certificate(f"ReturnsOps {account.account_id}", now=timezone.now(), kind=options["kind"])
        with transaction.atomic():
            store_secret(account, Credential.Kind.NETSUITE_PRIVATE_KEY, made.private_pem)
            NetSuiteAccount.objects.filter(pk=account.pk).update(certificate_expires_at=made.expires_at)
        self.stdout.write(made.public_pem)
        self.stdout.write(
            f"Good until {made.expires_at:%d %b %Y}. Upload the text above in NetSuite: Setup › Integration › Manage "
            "Authentication › OAuth 2.0 Client Credentials (M2M) Setup. Then enter the id NetSuite shows for it as the "
            "certificate id of the account in the admin."
        )
