"""Webhooks that Loop did not send: one byte of the body or of the signature is another, or the secret is."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from integrations.loop.signature import sign_body
from returnsops.management.bench.secret import SECRET
from returnsops.management.bench.webhooks import Webhook, make_webhook

FIRST_NUMBER = 10_000_000  # none of them is the body of a real one
LARGE_BYTES = 1_500_000

Forge = Callable[[Webhook, random.Random], Webhook]


def make_forgeries(count: int, *, seed: str) -> Iterator[Webhook]:
    chance = random.Random(seed)
    for number in range(count):
        yield chance.choice(FORGERS)(make_webhook(FIRST_NUMBER + number), chance)


def make_large_webhook() -> Webhook:
    """Signed as it should be, and larger than anything Loop sends."""
    webhook = make_webhook(FIRST_NUMBER)
    body = webhook.body[:-1] + b',"filling":"' + b"x" * LARGE_BYTES + b'"}'
    return Webhook(body, sign_body(SECRET, body))


def _change_body(webhook: Webhook, chance: random.Random) -> Webhook:
    place = chance.randrange(len(webhook.body))
    changed = bytearray(webhook.body)
    changed[place] ^= chance.randrange(1, 256)
    return replace(webhook, body=bytes(changed))


def _cut_body(webhook: Webhook, chance: random.Random) -> Webhook:
    return replace(webhook, body=webhook.body[: chance.randrange(1, len(webhook.body))])


def _change_signature(webhook: Webhook, chance: random.Random) -> Webhook:
    digest = bytearray(base64.b64decode(webhook.signature))
    digest[chance.randrange(len(digest))] ^= chance.randrange(1, 256)
    return replace(webhook, signature=base64.b64encode(bytes(digest)).decode())


def _cut_signature(webhook: Webhook, chance: random.Random) -> Webhook:
    return replace(webhook, signature=webhook.signature[: chance.randrange(len(webhook.signature))])


def _sign_with_another_secret(webhook: Webhook, chance: random.Random) -> Webhook:
    return replace(webhook, signature=sign_body(f"{chance.getrandbits(64):016x}", webhook.body))


def _take_anothers_signature(webhook: Webhook, chance: random.Random) -> Webhook:
    return replace(webhook, signature=make_webhook(FIRST_NUMBER - 1 - chance.randrange(1000)).signature)


FORGERS: list[Forge] = [
    _change_body,
    _cut_body,
    _change_signature,
    _cut_signature,
    _sign_with_another_secret,
    _take_anothers_signature,
]
