"""Findings about reaching a NetSuite account: log-in, clock, SuiteQL, the rights of the role. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from integrations.discovery.asking import NotTold
from integrations.discovery.configured import Configured
from integrations.discovery.netsuite_answers import AccountAnswers, Preview
from integrations.discovery.netsuite_questions import RECORD_TYPES, RIGHTS
from integrations.discovery.people import FINANCE, NETSUITE_ADMIN, OPERATIONS, OURS_ADMIN, ROLE_PAGE
from integrations.models import NetSuiteAccount
from integrations.netsuite.endings import find_endings
from integrations.profile import AccountFacts, Finding, Severity

BLOCKS, WARNS, UNKNOWN, FINE = Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE

CLOCK_WARNS_S = 60
CLOCK_BLOCKS_S = 240  # token-based authentication allows five minutes

# What NetSuite's log-in trail and token service call it → what is wrong, in words, and where to look.
LOG_IN_WORDS = {
    "invalid_client": "NetSuite does not know this client id. Compare it with the integration record.",
    "invalid_grant": "NetSuite refused the signed log-in: certificate id, private key or the role mapped to it is "
    "wrong. Compare them under Setup › Integration › OAuth 2.0 Client Credentials (M2M) Setup.",
    "invalid_request": "NetSuite could not read the log-in. Compare base URL and account id.",
    "sign_assertion": "The private key cannot be read. Enter it anew, as PEM.",
}
# Only these matter when nothing of the kind is sold or written.
SIDE_TYPES = {"cashSale": "CashSale", "cashRefund": "CashSale", "invoice": "CustInvc", "creditMemo": "CustInvc"}


def find_log_in(answers: AccountAnswers) -> Iterator[Finding]:
    answer = answers.server_time
    if not isinstance(answer, NotTold):
        yield Finding(code="log_in", severity=FINE, words="Log-in works.")
        return
    if answer.refused:
        yield Finding(
            code="log_in",
            severity=BLOCKS,
            words="NetSuite refuses the log-in.",
            who=NETSUITE_ADMIN,
            todo=LOG_IN_WORDS.get(
                answer.code,
                "Compare client id, certificate id and private key with NetSuite, and see Setup › Users/Roles › "
                "View Login Audit Trail for its reason.",
            ),
            evidence=answer.evidence,
        )
        return
    yield Finding(
        code="log_in",
        severity=BLOCKS,
        words="NetSuite gives no answer.",
        who=OPERATIONS,
        todo="Compare the base URL with Company Information › Company URLs, see whether this machine may reach it, and "
        "check again.",
        evidence=answer.evidence,
    )


def find_certificate(account: NetSuiteAccount, *, now: datetime) -> Iterator[Finding]:
    ends = account.certificate_expires_at
    for ending in find_endings(account, now=now):
        yield Finding(
            code="access_ends",
            severity=BLOCKS if ends and ends <= now else WARNS,
            words=ending.words,
            who=NETSUITE_ADMIN,
            todo="Set up OAuth 2.0 client credentials with a new certificate (manage.py make_certificate makes one), "
            "and enter its id and private key here.",
        )
    if account.auth == NetSuiteAccount.Auth.OAUTH2 and ends is None:
        yield Finding(
            code="certificate",
            severity=UNKNOWN,
            words="Nobody entered when the certificate ends; then every log-in would be refused without a warning.",
            who=OURS_ADMIN,
            todo="Paste the public certificate into the account, or enter the date.",
        )


def find_clock(facts: AccountFacts) -> Iterator[Finding]:
    apart = facts.clock_differs_s
    if apart is None:
        return
    if abs(apart) < CLOCK_WARNS_S:
        yield Finding(code="clock", severity=FINE, words="The clocks agree.", evidence=f"{apart} s apart")
    else:
        yield Finding(
            code="clock",
            severity=BLOCKS if abs(apart) >= CLOCK_BLOCKS_S else WARNS,
            words=f"The clock of this machine and NetSuite's are {abs(apart)} s apart.",
            who=OPERATIONS,
            todo="Let this machine take its time from a time server. From five minutes on, log-ins are refused.",
        )
    if facts.database_offset_min is not None:
        hours = facts.database_offset_min / 60
        words = f"NetSuite's database keeps UTC{hours:+g} hours; times are read accordingly."
        yield Finding(code="database_clock", severity=FINE, words=words)


def find_suiteql(answers: AccountAnswers) -> Iterator[Finding]:
    answer = answers.database_time
    if not isinstance(answer, NotTold):
        yield Finding(code="suiteql", severity=FINE, words="SuiteQL answers.")
    elif answer.refused and isinstance(answers.server_time, datetime):
        yield Finding(
            code="suiteql",
            severity=BLOCKS,
            words="The role lacks SuiteAnalytics Workbook: Edit. Without it no record can be looked for.",
            who=NETSUITE_ADMIN,
            todo=f"Add it under {ROLE_PAGE} › Permissions › Reports, and switch that feature on.",
            evidence=answer.evidence,
        )
    elif isinstance(answers.server_time, datetime):
        yield Finding(
            code="suiteql", severity=UNKNOWN, words="Whether SuiteQL answers could not be told.",
            who=OURS_ADMIN, todo="Check again.", evidence=answer.evidence,
        )  # fmt: skip


def find_rights(answers: AccountAnswers, facts: AccountFacts, configured: Configured) -> Iterator[Finding]:
    if answers_stopped(answers):
        return
    writes = {record_type for kind in configured.writes for record_type in RECORD_TYPES.get(kind, ())}
    asked = {name: answers.access[name] for name in RIGHTS if name in answers.access}
    needed = {name: answer for name, answer in asked.items() if _is_needed(name, facts, writes)}
    for record_type, answer in asked.items():
        if isinstance(answer, NotTold) and answer.lacks_right:
            yield _missing_right(record_type, answer, is_needed=record_type in needed)
    yield from _unproved_rights(needed)
    proved = [RIGHTS[name] for name, answer in asked.items() if isinstance(answer, str) and answer]
    if proved:
        words = f"The role may read and edit: {', '.join(proved)}."
        yield Finding(code="rights", severity=FINE, words=words, evidence="one record of each could be read")
    yield from _create_rights(answers, facts, writes)


def answers_stopped(answers: AccountAnswers) -> bool:
    """Nothing was heard at all: that is said once, not for every question."""
    return isinstance(answers.server_time, NotTold)


def _is_needed(record_type: str, facts: AccountFacts, writes: set[str]) -> bool:
    """Rights to cash refunds are no matter where no cash sale exists."""
    sold = SIDE_TYPES.get(record_type)
    if sold and facts.sales:
        return sold in facts.sales
    return record_type in writes or record_type not in ("cashSale", "cashRefund")


def _missing_right(record_type: str, answer: NotTold, *, is_needed: bool) -> Finding:
    return Finding(
        code=f"right:{record_type}",
        severity=BLOCKS if is_needed else WARNS,
        words=f"The role lacks {RIGHTS[record_type]}: Edit.",
        who=NETSUITE_ADMIN,
        todo=f"Add it under {ROLE_PAGE} › Permissions › Transactions.",
        evidence=answer.evidence,
    )


def _unproved_rights(needed: Mapping[str, str | NotTold]) -> Iterator[Finding]:
    """Said once for all of them: a new account has no records that could be read."""
    none_there = [RIGHTS[name] for name, answer in needed.items() if answer == ""]
    if none_there:
        yield Finding(
            code="rights_unproved",
            severity=UNKNOWN,
            words=f"The right to edit was not proved, as there is none to be read: {', '.join(none_there)}.",
            who=NETSUITE_ADMIN,
            todo=f"Look for each under {ROLE_PAGE} › Permissions › Transactions: Edit, or Full.",
        )
    silent = {
        RIGHTS[name]: answer
        for name, answer in needed.items()
        if isinstance(answer, NotTold) and not answer.lacks_right
    }
    if silent:
        yield Finding(
            code="rights_untold",
            severity=UNKNOWN,
            words=f"Whether the role may edit these could not be told: {', '.join(silent)}.",
            who=OURS_ADMIN,
            todo="Check again.",
            evidence=next(iter(silent.values())).evidence,
        )


def _create_rights(answers: AccountAnswers, facts: AccountFacts, writes: set[str]) -> Iterator[Finding]:
    """A preview is refused to who may not create; nothing else proves it without writing."""
    for record_type, preview in answers.previews.items():
        if isinstance(preview, NotTold) or preview.status != 403:
            continue
        if facts.access.get(record_type) != "missing":  # which was said already
            yield Finding(
                code=f"create:{record_type}",
                severity=BLOCKS if record_type in writes else WARNS,
                words=f"The role lacks {RIGHTS[record_type]}: Create.",
                who=NETSUITE_ADMIN,
                todo=f"Add it under {ROLE_PAGE} › Permissions › Transactions.",
                evidence=f"HTTP 403 · {preview.text}",
            )
    untried = sorted(RIGHTS[name] for name in writes if name in RIGHTS and name not in facts.previewed)
    if untried and not answers_stopped(answers):
        yield Finding(
            code="create_unproven",
            severity=UNKNOWN,
            words=f"Whether the role may create these cannot be proved without writing one: {', '.join(untried)}.",
            who=NETSUITE_ADMIN,
            todo=f"Look under {ROLE_PAGE} › Permissions › Transactions for the level Create or Full.",
        )


def find_saved_preview(answers: AccountAnswers) -> Iterator[Finding]:
    """Must not happen; if it does, everybody has to know."""
    for record_type, preview in answers.previews.items():
        if isinstance(preview, Preview) and preview.status in (201, 204):
            yield Finding(
                code=f"saved_preview:{record_type}",
                severity=BLOCKS,
                words=f"NetSuite saved an empty {RIGHTS[record_type]} when it was asked for a preview.",
                who=FINANCE,
                todo=f"Delete {record_type} {preview.made_id or '(newest one)'} in NetSuite.",
                evidence=f"HTTP {preview.status}",
            )


def find_administrator(facts: AccountFacts) -> Iterator[Finding]:
    if facts.is_administrator:
        yield Finding(
            code="administrator",
            severity=WARNS,
            words="The integration user is an administrator.",
            who=NETSUITE_ADMIN,
            todo="Give it a role of its own with only the rights it needs (netsuite.md 1.4).",
            evidence="it may read the account's limits, which only administrators may",
        )
