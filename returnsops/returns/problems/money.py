"""The money: the credit, what Loop pays, the refund."""

from returnsops.returns.problems.kinds import ACKNOWLEDGE, APPROVE, ProblemKind

MONEY: dict[str, ProblemKind] = {
    "approval_needed": ProblemKind(
        "Credit is above the approval limit", "finance", "amount",
        "Check the proposed credit and approve it.", (APPROVE,),
    ),
    "amount_differs": ProblemKind(
        "Loop's refund and the Credit Memo differ", "finance", "amount",
        "Approve to book the difference on a line of its own. If it is wrong, edit the return in Loop instead: "
        "the plan follows the new figures.", (APPROVE,),
    ),
    "amounts_untold": ProblemKind(
        "Loop did not tell every amount", "finance", "amount",
        "It goes on by itself once Loop tells the rest, or, if only the split into item and tax is missing, once the "
        "credit lines are set to «gross with fee line». Or credit and refund this return by hand, then note it here: "
        "nothing is credited for it any more, whatever Loop tells later.", (ACKNOWLEDGE,),
    ),
    "currency_differs": ProblemKind(
        "Loop and NetSuite use different currencies", "finance", "amount",
        "The figures cannot be compared, so nothing is credited. Credit and refund this return by hand in NetSuite, "
        "then note it here: nothing is booked for it any more, whatever is corrected later.", (ACKNOWLEDGE,),
    ),
    "mapping_missing": ProblemKind(
        "A mapping is missing in the policy", "finance", "",
        "Enter the missing NetSuite id in the shop's policy. The return goes on by itself.",
    ),
    "credit_missing": ProblemKind(
        "Another system has not credited the return", "finance", "credit",
        "Look whether the connector that credits still runs, or make the credit in NetSuite. If none is to come, note "
        "it; nothing more is expected of this return then.", (ACKNOWLEDGE,),
    ),
    "credit_differs": ProblemKind(
        "Another system's credit differs from what Loop pays", "finance", "credit",
        "Find out which figure is right. Correct the credit in NetSuite or the return in Loop, then it goes on by "
        "itself; or note what the difference is.", (ACKNOWLEDGE,),
    ),
    "refund_missing": ProblemKind(
        "Another system has not booked the refund", "finance", "refund",
        "Loop has paid. Look whether the connector that books refunds still runs, or apply one to the credit in "
        "NetSuite; if it was booked otherwise, note where.", (ACKNOWLEDGE,),
    ),
    "refund_differs": ProblemKind(
        "Another system's refund differs from what Loop paid", "finance", "refund",
        "Correct the refund in NetSuite, its amount or its account, then it goes on by itself; or note what the "
        "difference is.", (ACKNOWLEDGE,),
    ),
    "settled_differently": ProblemKind(
        "Loop paid another amount than was credited", "finance", "refund",
        "Compare both figures. Book or recover the difference in NetSuite, then note here what you did.",
        (ACKNOWLEDGE,),
    ),
    "loop_paid_more": ProblemKind(
        "Loop paid more than the goods are worth", "finance", "amount",
        "Approve to book the surplus on a line of its own. If it is to be got back from the customer instead, arrange "
        "that and note it here: the credit is then for the accepted units alone.", (APPROVE, ACKNOWLEDGE),
    ),
    "loop_paid_less": ProblemKind(
        "Loop paid less than the goods are worth", "finance", "amount",
        "Approve to credit only what was paid, with the shortfall on a line of its own. If the customer gets the rest "
        "by a second refund, make it by hand and note it here: the credit is then for the full worth.",
        (APPROVE, ACKNOWLEDGE),
    ),
    "loop_settled_early": ProblemKind(
        "Loop settled before it was asked", "finance", "",
        "Switch off Loop's automatic processing for this outcome, or set the refund authority to «Loop first». "
        "This return goes on with what Loop paid.", (ACKNOWLEDGE,),
    ),
    "loop_did_not_settle": ProblemKind(
        "Loop has not settled the return", "finance", "settle",
        "Open the return in Loop and see what holds it: the customer waits for their money. It goes on by itself once "
        "Loop settled it.",
    ),
    "loop_processing_failed": ProblemKind(
        "Loop could not settle the return", "finance", "settle",
        "Open the return in Loop: it is in review there. Settle it by hand; we follow.",
    ),
    "closed_unprocessed": ProblemKind(
        "Closed in Loop without being settled", "finance", "settle",
        "Nothing was paid. Find out who closed it; pay outside if the customer is owed money, then note it here.",
        (ACKNOWLEDGE,),
    ),
}  # fmt: skip
