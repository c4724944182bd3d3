"""manage.py connect_sandbox: make the sandbox's shops and accounts ours, with credentials and a policy that posts."""

from datetime import timedelta
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from integrations.credentials import open_secrets, store_secret
from integrations.models import Credential, NetSuiteAccount, Shop
from integrations.netsuite.lanes import ensure_lanes
from returnsops.returns.policies import activate_policy
from returnsops.returns.policy import ITEM_KEYS, RECORD_KINDS

TIMEOUT_S = 10
LANES = 5


class Command(BaseCommand):
    help = "Connect to a running sandbox. Safe to repeat: addresses and secrets are brought up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True, help="where the sandbox answers, e.g. http://127.0.0.1:8100")
        parser.add_argument("--lanes", type=int, default=LANES, help="calls in flight at most, per account")

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["url"].rstrip("/")
        try:
            world = requests.get(f"{url}/_sandbox/world", timeout=TIMEOUT_S).json()
            limit = requests.get(f"{url}/_sandbox/settings", timeout=TIMEOUT_S).json()["loop"]["rate_limit_per_minute"]
        except (requests.RequestException, ValueError) as error:
            raise CommandError(f"No sandbox answers at {url}: {error}. Start it with «manage.py sandbox».") from error
        with transaction.atomic():
            accounts = {
                row["account_id"]: connect_account(row, url, options["lanes"]) for row in world["netsuite_accounts"]
            }
            policies = {row["account_id"]: sandbox_rules(row) for row in world["netsuite_accounts"]}
            for row in world["loop_shops"]:
                shop = connect_shop(row, url, accounts[row["netsuite_account"]], calls_per_minute=limit)
                activate_policy(
                    shop, policies[row["netsuite_account"]], by=None, reason="Sandbox: ReturnsOps writes all"
                )
                self.stdout.write(f"Connected {shop} to {shop.account}")


def connect_account(row: dict[str, Any], url: str, lanes: int) -> NetSuiteAccount:
    account, _ = NetSuiteAccount.objects.update_or_create(
        account_id=row["account_id"],
        defaults={
            "base_url": url,
            "client_id": row["client_id"],
            "certificate_id": row["certificate_id"],
            "time_zone": row["time_zone"],
            "subsidiary_id": row["subsidiary_id"] or "",
            "line_reference_field": row["line_reference_field"],
            "next_probe_at": None,
        },
    )
    keep_secret(account, Credential.Kind.NETSUITE_PRIVATE_KEY, row["private_key_pem"])
    ensure_lanes(account, count=lanes)
    return account


def connect_shop(row: dict[str, Any], url: str, account: NetSuiteAccount, *, calls_per_minute: int) -> Shop:
    shop, _ = Shop.objects.update_or_create(
        code=row["code"],
        defaults={
            "name": row["name"],
            "currency": row["currency"],
            "time_zone": row["time_zone"],
            "base_url": url,
            "account": account,
            "calls_per_minute": calls_per_minute,
            "next_probe_at": None,
        },
        create_defaults={
            "name": row["name"],
            "currency": row["currency"],
            "time_zone": row["time_zone"],
            "base_url": url,
            "account": account,
            "calls_per_minute": calls_per_minute,
            "start_from": timezone.now() - timedelta(days=90),
        },
    )
    keep_secret(shop, Credential.Kind.LOOP_API_KEY, row["api_key"])
    keep_secret(shop, Credential.Kind.LOOP_WEBHOOK_SECRET, row["webhook_secret"])
    return shop


def keep_secret(owner: Shop | NetSuiteAccount, kind: str, secret: str) -> None:
    if open_secrets(owner, kind) != [secret]:
        store_secret(owner, kind, secret)


def sandbox_rules(row: dict[str, Any]) -> dict[str, Any]:
    """A policy under which ReturnsOps writes everything, as nobody else does in a sandbox."""
    return {
        "ownership": dict.fromkeys(RECORD_KINDS, "write"),
        "locations": row["locations"],
        "items": {key: row["items"][key] for key in ITEM_KEYS},
        "scrap_account": row["adjustment_account_id"],
        "found_account": row["adjustment_account_id"],
        "tenders": {
            gateway: {"account_id": tender["account_id"], "payment_option_id": tender.get("payment_option_id", "")}
            for gateway, tender in row["refund_methods"].items()
        },
    }
