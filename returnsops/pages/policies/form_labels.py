"""The words beside the fields of the form: topic, label, help. A setting with a field of its own has them there."""

LABELS = {
    "rma_trigger": ("Goods", "A Return Authorization is made", ""),
    "rma_source": ("Goods", "A Return Authorization is made from", ""),
    "receipt_trigger": (
        "Goods",
        "Units are received",
        "Whatever is chosen: only a person's judgement makes them sellable.",
    ),
    "receipt_shape": ("Goods", "Received units go", ""),
    "refund_authority": ("Money", "Who goes first", ""),
    "credit_lines": ("Money", "Lines of a credit", ""),
    "exchange_order": ("Exchanges", "An exchange order", ""),
    "exchange_form": ("Exchanges", "The new items come", ""),
    "exchange_timing": ("Exchanges", "The exchange order should exist", "Its clock starts then."),
    "exchange_link_field": ("Exchanges", "Field for the original order", "Script id, such as custbody_original_order."),
    "exchange_settlement": ("Exchanges", "An exchange is settled with", ""),
    "exchange_stock": ("Exchanges", "Goods of an exchange order that ReturnsOps creates are", ""),
    "exchange_address": ("Exchanges", "An exchange order that ReturnsOps creates goes", ""),
    "tolerance_per_line": ("Money", "Accepted difference a line", "In the shop's currency, such as 0.01."),
    "tolerance_share": ("Money", "and as a share of the goods", "0.005 is half a percent. The lesser of both holds."),
    "approval_above": (
        "Money",
        "Ask finance before any credit above",
        "New goods of an exchange count. Empty: no credit needs it for its size.",
    ),
    "prices_include_tax": ("Money", "Loop's prices include the tax", "It is then taken out when a return is read."),
    "duties_field": (
        "Money",
        "Where Loop tells duties that it gave back",
        "Loop's name of the amount. Empty: nowhere.",
    ),
    "kept_items": ("Goods", "That a customer keeps the goods is known", ""),
    "grades_when_ended": (
        "Told to Loop",
        "Tell it of returns that are over, too",
        "Loop documents nowhere whether it takes either for a closed or cancelled return.",
    ),
    "read_back": (
        "Checks",
        "What is compared with what was sent",
        "A receipt or a transfer may be trusted, a document about money never.",
    ),
    "read_back_share": (
        "Checks",
        "Share of the documents without a risk",
        "0.1 is one in ten. It counts only where not every document is read back.",
    ),
}
