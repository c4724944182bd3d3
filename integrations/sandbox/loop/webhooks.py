"""Subscriptions and deliveries: PHP-style JSON, signed, tried up to six times (loop.md 5)."""

import base64
import hashlib
import hmac
import json
import random
import threading
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from integrations.sandbox.clock import Clock
from integrations.sandbox.jobs import Jobs
from integrations.sandbox.loop.secrets import secret_of
from integrations.sandbox.settings import Reading, Settings
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
RETRIED = (408, 429, 500, 502, 503, 504)
RETRY_AFTER_MAX_S = 1800
ID_KEYS = ("id", "return_id", "order_id", "provider_order_id", "shop_id")


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
        self._sessions = threading.local()
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

    # --- sending

    def has_listener(self, shop: str, *, trigger: str) -> bool:
        sql = "SELECT 1 FROM subscription WHERE shop = ? AND trigger_name = ? AND status = 'active' LIMIT 1"
        return self.store.value(sql, (shop, trigger)) is not None

    def emit(self, shop: str, *, trigger: str, payloads: dict[str, Json]) -> None:
        """payloads: per topic, since topic (the shape) and trigger (the event) can be crossed."""
        rules = self.settings.of_shop(shop)
        rows = self.store.rows(
            "SELECT * FROM subscription WHERE shop = ? AND trigger_name = ? AND status = 'active' ORDER BY id",
            (shop, trigger),
        )
        for row in rows:
            payload = payloads.get(row["topic"], {})
            if payload or rules.text("loop.webhooks.mismatched") == "empty":
                self._queue(row, payload=payload, rules=rules)

    def _queue(self, subscription: Any, *, payload: Json, rules: Reading) -> None:
        if self._happens(rules, "drop_rate"):
            return
        if self._happens(rules, "empty_rate"):
            payload = {}
        body = php_json(self._with_ids(payload, rules=rules)).decode() if payload else _empty_body(rules)
        content = {
            "shop": subscription["shop"],
            "subscription": subscription["id"],
            "trigger": subscription["trigger_name"],
            "url": subscription["url"],
            "body": body,
            "attempt": 1,
        }
        for _ in range(2 if self._happens(rules, "duplicate_rate") else 1):
            low, high = rules.span("loop.webhooks.delay_s")
            late = self.draw.uniform(0.0, 2.0) if rules.flag("loop.webhooks.reorder") else 0.0
            self.jobs.add("deliver", content=content, after_s=self.draw.uniform(low, high) + late)

    def _with_ids(self, payload: Json, *, rules: Reading) -> Json:
        form = rules.text("loop.ids_in_webhooks")
        if form == "text":
            return payload  # each as it is documented
        changed = {}
        for key in ID_KEYS:
            if str(payload.get(key, "")).isdigit():
                as_number = form == "number" or self.draw.random() < 0.5
                changed[key] = int(payload[key]) if as_number else str(payload[key])
        return payload | changed

    def _happens(self, rules: Reading, rate: str) -> bool:
        chance = rules.number(f"loop.webhooks.{rate}")
        return chance > 0 and self.draw.random() < chance

    # --- one try

    def _deliver(self, job: Json) -> None:
        rules = self.settings.of_shop(job["shop"])
        body = job["body"].encode()
        headers = {"Content-Type": "application/json", "X-Loop-Signature": self._signature(job, body, rules)}
        if self._happens(rules, "truncate_rate"):
            body = body[: len(body) // 2]
        timeout_s = rules.number("loop.webhooks.timeout_s")
        wait_s: float | None
        try:
            with self._session().post(
                job["url"], data=body, headers=headers, timeout=timeout_s, allow_redirects=False
            ) as answer:
                is_taken = 200 <= answer.status_code < 300
                text, wait_s = str(answer.status_code), self._wait_after(answer, job=job, rules=rules)
        except requests.RequestException as error:
            is_taken, text, wait_s = False, type(error).__name__, self._backoff(job["attempt"], rules=rules)
        self._record(job, answer=text)
        self._count(job, is_taken=is_taken, rules=rules)
        if wait_s is not None and job["attempt"] < int(rules.number("loop.webhooks.attempts")):
            self.jobs.add("deliver", content={**job, "attempt": job["attempt"] + 1}, after_s=wait_s)

    def _session(self) -> requests.Session:
        """One for each thread, asking nobody for proxies; each delivery has a connection of its own."""
        session: requests.Session | None = getattr(self._sessions, "one", None)
        if session is None:
            session = self._sessions.one = requests.Session()
            session.trust_env = False
            session.headers["Connection"] = "close"
        return session

    def _signature(self, job: Json, body: bytes, rules: Reading) -> str:
        secret = secret_of(self.store, self.shops[job["shop"]], job["subscription"], rules=rules, draw=self.draw)
        return sign("not the secret" if self._happens(rules, "wrong_signature_rate") else secret, body=body)

    def _wait_after(self, answer: requests.Response, *, job: Json, rules: Reading) -> float | None:
        """Seconds until the next try; None when there is none."""
        if answer.status_code not in RETRIED:
            return None
        named = self._named_wait(answer.headers.get("Retry-After", ""))
        if named is None:
            return self._backoff(job["attempt"], rules=rules)
        return named if named <= RETRY_AFTER_MAX_S else None

    def _named_wait(self, text: str) -> float | None:
        """Retry-After, in seconds or as a date."""
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max((aware - self.clock.now()).total_seconds(), 0.0)

    def _backoff(self, attempt: int, *, rules: Reading) -> float:
        base = rules.number("loop.webhooks.retry_base_s")
        return float(base * 2 ** (attempt - 1) * self.draw.uniform(0.8, 1.2))

    def _record(self, job: Json, *, answer: str) -> None:
        at = self.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        self.store.execute(
            "INSERT INTO delivery (at, shop, trigger_name, url, attempt, answer) VALUES (?, ?, ?, ?, ?, ?)",
            (at, job["shop"], job["trigger"], job["url"], job["attempt"], answer),
        )

    def _count(self, job: Json, *, is_taken: bool, rules: Reading) -> None:
        """So many failures in a row end a subscription, if the switch has it so (loop.md 5.2)."""
        self.store.execute(
            "UPDATE subscription SET failures = CASE WHEN ? THEN 0 ELSE failures + 1 END WHERE id = ?",
            (is_taken, job["subscription"]),
        )
        limit = int(rules.number("loop.webhooks.deactivate_after"))
        if limit and not is_taken:
            self.store.execute(
                "UPDATE subscription SET status = 'inactive' WHERE id = ? AND failures >= ?",
                (job["subscription"], limit),
            )


def _empty_body(rules: Reading) -> str:
    return {"object": "{}", "array": "[]", "nothing": ""}[rules.text("loop.webhooks.empty_as")]
