"""Which path asks for what, and the scope a key needs for it (loop.md 2)."""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.sandbox.loop import (
    actions,
    destinations,
    details,
    fraud,
    inspections,
    labels,
    links,
    listing,
    notes,
    notice,
    orders,
    shipments,
    subscriptions,
)
from integrations.sandbox.loop.call import Answer, Call


@dataclass(frozen=True)
class Route:
    method: str
    path: tuple[str, ...]  # "*" is an open place
    scope: str
    work: Callable[[Call], Answer]


def _route(line: str, scope: str, work: Callable[[Call], Answer]) -> Route:
    method, _, path = line.partition(" ")
    return Route(method, tuple(path.split("/")), scope, work)


ROUTES = (
    _route("GET warehouse/return/list", "returns", listing.list_returns),
    _route("GET warehouse/return/details", "returns", details.return_details),
    _route("GET warehouse/reporting/asn", "returns", notice.shipping_notice),
    _route("GET warehouse/return/*/notes", "returns", notes.list_notes),
    _route("POST warehouse/return/*/note", "returns", notes.write_note),
    _route("POST warehouse/return/*/process", "returns", actions.process),
    _route("POST warehouse/return/*/remove", "returns", actions.remove),
    _route("POST warehouse/return/*/cancel", "returns", actions.cancel),
    _route("POST warehouse/return/*/flag", "returns", actions.flag),
    _route("POST warehouse/return/*/close", "returns", actions.close),
    _route("POST returns/*/labels", "returns", labels.generate_label),
    _route("POST returns/*/fraud-report", "returns", fraud.report_fraud),
    _route("DELETE returns/*/fraud-report", "returns", fraud.withdraw_report),
    _route("POST dispositioning/grade", "returns", inspections.grade),
    _route("POST dispositioning/assess", "returns", inspections.assess),
    _route("GET webhooks", "developer_tools", subscriptions.list_all),
    _route("POST webhooks", "developer_tools", subscriptions.create),
    _route("GET webhooks/*", "developer_tools", subscriptions.read),
    _route("PUT webhooks/*", "developer_tools", subscriptions.change),
    _route("DELETE webhooks/*", "developer_tools", subscriptions.delete),
    _route("GET destinations", "destinations_read", destinations.list_all),
    _route("GET destinations/*", "destinations_read", destinations.read),
    _route("POST destinations", "destinations_write", destinations.create),
    _route("PUT destinations/*", "destinations_write", destinations.change),
    _route("DELETE destinations/*", "destinations_write", destinations.delete),
    _route("GET label-requests", "label_requests_read", labels.list_requests),
    _route("GET label-requests/*", "label_requests_read", labels.read_request),
    _route("POST label-requests/*/errors", "label_requests_write", labels.report_error),
    _route("POST labels", "labels_write", labels.create_label),
    _route("PUT labels/*", "labels_write", labels.change_status),
    _route("GET orders", "orders", orders.list_orders),
    _route("POST orders", "orders", orders.upsert),
    _route("PUT orders", "orders", orders.upsert),
    _route("POST orders/return-eligibility", "orders", orders.check_eligibility),
    _route("GET orders/external/*", "orders", orders.read_by_external_id),
    _route("GET orders/*", "orders", orders.read),
    _route("POST order/link", "orders", links.make_link),
    _route("POST order/qr", "orders", links.make_qr),
    _route("GET happy-returns/shipments", "happy_returns_shipments_read", shipments.list_all),
    _route("GET happy-returns/shipments/*", "happy_returns_shipments_read", shipments.read),
    _route("GET happy-returns/shipments/*/items", "happy_returns_shipments_read", shipments.list_items),
)


def find_route(method: str, path: list[str]) -> tuple[Route | None, tuple[str, ...]]:
    """The first that fits, and what stood in its open places."""
    for route in ROUTES:
        if route.method == method and len(route.path) == len(path):
            pairs = list(zip(route.path, path, strict=True))
            if all(wanted in ("*", given) for wanted, given in pairs):
                return route, tuple(given for wanted, given in pairs if wanted == "*")
    return None, ()
