"""Settings of an account that contradict what a check found out about it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from integrations.discovery.netsuite_answers import sku_field_of
from integrations.models import NetSuiteAccount
from integrations.netsuite.options import ReceiptKey
from integrations.profile import AccountFacts

SUBSIDIARIES_SHOWN = 5


@dataclass(frozen=True)
class Misfit:
    """field: the setting of the account that is wrong."""

    field: str
    words: str
    todo: str


def find_account_misfits(account: NetSuiteAccount, facts: AccountFacts) -> Iterator[Misfit]:
    line_field = account.line_reference_field
    if facts.line_fields.get(line_field) is False:
        yield Misfit(
            "line_reference_field",
            f"Order lines have no field {line_field}, which should hold the shop's line id.",
            "Correct it, or leave it empty: then units are matched by item.",
        )
    sku_field = sku_field_of(account)
    if facts.sku_fields.get(sku_field) is False:
        yield Misfit("sku_field", f"Items have no field {sku_field}.", "Name the field that holds the SKU.")
    if account.subsidiary_id and facts.one_world is False:
        yield Misfit(
            "subsidiary_id",
            "The account has no subsidiaries, as it is not OneWorld.",
            "Leave the subsidiary empty.",
        )
    elif account.subsidiary_id and facts.subsidiaries and account.subsidiary_id not in facts.subsidiaries:
        known = [f"{name} ({number})" for number, name in facts.subsidiaries.items()][:SUBSIDIARIES_SHOWN]
        yield Misfit(
            "subsidiary_id",
            f"The account has no subsidiary {account.subsidiary_id}.",
            f"Choose one of: {', '.join(known)}.",
        )
    yield from _unknown_keys(account, facts)
    if account.has_forms and facts.create_form is False:
        yield Misfit(
            "has_forms",
            "The account does not give forms (create-form), which came with NetSuite 2026.1.",
            "Switch «Ask for forms» off.",
        )


def _unknown_keys(account: NetSuiteAccount, facts: AccountFacts) -> Iterator[Misfit]:
    key = account.receipt_key
    wanted = ["orderLine", "line"] if key == ReceiptKey.BOTH else [str(key)]
    missing = [name for name in wanted if name not in facts.receipt_row_keys]
    if facts.receipt_row_keys and missing:
        yield Misfit(
            "receipt_key",
            f"Rows of an Item Receipt have no field {' and '.join(missing)}.",
            f"Choose {' or '.join(facts.receipt_row_keys)} as the key of receipt rows.",
        )
