"""One short text for what a return says, equal for equal content, whether the list or details told it.

Not every change moves `updated_at` (loop.md §2.1, §10 question 6): the list's row is compared by content. Left out is
what the two calls tell differently by habit, and addresses of files, which may be signed anew at every call.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from operator import attrgetter
from typing import Any

from integrations.loop.records import LabelRecord, LoopExchangeRecord, LoopReturnRecord, LoopUnitRecord

TOLD_BY_DETAILS_ONLY = {"is_detailed", "edited_at", "refunds", "customer_email", "shopify_return_id"}
TOLD_APART = {"raw", "url", "image", "title", "returned_at", "unknown_keys"}
PARTS = {"labels": LabelRecord, "units": LoopUnitRecord, "exchanges": LoopExchangeRecord}


def _names(kind: type[Any]) -> list[str]:
    skipped = TOLD_APART | TOLD_BY_DETAILS_ONLY | set(PARTS)
    return [field.name for field in fields(kind) if field.compare and field.name not in skipped]


HEADER = attrgetter(*_names(LoopReturnRecord))
PART_VALUES = {name: attrgetter(*_names(kind)) for name, kind in PARTS.items()}


def digest_of(record: LoopReturnRecord) -> str:
    told: list[object] = [*HEADER(record)]
    for name, values_of in PART_VALUES.items():
        told.append(sorted(repr(_plain(values_of(part))) for part in getattr(record, name)))
    return hashlib.blake2b(repr(_plain(told)).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def digest_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Of what is about to be written: read again unchanged, nothing has to be."""
    text = json.dumps(list(rows), default=str, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _plain(values: Iterable[Any]) -> list[object]:
    """Equal amounts print alike whatever zeros they came with, and mappings have one order. Runs for every value."""
    return [
        value.normalize() if type(value) is Decimal else _sorted(value) if type(value) is dict else value
        for value in values
    ]


def _sorted(value: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((key, str(item)) for key, item in value.items())
