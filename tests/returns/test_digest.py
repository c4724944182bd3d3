"""One digest for what a return says, whoever told it; another for every change that matters."""

from typing import Any

import pytest

from integrations.loop.parsing import parse_return
from returnsops.returns.digest import digest_of
from tests.builders import details_payload, unit_payload


def digest(*, is_detailed: bool = True, **changes: Any) -> str:
    return digest_of(parse_return(details_payload(**changes), is_detailed=is_detailed))


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "closed"},
        {"handling_fee": "5.00"},
        {"label_status": "delivered"},
        {"was_processed": True},
        {"outcomes_processed_at": {"refund_processed": {"date": "2026-11-18 10:00:00.000000", "timezone": "UTC"}}},
        {"line_items": [unit_payload(387001)]},
        {"line_items": [unit_payload(387001), unit_payload(387002, tax="5.75")]},
        {"exchanges": [{"exchange_id": 1, "sku": "BOOT-43", "total": "77.76", "exchange_order_id": 9}]},
        {"labels": [{"tracking_number": "1Z999", "status": "in_transit", "line_items": [387001]}]},
    ],
)
def test_change_that_matters_changes_the_digest(changes: dict[str, Any]) -> None:
    assert digest(**changes) != digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"is_detailed": False, "provider_order_id": 5873120045678},
        {"refunds": [{"gateway": "manual", "amount": "1.00"}]},
        {"edited_at": "2026-11-18 10:00:00"},
        {"provider_return_id": 8801},
        {"refund": "155.520", "handling_fee": 0},
        {"line_items": [unit_payload(387002), unit_payload(387001)]},
        {"label_url": "https://labels.example.com/a.pdf?signature=2"},
        {"a_key_from_next_year": True},
    ],
)
def test_what_the_calls_tell_apart_or_in_another_order_does_not(changes: dict[str, Any]) -> None:
    assert digest(**changes) == digest()
