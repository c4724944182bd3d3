"""Webhooks as Loop sends them: about 1.3 KB, each body another, signed (loop.md 5.3, 5.4)."""

import json
from dataclasses import dataclass

from django.utils import timezone

from integrations.credentials import store_secret
from integrations.loop.signature import sign_body
from integrations.models import Credential, NetSuiteAccount, Shop
from returnsops.management.bench.secret import SECRET

SHOP_CODE = "bench"
PATH = f"/hooks/loop/{SHOP_CODE}"
FIRST_RETURN = 110_700_000


@dataclass(frozen=True)
class Webhook:
    body: bytes
    signature: str

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Loop-Signature": self.signature, "Content-Type": "application/json"}


def make_shop() -> Shop:
    """A shop that can be hooked and never called: nobody listens at its address."""
    account = NetSuiteAccount.objects.create(account_id="1000001_SB1", base_url="http://127.0.0.1:9")
    shop = Shop.objects.create(
        code=SHOP_CODE,
        name="Bench",
        currency="USD",
        account=account,
        base_url="http://127.0.0.1:9",
        start_from=timezone.now(),
    )
    store_secret(shop, Credential.Kind.LOOP_WEBHOOK_SECRET, SECRET)
    return shop


def make_webhook(number: int) -> Webhook:
    """The number-th webhook; the same number gives the same bytes."""
    payload = {
        "topic": "return",
        "trigger": "return.updated",
        "shop_id": 5150,
        "id": str(FIRST_RETURN + number),
        "state": "open",
        "created_at": "2026-06-03T14:05:11+00:00",
        "order_name": f"#{20_000 + number}",
        "provider_order_id": str(5_873_120_000_000 + number),
        "customer": "pat@example.com",
        "currency": "USD",
        "return_product_total": "64.00",
        "return_discount_total": "0.00",
        "return_tax_total": "5.12",
        "return_total": "69.12",
        "gift_card": "0.00",
        "handling_fee": "0.00",
        "refund": "69.12",
        "status_page_url": "https://exampleshop.loopreturns.com/#/return/3f0c",
        "line_items": [_line(number), _line(number + 1)],
        "carrier": "USPS",
        "tracking_number": f"9400100000000{number:09d}",
        "label_status": "in_transit",
    }
    # As PHP writes JSON: no spaces, slashes escaped.
    body = json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()
    return Webhook(body, sign_body(SECRET, body))


def _line(number: int) -> dict[str, object]:
    return {
        "line_item_id": str(387_000 + number),
        "provider_line_item_id": str(14_440_000_000_000 + number),
        "sku": "BOOT-RED-42",
        "title": "Boot - Red / 42",
        "price": "32.00",
        "discount": "0.00",
        "tax": "2.56",
        "refund": "34.56",
        "returned_at": "2026-06-03 14:05:11",
        "return_reason": "Too small",
        "parent_return_reason": "Size",
        "return_comment": None,
        "outcome": "default",
    }
