"""Exchanges: the replacement, its order, the value of both sides."""

from returnsops.returns.problems.kinds import ACKNOWLEDGE, ProblemKind

EXCHANGES: dict[str, ProblemKind] = {
    "exchange_order_missing": ProblemKind(
        "Exchange order has not arrived in NetSuite", "finance", "exchange",
        "The customer is waiting for it. If Loop names no order, see there what holds it up; else check the shop's "
        "connector. If no connector brings it, or the return is booked by hand, enter the order in NetSuite with the "
        "number of Loop's order as its PO number: by that it is found.",
    ),
    "exchange_order_contradicts": ProblemKind(
        "Exchange orders do not fit the policy", "finance", "exchange",
        "Their total tells whether Loop's exchange discount is on. Correct «exchange_settlement» in the shop's policy, "
        "or the discount in Loop; then the plan follows. A return that is credited already goes by its credit: correct "
        "that in NetSuite, too. If only this order is wrong, note what you did.",
        (ACKNOWLEDGE,),
    ),
    "exchange_not_returned": ProblemKind(
        "Replacement ordered, and its return has ended", "finance", "",
        "Loop charges the customer's card outside the shop, if the return was an instant exchange. Stop the order if "
        "it has not left, or book the charge; then note what you did.", (ACKNOWLEDGE,),
    ),
    "exchange_value_open": ProblemKind(
        "The value of an exchange is not settled in NetSuite", "finance", "apply",
        "Apply the credit by hand, or book it and the exchange's bill through the clearing account of exchanges; then "
        "note what you did. It goes on by itself once the exchange order is billed so that both sides meet.",
        (ACKNOWLEDGE,),
    ),
    "exchange_out_of_stock": ProblemKind(
        "The replacement is out of stock", "finance", "exchange",
        "Loop waits in review. Restock the item and process it there, or change the exchange into a refund; we follow.",
    ),
    "replacement_unavailable": ProblemKind(
        "NetSuite has too few of a replacement", "finance", "exchange",
        "It is looked at again every minute, and the order is made once there are enough. Or change the exchange in "
        "Loop into another item or a refund. Or note it here: then it is ordered all the same, and NetSuite "
        "back-orders it.", (ACKNOWLEDGE,),
    ),
    "address_missing": ProblemKind(
        "The original order shows no address for the replacement", "finance", "exchange",
        "Choose an address of the customer on the original order in NetSuite; the exchange order is made once it is "
        "read again. Or note it: then it goes to the customer's default address.", (ACKNOWLEDGE,),
    ),
    "stock_unseen": ProblemKind(
        "NetSuite does not tell what is in stock", "data", "exchange",
        "Let its administrator give the role the right to see items and their stock, or choose another table under "
        "«stock is read from» of the account. Or have the policy ignore the stock of exchanges («exchange_stock»). It "
        "goes on by itself.",
    ),
    "customer_missing": ProblemKind(
        "The original sale names no customer", "finance", "exchange",
        "Enter the customer on the sale in NetSuite. The exchange order is made as soon as it is read again.",
    ),
    "refused_exchange_unit": ProblemKind(
        "A unit of an exchange was refused", "finance", "settle",
        "Loop cannot take single exchange units out. It is flagged there, with a note. Settle it by hand; we follow.",
        (ACKNOWLEDGE,),
    ),
}  # fmt: skip
