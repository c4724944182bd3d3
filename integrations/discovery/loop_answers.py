"""A check's questions to a Loop shop (loop.md 10, the first-day list); what came back, not yet judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from integrations.discovery.asking import Asker, NotTold
from integrations.errors import UnreadableRecordError
from integrations.http import HttpAnswer
from integrations.loop.answers import read_answer
from integrations.loop.client import LoopClient
from integrations.loop.records import LoopState, WebhookSubscription
from integrations.loop.whose_key import list_own_webhooks
from integrations.models import Shop

LIST, DETAILS, ASN = "/warehouse/return/list", "/warehouse/return/details", "/warehouse/reporting/asn"
STATES = (LoopState.OPEN, LoopState.CLOSED, LoopState.CANCELLED, LoopState.EXPIRED, LoopState.REVIEW)
LATELY = timedelta(days=30)
HOUR = timedelta(hours=1)
NO_QUESTION = NotTold(why="There was nothing to ask about.")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """An answer that was not a refusal: its body, and what its headers tell."""

    body: Any
    version: str
    calls_a_minute: int | None


@dataclass(kw_only=True)
class ShopAnswers:
    everything: Seen | NotTold = NO_QUESTION
    page: Seen | NotTold = NO_QUESTION
    states: dict[str, Seen | NotTold] = field(default_factory=dict)
    by_id: Seen | NotTold = NO_QUESTION
    by_name: Seen | NotTold = NO_QUESTION
    notes: Seen | NotTold = NO_QUESTION
    shipping_notice: Seen | NotTold = NO_QUESTION
    webhooks: tuple[WebhookSubscription, ...] | NotTold = NO_QUESTION
    destinations: Seen | NotTold = NO_QUESTION

    @property
    def sample(self) -> Json | None:
        """Any return: from the page, or from the list of a state."""
        for answer in (self.page, *self.states.values()):
            rows = rows_of(answer)
            if rows:
                return rows[0]
        return None


def ask_shop(shop: Shop, client: LoopClient, *, asker: Asker, now: datetime) -> ShopAnswers:
    answers = ShopAnswers()
    ask = partial(_ask, client, asker)
    answers.everything = ask("list of the last hour", LIST, _window(now - HOUR, now))
    page = {"paginate": "true", "pageSize": "1", "filter": "updated_at"} | _window(now - LATELY, now)
    answers.page = ask("one page of returns", LIST, page)
    for state in STATES:
        answers.states[state.value] = ask(f"returns that are {state}", LIST, page | {"state": state.value})
    _ask_about_one(answers, ask)
    list_webhooks = partial(list_own_webhooks, shop, client)
    answers.webhooks = asker.ask("webhook subscriptions", list_webhooks, may_lack_scope=True)
    answers.destinations = ask("destinations", "/destinations", may_lack_scope=True)
    day = now.astimezone(UTC).strftime("%Y-%m-%d")
    answers.shipping_notice = ask("shipping notices of today", ASN, {"from": day, "to": day}, may_lack_scope=True)
    return answers


def rows_of(answer: Seen | NotTold) -> list[Json]:
    """The returns in an answer, whether bare or in an envelope; a single object is one row."""
    body = answer.body if isinstance(answer, Seen) else None
    rows = body.get("returns", [body]) if isinstance(body, Mapping) else body
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _ask_about_one(answers: ShopAnswers, ask: Any) -> None:
    sample = answers.sample
    if sample is None:
        return
    loop_id, name = str(sample.get("id", "")), str(sample.get("order_name") or "")
    answers.by_id = ask("a return by its id", DETAILS, {"return_id": loop_id})
    if name:
        answers.by_name = ask("a return by its order", DETAILS, {"order_name": name})
    answers.notes = ask("notes of a return", f"/warehouse/return/{quote(loop_id, safe='')}/notes")


def _ask(
    client: LoopClient,
    asker: Asker,
    what: str,
    path: str,
    params: Mapping[str, str] | None = None,
    *,
    may_lack_scope: bool = False,
) -> Seen | NotTold:
    return asker.ask(what, lambda: _see(client.probe(what, path, params=params), what), may_lack_scope=may_lack_scope)


def _see(answer: HttpAnswer, what: str) -> Seen:
    if _has_no_notes(answer):
        body: Any = []
    else:
        body = read_answer(answer, operation=what)
    if not isinstance(body, list | Mapping):
        failure = answer.failure(system="loop", operation=what, detail="neither a list nor an object")
        raise UnreadableRecordError(family="unreadable", **failure)
    limit = answer.headers.get("x-ratelimit-limit", "")
    return Seen(
        body,
        version=answer.headers.get("x-loop-api-version", ""),
        calls_a_minute=int(limit) if limit.isdecimal() else None,
    )


def _has_no_notes(answer: HttpAnswer) -> bool:
    """A return without notes is answered 422 and false (loop.md 2.6)."""
    return answer.status == 422 and answer.text.strip() in ("false", '"false"')


def _window(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": _moment(start), "to": _moment(end)}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
