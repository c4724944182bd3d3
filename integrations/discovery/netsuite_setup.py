"""Findings about how a NetSuite account is set up: features, fields, periods, words. Pure."""

from collections.abc import Iterator

from integrations.discovery.account_fit import find_account_misfits
from integrations.discovery.asking import NotTold
from integrations.discovery.configured import Configured
from integrations.discovery.netsuite_access import answers_stopped
from integrations.discovery.netsuite_answers import AccountAnswers
from integrations.discovery.netsuite_facts import status_words
from integrations.discovery.netsuite_questions import RIGHTS, STATUS_DAYS
from integrations.discovery.people import FINANCE, NETSUITE_ADMIN, OURS_ADMIN, ROLE_PAGE
from integrations.models import NetSuiteAccount
from integrations.profile import AccountFacts, Finding, Severity

BLOCKS, WARNS, UNKNOWN, FINE = Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE

ENGLISH = {
    "pending approval", "pending receipt", "cancelled", "partially received", "pending refund/partially received",
    "pending refund", "partially refunded", "refunded", "closed", "open", "fully applied", "voided",
}  # fmt: skip
PREFERENCES = (
    "Default Return Auth. Status, Refund in Advance of Return, Restock Returned Items, Default Items to Zero "
    "Received/Fulfilled, Allow Overage on Item Receipts, minimum return quantity"
)
LANES_MAX_USUAL = 20  # the highest limit without additional licences (netsuite.md 7)


def find_receiving(facts: AccountFacts, configured: Configured) -> Iterator[Finding]:
    if facts.advanced_receiving:
        yield Finding(code="advanced_receiving", severity=FINE, words="Advanced Receiving is on.")
    elif facts.advanced_receiving is False:
        writes = "receipt" in configured.writes
        yield Finding(
            code="advanced_receiving",
            severity=BLOCKS if writes else WARNS,
            words="Advanced Receiving is off: NetSuite has no item receipts for returns.",
            who=NETSUITE_ADMIN,
            todo="Switch it on under Setup › Company › Enable Features › Transactions; or let ReturnsOps only observe "
            "receipts.",
            evidence="the words of the statuses",
        )
    elif facts.suiteql:
        yield Finding(
            code="advanced_receiving",
            severity=UNKNOWN,
            words="Whether Advanced Receiving is on could not be told: no Return Authorization shows it.",
            who=NETSUITE_ADMIN,
            todo="Look under Setup › Company › Enable Features › Transactions.",
            evidence=f"Return Authorizations of the last {STATUS_DAYS} days",
        )


def find_period(answers: AccountAnswers, facts: AccountFacts, configured: Configured) -> Iterator[Finding]:
    period = facts.period
    posts = bool(configured.writes & {"receipt", "credit", "refund"})
    if period is None:
        if not answers_stopped(answers) and facts.suiteql:
            evidence = answers.period.evidence if isinstance(answers.period, NotTold) else "no period holds today"
            yield Finding(
                code="period", severity=UNKNOWN, words="Whether today's accounting period is open could not be told.",
                who=FINANCE, todo="Look under Setup › Accounting › Manage Accounting Periods.", evidence=evidence,
            )  # fmt: skip
        return
    shut = [word for word, is_shut in (("closed", period.closed), ("locked", period.all_locked),
                                       ("locked for receivables", period.ar_locked)) if is_shut]  # fmt: skip
    if not shut:
        yield Finding(code="period", severity=FINE, words=f"The accounting period {period.name} is open.")
        return
    yield Finding(
        code="period",
        severity=BLOCKS if posts else WARNS,
        words=f"The accounting period {period.name}, which holds today, is {shut[0]}.",
        who=FINANCE,
        todo="Open it, or receipts and credits of today are refused.",
    )


def find_fields(answers: AccountAnswers, facts: AccountFacts) -> Iterator[Finding]:
    untold = sorted(name for name, one in answers.schemas.items() if isinstance(one, NotTold))
    for record_type, names in facts.missing_fields.items():
        yield Finding(
            code=f"fields:{record_type}",
            severity=WARNS,
            words=f"{RIGHTS[record_type]} lacks fields that ReturnsOps sends: {', '.join(names)}.",
            who=NETSUITE_ADMIN,
            todo="Show these fields on the form of the integration's role.",
        )
    for record_type, names in facts.required_fields.items():
        yield Finding(
            code=f"required:{record_type}",
            severity=WARNS,
            words=f"{RIGHTS.get(record_type, record_type)} has mandatory fields of your own: {', '.join(names[:8])}.",
            who=NETSUITE_ADMIN,
            todo="Make them optional for the integration's role, or give them a default: we do not fill them.",
        )
    if untold and not answers_stopped(answers):
        first = answers.schemas[untold[0]]
        yield Finding(
            code="schemas",
            severity=UNKNOWN,
            words=f"Which fields these have could not be told: {', '.join(untold)}.",
            who=NETSUITE_ADMIN,
            todo="A record type the role may not see has no metadata either; see the rights above.",
            evidence=first.evidence if isinstance(first, NotTold) else "",
        )
    elif not facts.missing_fields and answers.schemas and not answers_stopped(answers):
        yield Finding(code="fields", severity=FINE, words="Every field that ReturnsOps sends exists.")


def find_features(facts: AccountFacts) -> Iterator[Finding]:
    if facts.suite_tax is False:
        yield Finding(
            code="tax",
            severity=WARNS,
            words="The account uses legacy tax, which REST does not support: NetSuite computes it, we only read it.",
            who=FINANCE,
            todo="Expect cents of tax to differ between Loop and NetSuite; set «items.difference_tax» in the policy.",
        )
    if facts.restock is False:
        words = "Receipt rows have no restock box over REST; ReturnsOps decides by location and needs none."
        yield Finding(code="restock", severity=FINE, words=words)
    if facts.create_form is not None:
        words = "Documents can be previewed (create-form)." if facts.create_form else (
            "Documents cannot be previewed (create-form); ReturnsOps works without."
        )  # fmt: skip
        yield Finding(code="create_form", severity=FINE, words=words)
    for name, readable, what in (
        ("links", facts.links_readable, "links between records, by which refunds are found"),
        ("deleted", facts.deleted_readable, "the list of deleted records"),
    ):
        if readable is False:
            yield Finding(
                code=name,
                severity=WARNS,
                words=f"The role cannot read {what}.",
                who=NETSUITE_ADMIN,
                todo=f"Add {'Deleted Records' if name == 'deleted' else 'Find Transaction'} under {ROLE_PAGE} › "
                f"Permissions. Without it every record is asked for one by one.",
            )


def find_language(answers: AccountAnswers) -> Iterator[Finding]:
    words = status_words(answers.statuses, "RtnAuth") | status_words(answers.statuses, "CustCred")
    if words and not words & ENGLISH:
        yield Finding(
            code="language",
            severity=WARNS,
            words="The integration user's language is not English; refusals are told apart by their English text.",
            who=NETSUITE_ADMIN,
            todo="Log in as the integration user and choose English (U.S.) under Home › Set Preferences.",
            evidence=f"statuses: {', '.join(sorted(words)[:3])}",
        )


def find_billing(facts: AccountFacts) -> Iterator[Finding]:
    invoices, cash_sales = facts.sales.get("CustInvc", 0), facts.sales.get("CashSale", 0)
    if not invoices and not cash_sales:
        return
    kind = "both invoices and cash sales" if invoices and cash_sales else "invoices" if invoices else "cash sales"
    refund = {"invoices": "a Credit Memo", "cash sales": "a Cash Refund"}.get(kind, "what fits the bill of each")
    words = f"Orders are billed as {kind}, so a return is credited with {refund}."
    evidence = f"{invoices} invoices, {cash_sales} cash sales in 30 days"
    yield Finding(code="billing", severity=FINE, words=words, evidence=evidence)


def find_lanes(lanes: int, *, is_sandbox: bool) -> Iterator[Finding]:
    if lanes > LANES_MAX_USUAL and not is_sandbox:
        yield Finding(
            code="lanes",
            severity=WARNS,
            words=f"{lanes} calls at once are allowed here; without extra licences no account takes more than "
            f"{LANES_MAX_USUAL}, and others share them.",
            who=OURS_ADMIN,
            todo="Compare with Setup › Integration › Integration Governance and lower «Calls in flight at most».",
        )


def find_preferences(answers: AccountAnswers) -> Iterator[Finding]:
    if answers_stopped(answers):
        return
    yield Finding(
        code="preferences",
        severity=UNKNOWN,
        words=f"Preferences cannot be read from outside: {PREFERENCES}.",
        who=NETSUITE_ADMIN,
        todo="Read them under Setup › Accounting › Accounting Preferences › Order Management. ReturnsOps names every "
        "row of a document, so that none of them is relied on.",
    )


def find_settings(account: NetSuiteAccount, facts: AccountFacts) -> Iterator[Finding]:
    for misfit in find_account_misfits(account, facts):
        yield Finding(
            code=f"setting:{misfit.field}", severity=BLOCKS, words=misfit.words, who=OURS_ADMIN, todo=misfit.todo
        )
