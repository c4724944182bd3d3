"""Subscriptions and deliveries: PHP-style JSON, signed, tried up to six times (loop.md 5)."""

import base64
import hashlib
import hmac
import json
import random
from dataclasses import dataclass
from typing import Any

import requests

from integrations.sandbox.clock import Clock
from integrations.sandbox.jobs import Jobs
from integrations.sandbox.settings import Settings
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store

Json = dict[str, Any]
SUGGESTED = (
    ("return", "return.created"),
    ("return", "return.updated"),
    ("return", "return.closed"),
    ("label", "label.created"),
    ("label", "label.updated"),
    ("return.processing", "return.processing.failed"),
    ("restock", "restock.requested"),
    ("giftcard", "giftcard.requested"),
)
NEVER_RETRIED = (400, 401, 403, 404, 405)
RETRY_AFTER_MAX_S = 1800


def php_json(payload: Json) -> bytes:
    """As PHP's json_encode writes it: no spaces, slashes and non-ASCII escaped."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def sign(secret: str, *, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@dataclass
class Webhooks:
    store: Store
    jobs: Jobs
    clock: Clock
    settings: Settings
    shops: dict[str, ShopProfile]
    draw: random.Random

    def __post_init__(self) -> None:
        self.jobs.register("deliver", work=self._deliver, pooled=True)

    def subscribe_all(self, url: str) -> None:
        """Subscribe every shop to the suggested set, once."""
        for shop in self.shops:
            for topic, trigger in SUGGESTED:
                target = f"{url.rstrip('/')}/{shop}"
                known = self.store.value(
                    "SELECT id FROM subscription WHERE shop = ? AND topic = ? AND trigger_name = ? AND url = ?",
                    (shop, topic, trigger, target),
                )
                if known is None:
                    self.create(shop, topic=topic, trigger=trigger, url=target, status="active")

    def create(self, shop: str, *, topic: str, trigger: str, url: str, status: str) -> int:
        number = self.store.next_number("subscription", start=4411)
        self.store.execute(
            "INSERT INTO subscription (id, shop, topic, trigger_name, url, status) VALUES (?, ?, ?, ?, ?, ?)",
            (number, shop, topic, trigger, url, status),
        )
        return number

    def emit(self, shop: str, *, trigger: str, payloads: dict[str, Json]) -> None:
        """payloads: per topic, since topic (the shape) and trigger (the event) can be crossed."""
        rows = self.store.rows(
            "SELECT * FROM subscription WHERE shop = ? AND trigger_name = ? AND status = 'active' ORDER BY id",
            (shop, trigger),
        )
        for row in rows:
            payload = payloads.get(row["topic"], {})
            self._queue(
                shop, trigger=trigger, url=row["url"], payload={**payload, "trigger": trigger} if payload else {}
            )

    def _queue(self, shop: str, *, trigger: str, url: str, payload: Json) -> None:
        if self._happens(shop, rate="drop_rate"):
            return
        if self._happens(shop, rate="empty_rate"):
            payload = {}
        switches = self.settings.of_shop(shop)
        if switches.text("loop.ids_in_webhooks") == "number" and str(payload.get("id", "")).isdigit():
            payload = {**payload, "id": int(payload["id"])}
        content = {"shop": shop, "trigger": trigger, "url": url, "body": php_json(payload).decode(), "attempt": 1}
        for _ in range(2 if self._happens(shop, rate="duplicate_rate") else 1):
            low, high = switches.span("loop.webhooks.delay_s")
            late = self.draw.uniform(0.0, 2.0) if switches.flag("loop.webhooks.reorder") else 0.0
            self.jobs.add("deliver", content=content, after_s=self.draw.uniform(low, high) + late)

    def _happens(self, shop: str, *, rate: str) -> bool:
        chance = self.settings.of_shop(shop).number(f"loop.webhooks.{rate}")
        return chance > 0 and self.draw.random() < chance

    def _deliver(self, job: Json) -> None:
        body = job["body"].encode()
        signature = sign(self.shops[job["shop"]].webhook_secret, body=body)
        if self._happens(job["shop"], rate="wrong_signature_rate"):
            signature = sign("not the secret", body=body)
        headers = {"Content-Type": "application/json", "X-Loop-Signature": signature}
        timeout_s = self.settings.of_shop(job["shop"]).number("loop.webhooks.timeout_s")
        wait_s: float | None
        try:
            with requests.post(job["url"], data=body, headers=headers, timeout=timeout_s) as answer:
                text, wait_s = str(answer.status_code), self._wait_after(answer, job=job)
        except requests.RequestException as error:
            text, wait_s = type(error).__name__, self._backoff(job)
        self._record(job, answer=text)
        if wait_s is not None and job["attempt"] < int(
            self.settings.of_shop(job["shop"]).number("loop.webhooks.attempts")
        ):
            self.jobs.add("deliver", content={**job, "attempt": job["attempt"] + 1}, after_s=wait_s)

    def _wait_after(self, answer: requests.Response, *, job: Json) -> float | None:
        """Seconds until the next try; None when there is none."""
        if answer.ok or answer.status_code in NEVER_RETRIED:
            return None
        named = answer.headers.get("Retry-After", "")
        if named.isdigit():
            return float(named) if int(named) <= RETRY_AFTER_MAX_S else None
        return self._backoff(job)

    def _backoff(self, job: Json) -> float:
        base = self.settings.of_shop(job["shop"]).number("loop.webhooks.retry_base_s")
        return float(base * 2 ** (job["attempt"] - 1) * self.draw.uniform(0.8, 1.2))

    def _record(self, job: Json, *, answer: str) -> None:
        at = self.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        self.store.execute(
            "INSERT INTO delivery (at, shop, trigger_name, url, attempt, answer) VALUES (?, ?, ?, ?, ?, ?)",
            (at, job["shop"], job["trigger"], job["url"], job["attempt"], answer),
        )
