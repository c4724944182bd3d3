"""The shipping notice: one row per returned unit, with what no other call tells (loop.md 2.9)."""

from datetime import UTC, date, datetime, timedelta

from integrations.sandbox.loop import views
from integrations.sandbox.loop.call import Answer, Call, Json, invalid
from integrations.sandbox.loop.destinations import load_destination
from integrations.sandbox.loop.listing import (
    SHOWN_BY_DEFAULT,
    STATES,
    WINDOW_MAX,
    Window,
    as_text,
    find_returns,
    read_moment,
)
from integrations.sandbox.loop.model import LoopReturn, Parcel, Unit
from integrations.sandbox.loop.views import with_zone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def shipping_notice(call: Call) -> Answer:
    """Default: one week back to the end of today. From 2026-10 a range above 120 days is refused."""
    now = call.engine.clock.now()
    start = _read_day(call.query("from"), default=now - timedelta(days=7))
    end = _read_day(call.query("to"), default=now) + DAY
    if call.is_from_2026_10 and end - start > WINDOW_MAX + DAY:
        return invalid("to", text="The date range must not be greater than 120 days.")
    states = STATES if call.rules.text("loop.asn_states") == "all" else SHOWN_BY_DEFAULT
    window = Window("created_at", start=as_text(start), end=as_text(end - timedelta(seconds=1)), states=states)
    return [row for one in find_returns(call, window) for row in _rows(call, one)], 200


def _read_day(text: str | None, *, default: datetime) -> datetime:
    """A day nobody can read silently becomes the epoch."""
    if not text:
        return default.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return read_moment(date.fromisoformat(text).isoformat(), field="from")
    except ValueError:
        return EPOCH


def _rows(call: Call, loop_return: LoopReturn) -> list[Json]:
    row = views.list_row(loop_return, shop=call.shop, rules=call.rules)
    place = _place(call, loop_return)
    return [
        _row(call, loop_return, unit=unit, header=row, place=place) for unit in loop_return.units if not unit.removed
    ]


def _row(call: Call, loop_return: LoopReturn, *, unit: Unit, header: Json, place: Json) -> Json:
    parcel = _parcel_of(loop_return, unit=unit)
    method = loop_return.return_method or {}
    return {
        "id": loop_return.id,
        "return_line_item_id": unit.line_item_id,
        **{key: header[key] for key in ("order_id", "order_name", "order_number", "provider_order_number", "state")},
        "customer_email": loop_return.email,
        "title": f"{unit.title} - {unit.option}",
        "purchase_price": views.money(unit.price - unit.discount),
        "sku": unit.sku,
        "barcode": unit.barcode,
        **_parcel_columns(parcel),
        "restock_status": call.rules.text("loop.drift.restock_status") or loop_return.restock_status,
        "currency": loop_return.currency,
        "label_updated_at": with_zone(parcel.updated_at) if parcel else None,
        "label_url": parcel.url if parcel else None,
        "label_rate": header["label_rate"],
        "closed_at": with_zone(loop_return.closed_at),
        "updated_at": header["updated_at"],
        "created_at": header["created_at"],
        "return_reason": unit.reason,
        "actioned_by": loop_return.actioned_by,
        "return_method": method.get("method_type"),
        "return_method_rma_code": method.get("rma_id"),
        "return_method_state": method.get("state"),
        "date_delivered": with_zone(loop_return.delivered_at),
        "outcome": unit.outcome,
        "scannable_id": unit.bag_barcode or method.get("scannable_id"),
        "package_reference": loop_return.package_reference,
        "shipping_box_barcode": loop_return.consolidation_tracking and f"BOX-{loop_return.id}",
        "provider_created_at": with_zone(f"{loop_return.created_at[:10]} 00:00:00"),
        **place,
        "consolidation_tracking": loop_return.consolidation_tracking,
    }


def _parcel_of(loop_return: LoopReturn, *, unit: Unit) -> Parcel | None:
    mine = [one for one in loop_return.parcels if unit.line_item_id in one.line_item_ids and one.status is not None]
    return mine[0] if mine else None


def _parcel_columns(parcel: Parcel | None) -> Json:
    if parcel is None:
        return dict.fromkeys(("carrier", "service", "label_status", "tracking_number", "integration_tracking_url"))
    return {
        "carrier": parcel.carrier,
        "service": "Ground",
        "label_status": parcel.status,
        "tracking_number": parcel.tracking_number,
        "integration_tracking_url": f"https://track.example.com/{parcel.tracking_number}",
    }


def _place(call: Call, loop_return: LoopReturn) -> Json:
    found = load_destination(call.engine.store, call.shop, loop_return.destination_id)
    columns = ("address1", "address2", "city", "state", "zip")
    address = found["address"] if found else {}
    return {
        "destination_id": loop_return.destination_id,
        "destination_name": found["name"] if found else None,
        **{f"destination_{name}": address.get(name) for name in columns},
    }
