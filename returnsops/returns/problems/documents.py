"""Documents of ours that were refused, held or changed, and those of others in their place."""

from returnsops.returns.problems.kinds import (
    ACKNOWLEDGE,
    ADOPT,
    CANCEL,
    CAUSE_GONE,
    CORRECT_DATE,
    POST_AGAIN,
    RETRY,
    SEND_AFTER_ALL,
    ProblemKind,
)

DOCUMENTS: dict[str, ProblemKind] = {
    "posting_refused": ProblemKind(
        "Refused by the other side", "finance", "",
        "Read their words below, remove the cause, then retry; or correct the value they complain about.",
        (CORRECT_DATE, RETRY, CANCEL),
    ),
    "period_closed": ProblemKind(
        "An accounting period is closed in NetSuite", "finance", "",
        "Reopen the period in NetSuite and say that the cause is gone: one document goes first, then all that waits. "
        "Or give a document a date in an open period; that frees just this one.", (CAUSE_GONE, CORRECT_DATE),
    ),
    "right_missing": ProblemKind(
        "The integration role lacks a right in NetSuite", "finance", "",
        "Have the NetSuite administrator add the right, then say that the cause is gone: one document goes first, then "
        "all that waits.", (CAUSE_GONE,),
    ),
    "feature_off": ProblemKind(
        "A feature is switched off in NetSuite", "finance", "",
        "Have the NetSuite administrator switch it on, then say that the cause is gone: one document goes first, then "
        "all that waits.", (CAUSE_GONE,),
    ),
    "flow_stopped": ProblemKind(
        "Many documents refused in words we do not know", "finance", "",
        "Read NetSuite's words below and find out with its administrator what changed. Then say that the cause is "
        "gone: one document goes first, then all that waits.", (CAUSE_GONE,),
    ),
    "posting_set_aside": ProblemKind(
        "Set aside after repeated failures", "finance", "",
        "Look at the attempts below. Retry once the cause is gone.", (RETRY, CANCEL),
    ),
    "posting_cancelled": ProblemKind(
        "Cancelled before it was sent", "finance", "",
        "Settle what the reason below speaks of. Then send it after all: what somebody made by hand meanwhile is found "
        "and adopted first.", (SEND_AFTER_ALL,),
    ),
    "remark_cancelled": ProblemKind(
        "What Loop was to be told was cancelled", "finance", "",
        "Neither stock nor money waits for it. If Loop never takes it, note that and it stays untold. Else remove what "
        "stood in its way, then send it after all.", (SEND_AFTER_ALL, ACKNOWLEDGE),
    ),
    "record_differs": ProblemKind(
        "NetSuite holds something else than we sent", "finance", "",
        "Compare both values in NetSuite, correct the record there if needed, then note what you did.", (ACKNOWLEDGE,),
    ),
    "record_gone": ProblemKind(
        "A record we posted was deleted or voided in NetSuite", "finance", "",
        "Nothing is posted in its place by itself. If it was undone by mistake, post it again; if it was meant, note "
        "why: it then stays undone, and what hangs on it (of an authorization everything, of a receipt or a credit the "
        "money, of a refund its amount) is yours to book.",
        (POST_AGAIN, ACKNOWLEDGE),
    ),
    "other_content": ProblemKind(
        "Our external id is on a record with other content", "finance", "",
        "Compare both. If the record is right as it stands, adopt it; else correct or remove it in NetSuite and "
        "retry.",
        (ADOPT, RETRY),
    ),
    "foreign_record": ProblemKind(
        "Somebody else already made this record", "finance", "rma",
        "Compare it with what we would have sent. If it stands for this return, adopt it; if it is about other units "
        "or other money, note that, and ours is posted beside it; or remove it in NetSuite, then retry. Where ours "
        "stands already, one of the two is too many: void it in NetSuite, or note what it is for.",
        (ADOPT, ACKNOWLEDGE, RETRY),
    ),
    "other_writer": ProblemKind(
        "Another system writes the same records", "finance", "",
        "Decide who writes them. Set the ownership of this type to «observe» in the shop's policy, or switch the other "
        "writer off. Nothing is doubled meanwhile; the case closes once the other one stops.",
    ),
}  # fmt: skip
