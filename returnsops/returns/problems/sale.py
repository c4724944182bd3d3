"""What is returned, and the sale it is returned from: SKUs, the original order, the authorization."""

from returnsops.returns.problems.kinds import ACKNOWLEDGE, CHOOSE_LINE, MAP_SKU, ProblemKind

SALE: dict[str, ProblemKind] = {
    "sku_unmapped": ProblemKind(
        "SKU not found in NetSuite", "data", "sale",
        "Map the SKU to a NetSuite item. Everything that waits for it goes on by itself.", (MAP_SKU,),
    ),
    "sku_missing": ProblemKind(
        "Returned unit has no SKU", "finance", "sale",
        "Choose the line of the original order that this unit was sold on. Give the product a SKU in the shop, so that "
        "the next one is found.", (CHOOSE_LINE,),
    ),
    "item_differs": ProblemKind(
        "The mapped item is not the one that was sold", "data", "sale",
        "Compare the mapping with the order line and correct the mapping.", (MAP_SKU,),
    ),
    "item_inactive": ProblemKind(
        "The mapped item is inactive in NetSuite", "data", "exchange",
        "Activate the item in NetSuite, or map the SKU to another one. It is looked at again every minute, and the "
        "return goes on by itself.", (MAP_SKU,),
    ),
    "unit_not_on_order": ProblemKind(
        "Returned unit is not on the original order", "finance", "sale",
        "Choose the line of the original order that this unit came from.", (CHOOSE_LINE,),
    ),
    "sale_missing": ProblemKind(
        "Original order not found in NetSuite", "finance", "sale",
        "Check that the shop's connector brought the order over and that it is billed. We look again by ourselves.",
    ),
    "several_sales": ProblemKind(
        "More than one bill fits this order", "finance", "sale",
        "Void the bill that should not exist, or choose the order line of one unit: its bill is taken.", (CHOOSE_LINE,),
    ),
    "billed_in_parts": ProblemKind(
        "Units were billed on several documents", "finance", "sale",
        "Make one Return Authorization per bill in NetSuite, receive and credit them there, settle the return in Loop, "
        "then note here what you did: nothing is posted for this return. If such orders are usual, let the policy make "
        "authorizations from the order («rma_source»).", (ACKNOWLEDGE,),
    ),
    "order_unbilled": ProblemKind(
        "The returned order was never billed", "finance", "credit",
        "Bill the order in NetSuite; the credit goes on by itself. If it will not be billed, note it: a Credit Memo is "
        "made all the same, for a sale that the books do not show.", (ACKNOWLEDGE,),
    ),
    "rma_unapproved": ProblemKind(
        "The Return Authorization waits for its approval", "finance", "rma",
        "Approve it in NetSuite, or have its connector make them approved. The return goes on by itself.",
    ),
    "rma_missing": ProblemKind(
        "Another system has not made the Return Authorization", "finance", "rma",
        "Look whether the connector that makes them still runs. If this return needs none, note it; nothing more is "
        "expected of it then, but for the order of an exchange.", (ACKNOWLEDGE,),
    ),
    "unit_not_authorized": ProblemKind(
        "Units without an open line on the Return Authorization", "finance", "rma",
        "Add or open their lines on the Return Authorization in NetSuite, or take the units out of the return in Loop. "
        "It goes on by itself once both agree.",
    ),
    "rma_left_open": ProblemKind(
        "Return Authorization of an ended return is still open", "finance", "close_rma",
        "Nothing more comes for it. Credit what was received on it and close its other lines in NetSuite, or note why "
        "they stay open.", (ACKNOWLEDGE,),
    ),
}  # fmt: skip
