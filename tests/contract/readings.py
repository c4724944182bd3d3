"""Where the documents leave two readings open: the sandbox's switches for the other one, and our setting for it.

The first of each list is what the sandbox does unless told otherwise. Every expectation must hold under every reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.netsuite.options import ReceiptKey, WriteMode


@dataclass(frozen=True, kw_only=True)
class Reading:
    """switches: by their name in the sandbox; options: of our account; apply_line: what a refund names (U9)."""

    name: str
    switches: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    apply_line: int = 1
    version: str = "v1"


LOOP_READINGS = [
    Reading(name="sandbox"),
    Reading(name="newest version", version="2026-10", switches={"api_version": "2026-01"}),
    Reading(
        name="drifting shapes",
        switches={
            "drift.extra_fields": True,
            "drift.fee": "comma",
            "drift.null_for_na": True,
            "drift.unsorted_list": True,
            "drift.details_as_array": True,
            "drift.order_number": "null",
            "drift.refund_amounts": "number",
            "drift.outcome": "refund+credit",
            "drift.label_status": "lost_in_space",
        },
    ),
    Reading(
        name="other words and envelopes",
        switches={
            "unauthorized_shape": "text",
            "refusals": "bare",
            "next_url": "full",
            "cursor_ties": "repeated",
            "notes_envelope": "array",
            "no_notes": "empty",
            "note_limit": 17_000,
            "unknown_order": "error",
            "asn_states": "listed",
            "total": "moved",
            "unit_outcome": "real",
            "label_rate": "cents",
            "before_label": "pending",
            "presentment": "full",
            "details_currency": "presentment",
            "shop_cash": True,
            "state_lists": "accepted",
        },
    ),
]

NETSUITE_READINGS = [
    Reading(name="sandbox"),
    Reading(
        name="other words of queries",
        switches={
            "sql_status_form": "compound",
            "status_label_prefix": True,
            "sql_dates": "iso",
            "user_date_format": "D.M.YYYY",
            "sql_signs": "returns_negative",
            "sql_credit_totals": "negative",
            "sql_createdfrom_on_transaction": True,
            "sql_unknown_table": "search_type",
        },
    ),
    Reading(name="database in California", switches={"sql_time_zone": "America/Los_Angeles"}),
    Reading(name="rows by their line", switches={"receipt_key": "line"}, options={"receipt_key": ReceiptKey.LINE}),
    Reading(name="rows by either key", switches={"receipt_key": "either"}, options={"receipt_key": ReceiptKey.BOTH}),
    Reading(name="refunds name line 0", switches={"refund_apply_line": 0}, apply_line=0),
    Reading(
        name="asynchronous",
        switches={"async_delay_s": [0.0, 0.05], "async_location": "absolute"},
        options={"write_mode": WriteMode.ASYNC},
    ),
    Reading(name="forms first", options={"has_forms": True}),
    Reading(name="no forms", switches={"create_form": False}, options={"has_forms": True}),
    Reading(
        name="other envelopes",
        switches={
            "line_step": 3,
            "error_type_form": "rfc2616",
            "login_code": "INVALID_LOGIN_ATTEMPT",
            "created_status": 201,
            "timing_headers": False,
            "refusal_words": "other",
            "record_changed_status": 409,
        },
    ),
    Reading(
        name="other preferences",
        switches={
            "default_return_status": "A",
            "default_items_to_zero": True,
            "rma_bumped_by_children": False,
            "auto_apply_default": True,
            "status_formula": "by_receipt",
            "credits_move_stock": False,
            "restock": "ignored",
        },
    ),
    Reading(
        name="SuiteTax, one company", switches={"tax_engine": "suitetax", "tax_rounding": "document", "oneworld": False}
    ),
    Reading(name="source named on each row", options={"sends_order_doc": True}),
]
