"""The words and keys of Loop that we have met. What is not here is kept and shown as unknown; it decides nothing.

Sources: documentation, public client code and captures from 2019 to autumn 2026 (loop.md §3, §4, §5.4).
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from integrations.loop.values import read_text


class LoopState(StrEnum):
    OPEN = "open"
    REVIEW = "review"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"  # a word we have not met; it stands in raw_state


# Webhook documentation says "needs review" for what the API calls review.
STATES = {
    "open": LoopState.OPEN,
    "review": LoopState.REVIEW,
    "needs review": LoopState.REVIEW,
    "needs_review": LoopState.REVIEW,
    "flagged": LoopState.REVIEW,
    "closed": LoopState.CLOSED,
    "cancelled": LoopState.CANCELLED,
    "canceled": LoopState.CANCELLED,
    "expired": LoopState.EXPIRED,
}

# An outcome is one of these, or several joined by «+».
OUTCOMES = {"refund", "credit", "exchange", "upsell", "gift_card", "gift card", "store credit"}
LABEL_STATUSES = {
    "pending", "new", "pre_transit", "in_transit", "out_for_delivery", "delivered", "failure", "error", "unknown",
    "available_for_pickup", "return_to_sender", "cancelled",
}  # fmt: skip
GATEWAYS = {"shopify_payments", "gift_card", "manual", "paypal", "shop_cash", "cash", "exchange-credit"}
TYPES = {"standard", "warranty"}
UNIT_OUTCOMES = {"default"}
EXCHANGE_TYPES = {"exchange"}

# Which words stand where: path of the key, and what we know there.
WORDS: dict[str, set[str]] = {
    "state": set(STATES),
    "label_status": LABEL_STATUSES,
    "type": TYPES,
    "labels.status": LABEL_STATUSES,
    "line_items.outcome": UNIT_OUTCOMES,
    "exchanges.type": EXCHANGE_TYPES,
    "refunds.gateway": GATEWAYS,
}

_LABEL_KEYS = "status updated_at url rate carrier tracking_number line_items shipment_id"
_ADDRESS_KEYS = "name company address1 address2 city state zip country country_code phone"
# Objects whose inner shape nobody has described: whatever is in them is raw.
OPAQUE = {"presentment", "images"}

KEYS: dict[str, set[str]] = {
    place: set(names.split())
    for place, names in {
        "": """
            id refund_before_inspection state was_processed outcomes_processed_at created_at
            updated_at edited_at total outcome order_id order_name provider_order_id order_number
            provider_order_number customer origin_country origin_country_code multi_currency
            currency return_product_total return_discount_total return_tax_total return_total
            return_credit_total exchange_product_total exchange_discount_total exchange_tax_total
            exchange_total exchange_credit_total gift_card gift_card_order_name gift_card_order_id
            handling_fee refund upsell line_items exchanges carrier tracking_number label_status
            label_url label_rate status_page_url label_updated_at labels destination_id
            return_method package_reference type shopify_refund_object presentment
            gift_card_presentment refund_shipping_total refund_shipping_tax_total refund_duties_total provider_return_id
            customer_first_name customer_last_name customer_email exchange refunds
            exchange_order_name exchange_order_id topic trigger shop_id customer_detail address
            is_gift_return provider_order_external_id provider_order_sales_channel
            happy_returns_shipment_id
        """,
        "line_items": (
            "line_item_id provider_line_item_id product_id variant_id sku barcode title price discount tax refund "
            "refund_tax refund_item refund_shipping refund_shipping_tax returned_at exchange_variant return_reason "
            "parent_return_reason return_comment outcome provider_restock_location_id consolidation_tracking "
            "consolidation_destination_id condition disposition reason parent_reason comment line_item_title "
            "variant_title image"
        ),
        "line_items.condition": (
            "description condition_category return_processor note inspected_at images line_item_id"
        ),
        "line_items.condition.condition_category": "subject title grade category_name category_parent",
        "line_items.disposition": "disposition_outcome return_processor note inspected_at line_item_id",
        "exchanges": (
            "exchange_id exchange_order_id exchange_order_name product_id variant_id sku type title price discount tax "
            "total out_of_stock out_of_stock_resolution consolidation_tracking"
        ),
        "labels": _LABEL_KEYS,
        "refunds": "gateway amount currency provider_refund_id",
        "shopify_refund_object": "id return_id provider_refund_id provider_created_at created_at updated_at",
        "outcomes_processed_at": (
            "return_processed refund_processed gift_card_processed exchange_processed shop_cash_processed"
        ),
        "return_method": ("provider method_type address state rma_id qr_code_url scheduled_at scannable_id"),
        "return_method.address": _ADDRESS_KEYS,
        "address": _ADDRESS_KEYS,
        "customer_detail": "email first_name middle_name last_name",
    }.items()
}
_PHP_TIME = {"date", "timezone_type", "timezone"}


def find_unknown_keys(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys we have not met, each once, by their path: `line_items.gift_wrap`."""
    return tuple(dict.fromkeys(_unknown_keys(raw, place="")))


def find_unknown_words(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Words we have not met where we know a vocabulary: `label_status=on_a_boat`."""
    found = [f"{path}={word}" for path, known in WORDS.items() for word in _words_at(raw, path) if _is_new(word, known)]
    outcome = read_text(raw.get("outcome")) or ""
    found += [f"outcome={outcome}"] if any(_is_new(part.strip(), OUTCOMES) for part in outcome.split("+")) else []
    return tuple(dict.fromkeys(found))


def _unknown_keys(value: Any, *, place: str) -> Iterator[str]:
    for one in value if isinstance(value, list) else _entries_of(value, place=place):
        if not isinstance(one, Mapping) or set(one) <= _PHP_TIME:
            continue
        for key, inner in one.items():
            path = f"{place}.{key}" if place else str(key)
            if key not in KEYS.get(place, {key}):
                yield path
            elif key not in OPAQUE:
                yield from _unknown_keys(inner, place=path)


def _entries_of(value: Any, *, place: str) -> Iterable[Any]:
    """PHP writes a list with gaps in its numbering as an object."""
    is_numbered = isinstance(value, Mapping) and bool(value) and all(str(key).isdecimal() for key in value)
    return value.values() if is_numbered and place else [value]


def _words_at(raw: Mapping[str, Any], path: str) -> Iterator[str]:
    *places, key = path.split(".")
    rows: list[Any] = [raw]
    for place in places:
        rows = [one for row in rows for one in _entries_of(row.get(place), place=place)]
        rows = [one for row in rows for one in (row if isinstance(row, list) else [row]) if isinstance(one, Mapping)]
    words = [read_text(row.get(key)) for row in rows]
    yield from (word for word in words if word)


def _is_new(word: str, known: set[str]) -> bool:
    return bool(word) and word.lower() not in known
