"""Rules against what a check found out about the account: what it cannot do is refused before it does harm (N2). Pure.

Where nothing is known nothing is refused; `find_doubts` says so instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from integrations.discovery.netsuite_places import judge_use
from integrations.discovery.netsuite_questions import MADE, RECORD_TYPES, RIGHTS
from integrations.discovery.netsuite_writers import foreign_programs
from integrations.profile import AccountFacts, Severity
from returnsops.returns.policy import ExchangeOrder, Policy
from returnsops.returns.policy_uses import uses_of

HABIT = 2  # as many exchange orders of others may be a trial


@dataclass(frozen=True)
class Known:
    """facts: None before the first check. foreign_exchange_orders: lately mirrored ones that somebody else made."""

    shop: str
    subsidiary_id: str
    facts: AccountFacts | None
    foreign_exchange_orders: int = 0
    category_field: str = ""


@dataclass(frozen=True)
class Misfit:
    """words: what does not fit, with the way out. may_be_overridden: an administrator may know better."""

    words: str
    may_be_overridden: bool = False


def find_misfits(policy: Policy, known: Known) -> list[Misfit]:
    """Reasons to refuse these rules."""
    found = [*_second_exchange_writer(policy, known), *_unknown_categories(policy, known)]
    if known.facts:
        found += _impossible_receipts(policy, known.facts)
        found += _missing_rights(policy, known.facts)
        found += _wrong_ids(policy, known, Severity.BLOCKS)
        found += _second_writers(policy, known.facts)
    return found


def find_doubts(policy: Policy, known: Known) -> list[str]:
    """What a person should know about these rules, though nothing proves them wrong."""
    if known.facts is None:
        return [
            "The NetSuite account was not checked yet, so nobody knows whether these rules fit it. "
            "Check it under Connections."
        ]
    doubts = [misfit.words for misfit in _wrong_ids(policy, known, Severity.WARNS)]
    if policy.writes("receipt") and known.facts.advanced_receiving is None:
        doubts.append("Whether Advanced Receiving is on could not be told; without it receipts are impossible.")
    if known.facts.inventory_status is None and policy.names_statuses:
        doubts.append("Whether NetSuite keeps inventory statuses could not be told; without them receipts are refused.")
    if policy.writes("refund") and known.facts.refund_method_fields == ("paymentMethod",):
        doubts.append(
            "Customer refunds of this account have paymentMethod and no paymentOption: leave «payment_option_id» out."
        )
    return doubts


def _unknown_categories(policy: Policy, known: Known) -> Iterator[Misfit]:
    if any(one.category for one in policy.place_rules) and not known.category_field:
        yield Misfit(
            "Rules of places name categories, and nobody said in which field NetSuite's items tell them: such units "
            "would stay on hold. Name the category field of the NetSuite account in the admin."
        )


def _impossible_receipts(policy: Policy, facts: AccountFacts) -> Iterator[Misfit]:
    if policy.writes("receipt") and facts.advanced_receiving is False:
        yield Misfit(
            "Receipts are written, but Advanced Receiving is off in NetSuite: there are no receipts of returns. Switch "
            "it on there and check the connection, or set «ownership.receipt» to «observe»."
        )


def _missing_rights(policy: Policy, facts: AccountFacts) -> Iterator[Misfit]:
    for kind, record_types in RECORD_TYPES.items():
        if not policy.writes(kind):
            continue
        missing = [RIGHTS[name] for name in record_types if facts.access.get(name) == "missing"]
        # Either of them carries the credit; which one, the bill of each order decides.
        if missing and (kind != "credit" or len(missing) == len(record_types)):
            yield Misfit(
                f"«ownership.{kind}» is «write», but the role lacks {' and '.join(missing)}: Edit. Ask the NetSuite "
                f"administrator for it and check the connection, or set it to «observe»."
            )


def _wrong_ids(policy: Policy, known: Known, severity: Severity) -> list[Misfit]:
    assert known.facts is not None
    findings = [
        finding
        for use in uses_of(policy, shop=known.shop)
        for finding in judge_use(use, known.facts, subsidiary_id=known.subsidiary_id, was_asked=False)
    ]
    return [Misfit(f"{one.words} {one.todo}") for one in findings if one.severity == severity]


def _second_writers(policy: Policy, facts: AccountFacts) -> Iterator[Misfit]:
    """One account may hold the books of other shops, whose returns somebody else may well write."""
    for made in MADE:
        programs = foreign_programs(facts.writers.get(made.record_type, []))
        if policy.writes(made.kind) and programs:
            names = ", ".join(f"«{one.mark}…» ({one.count})" for one in programs)
            yield Misfit(
                f"{made.plural} would have two writers: another program makes them too, {names} in 30 days. Switch it "
                f"off for this shop, or set «ownership.{made.kind}» to «observe».",
                may_be_overridden=True,
            )


def _second_exchange_writer(policy: Policy, known: Known) -> Iterator[Misfit]:
    creates = policy.writes("exchange_order") and policy.exchange_order == ExchangeOrder.CREATE
    if creates and known.foreign_exchange_orders > HABIT:
        yield Misfit(
            f"Exchange orders would be created, but somebody else brings them, {known.foreign_exchange_orders} lately: "
            "they would have two writers. Set «exchange_order» to «expect».",
            may_be_overridden=True,
        )
