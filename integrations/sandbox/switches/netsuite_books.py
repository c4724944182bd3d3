"""The switches of NetSuite's books. Names under "accounts" in the settings set one for a single account."""

from integrations.sandbox.switches.declare import Switch, choice, flag, zone

SWITCHES: tuple[Switch, ...] = (
    choice("netsuite.sql_status_form", ("letter", "compound"), "status in SuiteQL: `B`, or `RtnAuth:B` (U4)"),
    flag("netsuite.status_label_prefix", False, "`Return Authorization : Pending Receipt` as the label of a status"),
    zone(
        "netsuite.sql_time_zone", "UTC", "of `SYSDATE` and date-times; reported of real ones: America/Los_Angeles (U5)"
    ),
    choice("netsuite.sql_dates", ("user", "iso"), "bare date columns: `5/4/2026` without their time, or ISO (U5)"),
    choice("netsuite.default_return_status", ("B", "A"), "of a return authorization when the request names none"),
    choice("netsuite.default_order_status", ("B", "A"), "of a sales order when the request names none"),
    flag("netsuite.refund_in_advance", False, "credits need not wait for receipts (U13)"),
    flag("netsuite.default_items_to_zero", False, "rows left out of a receipt receive nothing; off: in full (U3)"),
    flag("netsuite.allow_overage", False, "receipts above the remaining quantity"),
    choice("netsuite.receipt_key", ("orderLine", "line", "either"), "what names the row of a receipt (U2)"),
    choice("netsuite.restock", ("rejected", "ignored", "accepted"), "`restock` on rows of a receipt (U1)"),
    choice("netsuite.refund_apply_line", (1, 0), "the `line` a customer refund must name (U9)"),
    flag("netsuite.credits_move_stock", True, "goods on a credit without an RMA come back into stock"),
    flag("netsuite.rma_bumped_by_children", True, "receipts and credits move the RMA's `lastmodifieddate` (U7)"),
    flag("netsuite.auto_apply_default", False, "credits apply themselves when the request is silent (U8)"),
)
