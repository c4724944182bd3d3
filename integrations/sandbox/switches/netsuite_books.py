"""The switches of NetSuite's books. Names under "accounts" in the settings set one for a single account."""

from integrations.sandbox.switches.declare import Switch, choice, flag, number, words, zone

PREFERENCES: tuple[Switch, ...] = (
    flag("netsuite.oneworld", True, "several subsidiaries; off: no such record, no such column"),
    flag("netsuite.advanced_receiving", True, "item receipts exist; off: goods come in with the credit"),
    flag("netsuite.advanced_shipping", True, "off: saving a fulfilment bills the order too"),
    flag("netsuite.bins", False, "bins in locations that use them"),
    flag("netsuite.inventory_status", False, "stock has a status: Good, Inspection, Damaged …"),
    choice("netsuite.default_return_status", ("B", "A"), "of a return authorization when the request names none"),
    choice("netsuite.default_order_status", ("B", "A"), "of a sales order when the request names none"),
    flag("netsuite.refund_in_advance", False, "credits need not wait for receipts (U13)"),
    flag("netsuite.default_items_to_zero", False, "rows left out of a receipt receive nothing; off: in full (U3)"),
    flag("netsuite.allow_overage", False, "receipts above the remaining quantity"),
    flag("netsuite.restock_returned_items", True, "what receipts do when nothing is said of `restock`"),
    flag("netsuite.minimum_return_quantity", False, "an RMA may not hold less than the item's minimum quantity"),
    flag("netsuite.date_outside_period", False, "a transaction's date may lie outside its posting period"),
    flag("netsuite.unique_customer_emails", False, "two customers may not share an address"),
    words("netsuite.mandatory_fields", "fields the account's forms demand, as `creditMemo.location`"),
    words("netsuite.failing_scripts", "record types whose saving a script of the account forbids"),
)
READINGS: tuple[Switch, ...] = (
    choice("netsuite.receipt_key", ("orderLine", "line", "either"), "what names the row of a receipt (U2)"),
    choice("netsuite.restock", ("rejected", "ignored", "accepted"), "`restock` on rows of a receipt (U1)"),
    choice("netsuite.refund_apply_line", (1, 0), "the `line` a customer refund must name (U9)"),
    choice(
        "netsuite.refund_method_field",
        ("paymentOption", "paymentMethod", "either"),
        "the field of refunds that names how they are paid",
    ),
    flag("netsuite.refund_method_required", True, "a customer refund has to say how it is paid"),
    flag("netsuite.credits_move_stock", True, "goods on a credit without an RMA come back into stock"),
    flag("netsuite.rma_bumped_by_children", True, "receipts and credits move the RMA's `lastmodifieddate` (U7)"),
    flag("netsuite.auto_apply_default", False, "credits apply themselves when the request is silent (U8)"),
    choice("netsuite.auto_apply_order", ("oldest", "source"), "the oldest invoice first, or the returned one (U8)"),
    choice("netsuite.status_formula", ("by_credit", "by_receipt"), "a part received and credited: D, or E (U13)"),
    choice("netsuite.rma_cancel", ("refused", "accepted"), "`orderStatus` C on a return authorization (U14)"),
    choice(
        "netsuite.inventory_detail",
        ("accepted", "static", "ignored"),
        "`inventoryDetail` on rows of a receipt: taken, refused as a static sublist, or passed over (U15)",
    ),
    choice(
        "netsuite.created_from_on_post",
        ("unlinked", "ignored", "linked"),
        "`createdFrom` on a plain POST: header only, not at all, or lines too (U17)",
    ),
    choice("netsuite.refusal_words", ("assumed", "other"), "texts nobody has captured: as assumed, or not (U6)"),
    choice("netsuite.crossing_transforms", ("refused", "both"), "two transforms of one source at once"),
    choice("netsuite.record_changed_status", (400, 409), "of RCRD_HAS_BEEN_CHANGED"),
    choice("netsuite.extra_decimals", ("refused", "rounded"), "amounts finer than their currency"),
    choice("netsuite.tax_engine", ("legacy", "suitetax"), "which tax fields records show (U10)"),
    choice("netsuite.tax_rounding", ("line", "document"), "where cents of tax are rounded (U10)"),
    choice("netsuite.rest_tax", ("computed", "none"), "tax of what REST writes: as in the screens, or left out (U10)"),
    number(
        "netsuite.saved_credit_adds", 0.0, "tax of a saved credit beyond what its create-form showed (U10)", low=-1000,
        high=1000,
    ),
    choice("netsuite.gross_amount", ("recalculates", "ignored"), "`grossAmt` sent; before 2026.1 ignored"),
    choice("netsuite.order_discount_on_transform", ("copied", "dropped"), "a discount of the whole order"),
)  # fmt: skip
SUITEQL: tuple[Switch, ...] = (
    choice("netsuite.sql_status_form", ("letter", "compound"), "status in SuiteQL: `B`, or `RtnAuth:B` (U4)"),
    flag("netsuite.status_label_prefix", False, "`Return Authorization : Pending Receipt` as the label of a status"),
    zone("netsuite.sql_time_zone", "UTC", "of date-times, and of `SYSDATE`; real ones: America/Los_Angeles (U5)"),
    choice(
        "netsuite.sql_sysdate_zone",
        ("", "UTC", "America/Los_Angeles"),
        "of `SYSDATE` alone, where it differs from that of date-times (U5)",
    ),
    choice("netsuite.sql_dates", ("user", "iso"), "bare date columns: `5/4/2026` without their time, or ISO (U5)"),
    choice(
        "netsuite.user_date_format",
        ("M/D/YYYY", "D/M/YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "D-Mon-YYYY", "D.M.YYYY", "YYYY-MM-DD"),
        "the user's preference for dates",
    ),
    choice(
        "netsuite.sql_signs",
        ("sales_negative", "returns_negative", "positive"),
        "whose quantities and amounts are negative on their rows",
    ),
    choice("netsuite.sql_credit_totals", ("positive", "negative"), "`foreigntotal` of credits and cash refunds"),
    flag("netsuite.sql_createdfrom_on_transaction", False, "the header has `createdfrom` too"),
    choice("netsuite.sql_unknown_table", ("record", "search_type"), "the words for a table nobody knows"),
    words("netsuite.sql_refused_tables", "tables this role does not see, as `inventorybalance`"),
)
SWITCHES: tuple[Switch, ...] = (*PREFERENCES, *READINGS, *SUITEQL)
