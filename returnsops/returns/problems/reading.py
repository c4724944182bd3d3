"""What we read from both systems, and the connections to them."""

from returnsops.returns.problems.kinds import ACKNOWLEDGE, ProblemKind

READING: dict[str, ProblemKind] = {
    "connection_down": ProblemKind(
        "Connection is down", "finance", "",
        "Nothing is lost. Everything waits and goes on by itself once the other side answers.",
    ),
    "connection_refused": ProblemKind(
        "The other side refuses our credentials", "finance", "",
        "Check the credentials in the admin, then resume the connection. Nothing is sent until then.",
    ),
    "certificate_ending": ProblemKind(
        "NetSuite certificate ends soon", "finance", "",
        "Make a new one with «manage.py make_certificate», let a NetSuite administrator upload it, and enter its id in "
        "the account. Nothing can be read or sent once it has ended.",
    ),
    "work_overdue": ProblemKind(
        "What goes on by itself stands still", "data", "",
        "Nothing is lost, and it goes on once the reason is gone. See on Connections whether the worker runs and what "
        "moves; the log of the worker says more. Report it to the administrator. The case closes by itself.",
    ),
    "webhooks_missing": ProblemKind(
        "Loop does not tell us of every change", "data", "",
        "Read what Loop refused, and subscribe by hand in Loop's admin if need be. Nothing is lost: sweeps find every "
        "change a minute later.",
    ),
    "event_unreadable": ProblemKind(
        "Loop sent something unreadable", "data", "",
        "It was signed correctly, but it or the return it names could not be read, or it names another shop. The sweep "
        "fetches the return anyway. Look at it in the admin (Inbound events), where the reason stands, tell Loop if it "
        "is garbled, and mark it as seen, with all that came to nothing for the same reason.",
    ),
    "reading_refused": ProblemKind(
        "NetSuite does not show what returns need", "data", "",
        "Have the NetSuite administrator give the integration's role the right named below. What waits is read by "
        "itself within minutes; the case closes with the first record of that kind that is read.",
    ),
    "unreadable_record": ProblemKind(
        "The other side shows a record we cannot read", "data", "",
        "Everything else goes on. Report the words below to the administrator; it is read as soon as it can be.",
    ),
    "missing_in_loop": ProblemKind(
        "Loop no longer has this return", "finance", "",
        "Find out who deleted it there and why. Nothing more is posted for it; undo in NetSuite what should not stand, "
        "then note what you did. It goes on by itself if Loop shows it again.", (ACKNOWLEDGE,),
    ),
    "mirror_doubtful": ProblemKind(
        "Most records are suddenly out of sight", "data", "",
        "The key or the role probably lost a right. Check it with the administrator of the other side; the next "
        "comparison that sees them closes this case. If they were really deleted, tell the administrator here.",
    ),
    "unknown_word": ProblemKind(
        "Loop uses a word we do not know", "finance", "",
        "Nothing is posted until the word is understood. Report it to the administrator.",
    ),
    "plan_failed": ProblemKind(
        "This return could not be planned", "finance", "",
        "This is a fault of ReturnsOps, nothing is lost. Report the text below to the administrator.",
    ),
}  # fmt: skip
