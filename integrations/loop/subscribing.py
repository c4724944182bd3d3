"""Webhook subscriptions, call by call (loop.md §2.10); which ones we want: `integrations.loop.subscriptions`."""

from collections.abc import Mapping
from urllib.parse import quote

from integrations.errors import UncertainError, UnreadableRecordError
from integrations.loop.answers import is_gone, read_answer
from integrations.loop.parsing import parse_webhook_subscription
from integrations.loop.records import WebhookSubscription
from integrations.loop.transport import LoopTransport

ACTIVE = "active"  # sources disagree on the default, so it is always sent


class WebhookSubscribing(LoopTransport):
    def list_webhooks(self) -> tuple[WebhookSubscription, ...]:
        rows = self._list_rows("list_webhooks", "/webhooks", key="webhooks")
        return tuple(parse_webhook_subscription(row) for row in rows)

    def create_webhook(self, topic: str, trigger: str, url: str) -> WebhookSubscription:
        body = {"topic": topic, "trigger": trigger, "url": url, "status": ACTIVE}
        answer = self._send("create_webhook", "POST", "/webhooks", json_body=body, writes=True)
        created = read_answer(answer, operation="create_webhook", writes=True)
        if isinstance(created, Mapping) and isinstance(created.get("webhook"), Mapping):
            created = created["webhook"]
        try:
            return parse_webhook_subscription(created)
        except UnreadableRecordError as error:
            failure = answer.failure(system="loop", operation="create_webhook", detail=error.detail)
            raise UncertainError(**failure) from error

    def update_webhook(self, webhook_id: str, *, topic: str, trigger: str, url: str) -> None:
        """Point a subscription to url and switch it on."""
        body = {"topic": topic, "trigger": trigger, "url": url, "status": ACTIVE}
        answer = self._send("update_webhook", "PUT", _path(webhook_id), json_body=body, writes=True)
        if answer.status != 204:
            read_answer(answer, operation="update_webhook", writes=True)

    def delete_webhook(self, webhook_id: str) -> None:
        """One that is gone already is gone."""
        answer = self._send("delete_webhook", "DELETE", _path(webhook_id), writes=True)
        if answer.status != 204 and not is_gone(answer):
            read_answer(answer, operation="delete_webhook", writes=True)


def _path(webhook_id: str) -> str:
    return f"/webhooks/{quote(webhook_id, safe='')}"
