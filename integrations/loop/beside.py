"""What stands beside a return: notes, the shipping notice, parcels of a drop-off network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.loop.fields import Fields, storable_object


@dataclass(frozen=True, kw_only=True)
class LoopNote:
    id: str
    content: str
    created_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ShippingNoticeRow:
    """One returned unit of the shipping notice, the only place that tells closing and delivery (loop.md §2.9)."""

    return_id: str
    line_item_id: str
    state: str | None
    outcome: str | None
    sku: str | None
    label_status: str | None
    tracking_number: str | None
    restock_status: str | None  # no list of its words is known
    closed_at: datetime | None
    delivered_at: datetime | None
    updated_at: datetime | None
    actioned_by: str | None
    destination_id: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class ShipmentItem:
    """One unit in a consolidated box of a drop-off network; its keys are inferred."""

    return_id: str
    line_item_id: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


def parse_note(raw: object) -> LoopNote:
    fields = Fields(storable_object(raw, name="note"), name="note", id_key="id")
    return LoopNote(
        id=fields.needed(fields.id("id"), key="id"),
        content=fields.text("content") or "",
        created_at=fields.time("created_at"),
    )


def parse_shipping_notice_row(raw: object) -> ShippingNoticeRow:
    fields = Fields(storable_object(raw, name="shipping notice row"), name="shipping notice row", id_key="id")
    return ShippingNoticeRow(
        return_id=fields.needed(fields.id("id"), key="id"),
        line_item_id=fields.needed(fields.id("return_line_item_id"), key="return_line_item_id"),
        state=fields.text("state"),
        outcome=fields.text("outcome"),
        sku=fields.text("sku"),
        label_status=fields.text("label_status"),
        tracking_number=fields.text("tracking_number"),
        restock_status=fields.text("restock_status"),
        closed_at=fields.time("closed_at"),
        delivered_at=fields.time("date_delivered"),
        updated_at=fields.time("updated_at"),
        actioned_by=fields.text("actioned_by"),
        destination_id=fields.id("destination_id"),
        raw=fields.raw,
    )


def parse_shipment_item(raw: object) -> ShipmentItem:
    fields = Fields(storable_object(raw, name="shipment item"), name="shipment item", id_key="id")
    nested = fields.raw.get("return")
    inner = Fields(nested if isinstance(nested, Mapping) else {}, name="return", id_key="id")
    return_id = fields.id("return_id", "loop_return_id") or inner.id("id")
    return ShipmentItem(
        return_id=fields.needed(return_id, key="return_id"),
        line_item_id=fields.id("line_item_id", "return_line_item_id"),
        raw=fields.raw,
    )
