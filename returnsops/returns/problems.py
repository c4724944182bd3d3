"""Problems: what stands in the way of a return, as values. A case is opened for them higher up."""

from dataclasses import dataclass, replace
from decimal import Decimal

from returnsops.lib.money import ZERO


@dataclass(frozen=True)
class Problem:
    """One thing a person must look at.

    subject: what it is about; returns with the same code and subject share one case.
    cause: what happened, as a sentence. expected/found: the two differing values, if there are two.
    amount: money at stake in the shop's currency.
    seen_hash: what an approval of it would be bound to.
    """

    code: str
    subject: str
    cause: str
    expected: str = ""
    found: str = ""
    amount: Decimal = ZERO
    seen_hash: str = ""
    posting: str = ""
    words: str = ""  # the other side's own words
    detail: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        assert self.code in KINDS, f"problem code {self.code} is not in the catalogue"

    def is_like(self, other: "Problem") -> bool:
        """They share a case."""
        return (self.code, self.subject) == (other.code, other.subject)

    def joined_with(self, other: "Problem") -> "Problem":
        """Both in one, with the words of both; and the larger amount, since both may be about the same money."""
        return replace(
            self,
            cause=_joined(" ", self.cause, other.cause),
            expected=_joined("; ", self.expected, other.expected),
            found=_joined("; ", self.found, other.found),
            words=_joined(" ", self.words, other.words),
            amount=max(self.amount, other.amount),
            posting=self.posting or other.posting,
            detail=tuple(dict.fromkeys([*self.detail, *other.detail])),
        )


def _joined(between: str, *words: str) -> str:
    """Each once: what only begins or ends inside of another, as 10.00 USD in 110.00 USD, is not said by it."""
    first, second = (f"{between}{one}{between}" for one in words)
    return words[0] if second in first else between.join(one for one in words if one)


@dataclass(frozen=True)
class ProblemKind:
    """How a code is shown: title, who settles it, what to do, which buttons help."""

    title: str
    role: str
    advice: str
    actions: tuple[str, ...] = ()


(
    APPROVE, CORRECT_DATE, CHOOSE_LINE, RETRY, ACKNOWLEDGE, MAP_SKU, CAUSE_GONE, ADOPT, POST_AGAIN, CANCEL,
    SEND_AFTER_ALL, SAY_GOODS,
) = (
    "approve", "correct_date", "choose_line", "retry", "acknowledge", "map_sku", "cause_gone", "adopt",
    "post_again", "cancel", "send_after_all", "say_goods",
)  # fmt: skip

KINDS: dict[str, ProblemKind] = {
    "sku_unmapped": ProblemKind(
        "SKU not found in NetSuite", "data",
        "Map the SKU to a NetSuite item. Everything that waits for it goes on by itself.", (MAP_SKU,),
    ),
    "sku_missing": ProblemKind(
        "Returned unit has no SKU", "finance",
        "Choose the line of the original order that this unit was sold on. Give the product a SKU in the shop, so that "
        "the next one is found.", (CHOOSE_LINE,),
    ),
    "item_differs": ProblemKind(
        "The mapped item is not the one that was sold", "data",
        "Compare the mapping with the order line and correct the mapping.", (MAP_SKU,),
    ),
    "sale_missing": ProblemKind(
        "Original order not found in NetSuite", "finance",
        "Check that the shop's connector brought the order over and that it is billed. We look again by ourselves.",
    ),
    "rma_unapproved": ProblemKind(
        "The Return Authorization waits for its approval", "finance",
        "Approve it in NetSuite, or have its connector make them approved. The return goes on by itself.",
    ),
    "rma_missing": ProblemKind(
        "Another system has not made the Return Authorization", "finance",
        "Look whether the connector that makes them still runs. If this return needs none, note it; nothing more is "
        "expected of it then.", (ACKNOWLEDGE,),
    ),
    "receipt_missing": ProblemKind(
        "Another system has not made the Item Receipt", "warehouse",
        "Look whether the system that receives goods still runs, or receive the units in NetSuite. If nothing is to be "
        "received, note it: it goes on as if it were.", (ACKNOWLEDGE,),
    ),
    "credit_missing": ProblemKind(
        "Another system has not credited the return", "finance",
        "Look whether the connector that credits still runs, or make the credit in NetSuite. If none is to come, note "
        "it; nothing more is expected of this return then.", (ACKNOWLEDGE,),
    ),
    "refund_missing": ProblemKind(
        "Another system has not booked the refund", "finance",
        "Loop has paid. Look whether the connector that books refunds still runs, or apply one to the credit in "
        "NetSuite; if it was booked otherwise, note where.", (ACKNOWLEDGE,),
    ),
    "rma_left_open": ProblemKind(
        "Return Authorization of an ended return is still open", "finance",
        "Nothing more comes for it. Close its lines in NetSuite, or note why they stay open.", (ACKNOWLEDGE,),
    ),
    "several_sales": ProblemKind(
        "More than one bill fits this order", "finance",
        "Void the bill that should not exist, or choose the order line of one unit: its bill is taken.", (CHOOSE_LINE,),
    ),
    "billed_in_parts": ProblemKind(
        "Units were billed on several documents", "finance",
        "Make one Return Authorization per bill in NetSuite, receive and credit them there, settle the return in Loop, "
        "then note here what you did: nothing is posted for this return. If such orders are usual, let the policy make "
        "authorizations from the order («rma_source»).", (ACKNOWLEDGE,),
    ),
    "order_unbilled": ProblemKind(
        "The returned order was never billed", "finance",
        "Bill the order in NetSuite; the credit goes on by itself. If it will not be billed, note it: a Credit Memo is "
        "made all the same, for a sale that the books do not show.", (ACKNOWLEDGE,),
    ),
    "unit_not_on_order": ProblemKind(
        "Returned unit is not on the original order", "finance",
        "Choose the line of the original order that this unit came from.", (CHOOSE_LINE,),
    ),
    "unit_not_authorized": ProblemKind(
        "Units without an open line on the Return Authorization", "finance",
        "Add or open their lines on the Return Authorization in NetSuite, or take the units out of the return in Loop. "
        "It goes on by itself once both agree.",
    ),
    "wrong_item": ProblemKind(
        "Another item lay in place of the returned one", "finance",
        "Ask the customer. Nothing is paid for the declared unit, and Loop is not asked to settle before you say what "
        "becomes of what came. If the right unit is on its way, wait: once it is inspected the return goes on with it.",
        (SAY_GOODS,),
    ),
    "undeclared_item": ProblemKind(
        "Goods in the parcel that are not on the return", "finance",
        "Find out whose they are and say what becomes of them. Nobody is paid for them here; the return goes on "
        "meanwhile. If they should be refunded, have them added to a return in Loop.", (SAY_GOODS,),
    ),
    "kit_to_move": ProblemKind(
        "A kit lies elsewhere than its inspection says", "finance",
        "NetSuite keeps only a kit's members in stock, and does not tell us which these are. Have them entered under "
        "Items in the admin: it goes on by itself. Or move them in NetSuite by an Inventory Transfer, or write them "
        "off by an Inventory Adjustment, then note it.", (ACKNOWLEDGE,),
    ),
    "kit_part_returned": ProblemKind(
        "Part of a kit came back", "finance",
        "NetSuite takes a kit's line back only as a whole. If the whole kit lies there as one unit, choose its line. "
        "If the part came alone, book all of this return by hand: make a Return Authorization in NetSuite for the "
        "part's item and for every other unit, receive, credit and refund there, settle the return in Loop, then note "
        "here which documents you made. Or take the part out of the return in Loop: the rest goes on by itself.",
        (CHOOSE_LINE, ACKNOWLEDGE),
    ),
    "removed_after_receipt": ProblemKind(
        "Unit taken out of the return after the warehouse accepted it", "finance",
        "Find out why it was taken out in Loop. Pay the customer outside or send the goods back, correct the receipt "
        "in NetSuite if they leave, then note what was agreed.", (ACKNOWLEDGE,),
    ),
    "receipt_changed": ProblemKind(
        "Fewer units are received in NetSuite than we posted", "finance",
        "Somebody changed the Item Receipt. Correct it in NetSuite; the credit goes on by itself once it holds every "
        "accepted unit.",
    ),
    "received_unaccepted": ProblemKind(
        "Units were received on arrival and not accepted", "finance",
        "Take them off the Item Receipt in NetSuite; it goes on by itself once the receipt holds accepted units only. "
        "If they stay in stock for another reason, note what was agreed.", (ACKNOWLEDGE,),
    ),
    "parcel_overdue": ProblemKind(
        "Parcel is on its way for too long", "warehouse",
        "Ask the carrier. If it is lost, mark the units missing; nothing is refunded for them unless finance says so.",
    ),
    "inspection_overdue": ProblemKind(
        "Delivered but not inspected", "warehouse",
        "Find the parcel and inspect its units. If it never came, tell the carrier and mark the units missing.",
    ),
    "hold_overdue": ProblemKind(
        "Units lie on hold for too long", "warehouse",
        "Judge them again at the inspection station: sellable, damaged or scrapped.",
    ),
    "restock_uninspected": ProblemKind(
        "Back on sale in the shop, and not inspected", "warehouse",
        "Find the parcel and inspect its units. If they never came, take them out of the shop's stock and mark them "
        "missing.",
    ),
    "amount_differs": ProblemKind(
        "Loop's refund and the Credit Memo differ", "finance",
        "Approve to book the difference on a line of its own. If it is wrong, edit the return in Loop instead: "
        "the plan follows the new figures.", (APPROVE,),
    ),
    "amounts_untold": ProblemKind(
        "Loop did not tell every amount", "finance",
        "It goes on by itself once Loop tells the rest, or, if only the split into item and tax is missing, once the "
        "credit lines are set to «gross with fee line». Or credit and refund this return by hand, then note it here: "
        "nothing is credited for it any more, whatever Loop tells later.", (ACKNOWLEDGE,),
    ),
    "approval_needed": ProblemKind(
        "Credit is above the approval limit", "finance",
        "Check the proposed credit and approve it.", (APPROVE,),
    ),
    "credit_differs": ProblemKind(
        "Another system's credit differs from what Loop pays", "finance",
        "Find out which figure is right. Correct the credit in NetSuite or the return in Loop, then it goes on by "
        "itself; or note what the difference is.", (ACKNOWLEDGE,),
    ),
    "refund_differs": ProblemKind(
        "Another system's refund differs from what Loop paid", "finance",
        "Correct the refund in NetSuite, its amount or its account, then it goes on by itself; or note what the "
        "difference is.", (ACKNOWLEDGE,),
    ),
    "settled_differently": ProblemKind(
        "Loop paid another amount than was credited", "finance",
        "Compare both figures. Book or recover the difference in NetSuite, then note here what you did.",
        (ACKNOWLEDGE,),
    ),
    "loop_paid_more": ProblemKind(
        "Loop paid more than the goods are worth", "finance",
        "Approve to book the surplus on a line of its own. If it is to be got back from the customer instead, arrange "
        "that and note it here: the credit is then for the accepted units alone.", (APPROVE, ACKNOWLEDGE),
    ),
    "loop_paid_less": ProblemKind(
        "Loop paid less than the goods are worth", "finance",
        "Approve to credit only what was paid, with the shortfall on a line of its own. If the customer gets the rest "
        "by a second refund, make it by hand and note it here: the credit is then for the full worth.",
        (APPROVE, ACKNOWLEDGE),
    ),
    "currency_differs": ProblemKind(
        "Loop and NetSuite use different currencies", "finance",
        "The figures cannot be compared, so nothing is credited. Credit and refund this return by hand in NetSuite, "
        "then note it here: nothing is booked for it any more, whatever is corrected later.", (ACKNOWLEDGE,),
    ),
    "no_parcel": ProblemKind(
        "Settled in Loop, and no parcel is under way", "finance",
        "Note it if the customer keeps the goods: they are credited without a receipt, once approved. If the goods do "
        "come, do nothing: they are inspected as always.", (ACKNOWLEDGE,),
    ),
    "late_unit": ProblemKind(
        "A unit came after it was taken off the return", "finance",
        "It is paid for by nobody and on no receipt. Settle it by hand: receive and refund it, or send it back; then "
        "note what you did.", (ACKNOWLEDGE,),
    ),
    "mapping_missing": ProblemKind(
        "A mapping is missing in the policy", "finance",
        "Enter the missing NetSuite id in the shop's policy. The return goes on by itself.",
    ),
    "posting_refused": ProblemKind(
        "Refused by the other side", "finance",
        "Read their words below, remove the cause, then retry; or correct the value they complain about.",
        (CORRECT_DATE, RETRY, CANCEL),
    ),
    "period_closed": ProblemKind(
        "An accounting period is closed in NetSuite", "finance",
        "Reopen the period in NetSuite and say that the cause is gone: one document goes first, then all that waits. "
        "Or give a document a date in an open period; that frees just this one.", (CAUSE_GONE, CORRECT_DATE),
    ),
    "right_missing": ProblemKind(
        "The integration role lacks a right in NetSuite", "finance",
        "Have the NetSuite administrator add the right, then say that the cause is gone: one document goes first, then "
        "all that waits.", (CAUSE_GONE,),
    ),
    "feature_off": ProblemKind(
        "A feature is switched off in NetSuite", "finance",
        "Have the NetSuite administrator switch it on, then say that the cause is gone: one document goes first, then "
        "all that waits.", (CAUSE_GONE,),
    ),
    "flow_stopped": ProblemKind(
        "Many documents refused in words we do not know", "finance",
        "Read NetSuite's words below and find out with its administrator what changed. Then say that the cause is "
        "gone: one document goes first, then all that waits.", (CAUSE_GONE,),
    ),
    "posting_set_aside": ProblemKind(
        "Set aside after repeated failures", "finance",
        "Look at the attempts below. Retry once the cause is gone.", (RETRY, CANCEL),
    ),
    "posting_cancelled": ProblemKind(
        "Cancelled before it was sent", "finance",
        "Settle what the reason below speaks of. Then send it after all: what somebody made by hand meanwhile is found "
        "and adopted first.", (SEND_AFTER_ALL,),
    ),
    "remark_cancelled": ProblemKind(
        "What Loop was to be told was cancelled", "finance",
        "Neither stock nor money waits for it. If Loop never takes it, note that and it stays untold. Else remove what "
        "stood in its way, then send it after all.", (SEND_AFTER_ALL, ACKNOWLEDGE),
    ),
    "record_differs": ProblemKind(
        "NetSuite holds something else than we sent", "finance",
        "Compare both values in NetSuite, correct the record there if needed, then note what you did.", (ACKNOWLEDGE,),
    ),
    "foreign_record": ProblemKind(
        "Somebody else already made this record", "finance",
        "Compare it with what we would have sent. If it stands for this return, adopt it; if it is about other units "
        "or other money, note that, and ours is posted beside it; or remove it in NetSuite, then retry.",
        (ADOPT, ACKNOWLEDGE, RETRY),
    ),
    "other_writer": ProblemKind(
        "Another system writes the same records", "finance",
        "Decide who writes them. Set the ownership of this type to «observe» in the shop's policy, or switch the other "
        "writer off. Nothing is doubled meanwhile; the case closes once the other one stops.",
    ),
    "other_content": ProblemKind(
        "Our external id is on a record with other content", "finance",
        "Compare both. If the record is right as it stands, adopt it; else correct or remove it in NetSuite and "
        "retry.",
        (ADOPT, RETRY),
    ),
    "record_gone": ProblemKind(
        "A record we posted was deleted or voided in NetSuite", "finance",
        "Nothing is posted in its place by itself. If it was undone by mistake, post it again; if it was meant, note "
        "why.",
        (POST_AGAIN, ACKNOWLEDGE),
    ),
    "loop_settled_early": ProblemKind(
        "Loop settled before it was asked", "finance",
        "Switch off Loop's automatic processing for this outcome, or set the refund authority to «Loop first». "
        "This return goes on with what Loop paid.", (ACKNOWLEDGE,),
    ),
    "loop_did_not_settle": ProblemKind(
        "Loop accepted the request but did not settle", "finance",
        "Open the return in Loop and see what holds it.",
    ),
    "loop_processing_failed": ProblemKind(
        "Loop could not settle the return", "finance",
        "Open the return in Loop: it is in review there. Settle it by hand; we follow.",
    ),
    "closed_unprocessed": ProblemKind(
        "Closed in Loop without being settled", "finance",
        "Nothing was paid. Find out who closed it; pay outside if the customer is owed money, then note it here.",
        (ACKNOWLEDGE,),
    ),
    "exchange_order_missing": ProblemKind(
        "Exchange order has not arrived in NetSuite", "finance",
        "Check the shop's connector for this order. The customer is waiting for it.",
    ),
    "exchange_order_contradicts": ProblemKind(
        "Exchange orders do not fit the policy", "finance",
        "Their total tells whether Loop's exchange discount is on. Correct «exchange_settlement» in the shop's policy, "
        "or the discount in Loop; then the plan follows. If only this order is wrong, note what you did.",
        (ACKNOWLEDGE,),
    ),
    "exchange_not_returned": ProblemKind(
        "Replacement ordered, nothing came back", "finance",
        "Loop charges the customer's card outside the shop, if the return was an instant exchange. Stop the order if "
        "it has not left, or book the charge; then note what you did.", (ACKNOWLEDGE,),
    ),
    "exchange_value_open": ProblemKind(
        "The value of an exchange is not settled in NetSuite", "finance",
        "Apply the credit by hand, or book it and the exchange's bill through the clearing account of exchanges; then "
        "note what you did. It goes on by itself once the exchange order is billed so that both sides meet.",
        (ACKNOWLEDGE,),
    ),
    "exchange_out_of_stock": ProblemKind(
        "The replacement is out of stock", "finance",
        "Loop waits in review. Restock the item and process it there, or change the exchange into a refund; we follow.",
    ),
    "replacement_unavailable": ProblemKind(
        "NetSuite has too few of a replacement", "finance",
        "It is looked at again every minute, and the order is made once there are enough. Or change the exchange in "
        "Loop into another item or a refund. Or note it here: then it is ordered all the same, and NetSuite "
        "back-orders it.", (ACKNOWLEDGE,),
    ),
    "address_missing": ProblemKind(
        "The original order shows no address for the replacement", "finance",
        "Choose an address of the customer on the original order in NetSuite; the exchange order is made once it is "
        "read again. Or note it: then it goes to the customer's default address.", (ACKNOWLEDGE,),
    ),
    "stock_unseen": ProblemKind(
        "NetSuite does not tell what is in stock", "data",
        "Let its administrator give the role the right to see items and their stock, or choose another table under "
        "«stock is read from» of the account. Or have the policy ignore the stock of exchanges («exchange_stock»). It "
        "goes on by itself.",
    ),
    "item_inactive": ProblemKind(
        "The mapped item is inactive in NetSuite", "data",
        "Activate the item in NetSuite, or map the SKU to another one. The return goes on by itself.", (MAP_SKU,),
    ),
    "customer_missing": ProblemKind(
        "The original sale names no customer", "finance",
        "Enter the customer on the sale in NetSuite. The exchange order is made as soon as it is read again.",
    ),
    "refused_exchange_unit": ProblemKind(
        "A unit of an exchange was refused", "finance",
        "Loop cannot take single exchange units out. It is flagged there, with a note. Settle it by hand; we follow.",
        (ACKNOWLEDGE,),
    ),
    "ended_after_receipt": ProblemKind(
        "Cancelled after the goods were received", "finance",
        "Decide whether the customer gets the goods back or the money. Note what was agreed.", (ACKNOWLEDGE,),
    ),
    "parcel_of_ended_return": ProblemKind(
        "A parcel came for a return that has ended", "warehouse",
        "Ask finance what was agreed with the customer. If they are to be paid, have the return opened again in Loop: "
        "it goes on by itself. Else send the goods back or keep them, and note it here.", (ACKNOWLEDGE,),
    ),
    "unknown_word": ProblemKind(
        "Loop uses a word we do not know", "finance",
        "Nothing is posted until the word is understood. Report it to the administrator.",
    ),
    "missing_in_loop": ProblemKind(
        "Loop no longer has this return", "finance",
        "Find out who deleted it there and why. Nothing more is posted for it; undo in NetSuite what should not stand, "
        "then note what you did. It goes on by itself if Loop shows it again.", (ACKNOWLEDGE,),
    ),
    "mirror_doubtful": ProblemKind(
        "Most records are suddenly out of sight", "data",
        "The key or the role probably lost a right. Check it with the administrator of the other side; the next "
        "comparison that sees them closes this case. If they were really deleted, tell the administrator here.",
    ),
    "reading_refused": ProblemKind(
        "NetSuite does not show what returns need", "data",
        "Have the NetSuite administrator give the integration's role the right named below. What waits is read by "
        "itself within minutes; the case closes with the first record of that kind that is read.",
    ),
    "unreadable_record": ProblemKind(
        "The other side shows a record we cannot read", "data",
        "Everything else goes on. Report the words below to the administrator; it is read as soon as it can be.",
    ),
    "plan_failed": ProblemKind(
        "This return could not be planned", "finance",
        "This is a fault of ReturnsOps, nothing is lost. Report the text below to the administrator.",
    ),
    "event_unreadable": ProblemKind(
        "Loop sent something unreadable", "data",
        "It was signed correctly but cannot be read. The sweep fetches the return anyway. Look at it in the admin "
        "(Inbound events), report it to Loop, and mark it as seen.",
    ),
    "webhooks_missing": ProblemKind(
        "Loop does not tell us of every change", "data",
        "Read what Loop refused, and subscribe by hand in Loop's admin if need be. Nothing is lost: sweeps find every "
        "change a minute later.",
    ),
    "connection_down": ProblemKind(
        "Connection is down", "finance",
        "Nothing is lost. Everything waits and goes on by itself once the other side answers.",
    ),
    "certificate_ending": ProblemKind(
        "NetSuite certificate ends soon", "finance",
        "Make a new one with «manage.py make_certificate», let a NetSuite administrator upload it, and enter its id in "
        "the account. Nothing can be read or sent once it has ended.",
    ),
    "connection_refused": ProblemKind(
        "The other side refuses our credentials", "finance",
        "Check the credentials in the admin, then resume the connection. Nothing is sent until then.",
    ),
}  # fmt: skip
