"""The goods: on their way, at the warehouse, in stock."""

from returnsops.returns.problems.kinds import ACKNOWLEDGE, CHOOSE_LINE, SAY_GOODS, ProblemKind

GOODS: dict[str, ProblemKind] = {
    "parcel_overdue": ProblemKind(
        "Parcel is on its way for too long", "warehouse", "arrival",
        "Ask the carrier. If it is lost, mark the units missing; nothing is refunded for them unless finance says so.",
    ),
    "no_parcel": ProblemKind(
        "Settled in Loop, and no parcel is under way", "finance", "arrival",
        "Ask the customer for the parcel. If it does come, do nothing: it is inspected as always. Note it if the "
        "customer keeps the goods: they are credited without a receipt, once approved. If they are lost, mark the "
        "units missing.", (ACKNOWLEDGE,),
    ),
    "inspection_overdue": ProblemKind(
        "Delivered but not inspected", "warehouse", "inspection",
        "Find the parcel and inspect its units. If it never came, tell the carrier and mark the units missing.",
    ),
    "hold_overdue": ProblemKind(
        "Units lie on hold for too long", "warehouse", "",
        "Judge them again at the inspection station: sellable, damaged or scrapped.",
    ),
    "restock_uninspected": ProblemKind(
        "Back on sale in the shop, and not inspected", "warehouse", "restock",
        "Find the parcel and inspect its units. If they never came, take them out of the shop's stock and mark them "
        "missing.",
    ),
    "restocked_unsellable": ProblemKind(
        "On sale in the shop, and not sellable", "data", "",
        "Loop put the piece back into the shop's stock, and it is not there to be sold: take it off sale in the shop, "
        "unless NetSuite's stock overwrites the shop's, then note it. To end this for good, switch off Loop's restock: "
        "what is sellable comes with NetSuite's stock.", (ACKNOWLEDGE,),
    ),
    "wrong_item": ProblemKind(
        "Another item lay in place of the returned one", "finance", "found",
        "Ask the customer. Nothing is paid for the declared unit, and Loop is not asked to settle before you say what "
        "becomes of what came. If the right unit is on its way, wait: once it is inspected the return goes on with it.",
        (SAY_GOODS,),
    ),
    "undeclared_item": ProblemKind(
        "Goods in the parcel that are not on the return", "finance", "found",
        "Find out whose they are and say what becomes of them. Nobody is paid for them here; the return goes on "
        "meanwhile. If they should be refunded, have them added to a return in Loop.", (SAY_GOODS,),
    ),
    "kit_to_move": ProblemKind(
        "A kit lies elsewhere than its inspection says", "finance", "shelve",
        "NetSuite keeps only a kit's members in stock, and does not tell us which these are. Have them entered under "
        "Items in the admin: it goes on by itself. Or move them in NetSuite by an Inventory Transfer, or write them "
        "off by an Inventory Adjustment, then note it.", (ACKNOWLEDGE,),
    ),
    "kit_to_receive": ProblemKind(
        "A kit has to be received by hand", "warehouse", "receipt",
        "NetSuite takes no inventory status for a kit's members from outside, and would put them up for sale. Receive "
        "the kit on its Return Authorization in NetSuite, or move it there if it is received, give each member its "
        "status, write off what was scrapped, then note it.", (ACKNOWLEDGE,),
    ),
    "status_to_change": ProblemKind(
        "A unit lies in another inventory status than its inspection says", "finance", "shelve",
        "NetSuite lets nobody change a status from outside. Make an Inventory Status Change there, then note it.",
        (ACKNOWLEDGE,),
    ),
    "category_untold": ProblemKind(
        "Nobody told the category of a unit on hold", "data", "shelve",
        "See that the NetSuite account in the admin names the field of the category, and that our role may read the "
        "item. Or put a rule of places for its SKU before that of the category. It goes on by itself.",
    ),
    "kit_part_returned": ProblemKind(
        "Part of a kit came back", "finance", "sale",
        "NetSuite takes a kit's line back only as a whole. If the whole kit lies there as one unit, choose its line. "
        "If the part came alone, book all of this return by hand: make a Return Authorization in NetSuite for the "
        "part's item and for every other unit, receive, credit and refund there, settle the return in Loop, then note "
        "here which documents you made. Or take the part out of the return in Loop: the rest goes on by itself.",
        (CHOOSE_LINE, ACKNOWLEDGE),
    ),
    "receipt_missing": ProblemKind(
        "Another system has not made the Item Receipt", "warehouse", "receipt",
        "Look whether the system that receives goods still runs, or receive the units in NetSuite; it goes on by "
        "itself. Note it only if they will never be received: NetSuite takes no credit of ours then, so credit and "
        "refund this return by hand, have Loop settle it, and close its authorization.", (ACKNOWLEDGE,),
    ),
    "receipt_changed": ProblemKind(
        "Fewer units are received in NetSuite than we posted", "finance", "receipt",
        "Somebody changed the Item Receipt. Correct it in NetSuite; the credit goes on by itself once it holds every "
        "accepted unit.",
    ),
    "received_unaccepted": ProblemKind(
        "Units were received on arrival and not accepted", "finance", "shelve",
        "Take them off the Item Receipt in NetSuite; it goes on by itself once the receipt holds accepted units only. "
        "If they stay in stock for another reason, note what was agreed.", (ACKNOWLEDGE,),
    ),
    "removed_after_receipt": ProblemKind(
        "The warehouse accepted a unit that Loop has taken out of the return", "finance", "inspection",
        "Find out why it was taken out in Loop. Pay the customer outside or send the goods back, correct the receipt "
        "in NetSuite if they leave, then note what was agreed.", (ACKNOWLEDGE,),
    ),
    "late_unit": ProblemKind(
        "A unit came after it was taken off the return", "finance", "",
        "It is paid for by nobody and on no receipt. Settle it by hand: receive and refund it, or send it back; then "
        "note what you did.", (ACKNOWLEDGE,),
    ),
    "kept_unit_came": ProblemKind(
        "A unit came that the customer was to keep", "finance", "",
        "The customer has been paid for it, and it is on no receipt. Take it into stock in NetSuite by an Inventory "
        "Adjustment, or send it back; then note what you did.", (ACKNOWLEDGE,),
    ),
    "ended_after_receipt": ProblemKind(
        "Cancelled after the goods were received", "finance", "close_rma",
        "Decide whether the customer gets the goods back or the money. Note what was agreed.", (ACKNOWLEDGE,),
    ),
    "parcel_of_ended_return": ProblemKind(
        "A parcel came for a return that has ended", "warehouse", "close_rma",
        "Ask finance what was agreed with the customer. If they are to be paid, have the return opened again in Loop: "
        "it goes on by itself. Else send the goods back or keep them, and note it here.", (ACKNOWLEDGE,),
    ),
}  # fmt: skip
