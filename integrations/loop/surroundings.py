"""What else Loop tells about a return: notes, the shipping notice, destinations, boxes of a drop-off network."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from integrations.http import HttpAnswer
from integrations.loop.answers import read_answer, unreadable_answer
from integrations.loop.beside import (
    LoopNote,
    ShipmentItem,
    ShippingNoticeRow,
    parse_note,
    parse_shipment_item,
    parse_shipping_notice_row,
)
from integrations.loop.parsing import parse_destination
from integrations.loop.records import LoopDestination
from integrations.loop.transport import LoopTransport, follow_pages, return_path

NOTICE_DAYS_MAX = timedelta(days=119)  # refused above 120 from version 2026-10 on


class Surroundings(LoopTransport):
    def list_notes(self, return_id: str) -> tuple[LoopNote, ...]:
        """The return's timeline. One without notes is answered with 422 and false (loop.md §2.6)."""
        return self._ask("list_notes", return_path(return_id, "notes"), _read_notes)

    def list_shipping_notice(self, day_from: date, day_to: date) -> tuple[ShippingNoticeRow, ...]:
        """A row per returned unit; the only place that tells closing and delivery (loop.md §2.9)."""
        assert timedelta(0) <= day_to - day_from <= NOTICE_DAYS_MAX, f"{day_from} to {day_to}"
        params = {"from": day_from.isoformat(), "to": day_to.isoformat()}
        rows = self._list_rows("list_shipping_notice", "/warehouse/reporting/asn", key="data", params=params)
        return tuple(parse_shipping_notice_row(row) for row in rows)

    def list_destinations(self) -> tuple[LoopDestination, ...]:
        rows = self._list_rows("list_destinations", "/destinations", key="destinations")
        return tuple(parse_destination(row) for row in rows)

    def list_shipment_items(self, loop_shipment_id: str) -> tuple[ShipmentItem, ...]:
        """What is in one consolidated box of the drop-off network, by Loop's own id of the box."""
        pages = follow_pages(self._shipment_pages(loop_shipment_id), operation="list_shipment_items")
        return tuple(parse_shipment_item(row) for rows in pages for row in rows)

    def _shipment_pages(self, loop_shipment_id: str) -> Iterator[list[Any]]:
        """How they are paged is not told: by what the address of the next page asks for, whatever that is."""
        path = f"/happy-returns/shipments/{quote(loop_shipment_id, safe='')}/items"
        asked: list[dict[str, str]] = [{}]
        while True:
            body, answer = self._read("list_shipment_items", path, params=asked[-1])
            rows = body.get("data", body.get("items")) if isinstance(body, Mapping) else body
            if not isinstance(rows, list):
                detail = "no list of items in the answer"
                raise unreadable_answer(answer, operation="list_shipment_items", detail=detail)
            yield rows
            next_url = body.get("next_page_url") if isinstance(body, Mapping) else None
            if not rows or not next_url:
                return
            asked.append(dict(parse_qsl(urlsplit(str(next_url)).query)))
            if asked[-1] in asked[:-1]:
                detail = f"the next page is one that was read: {next_url}"
                raise unreadable_answer(answer, operation="list_shipment_items", detail=detail)


def _read_notes(answer: HttpAnswer) -> tuple[LoopNote, ...]:
    if answer.status == 422 and answer.text.strip() in ("false", '"false"'):
        return ()
    body = read_answer(answer, operation="list_notes")
    rows = body.get("notes") if isinstance(body, Mapping) else body
    if not isinstance(rows, list):
        raise unreadable_answer(answer, operation="list_notes", detail="no list of notes in the answer")
    return tuple(parse_note(row) for row in rows)
