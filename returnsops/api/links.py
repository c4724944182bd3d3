"""Where a NetSuite record can be looked at by a person."""

from urllib.parse import urlsplit

from integrations.models import NetSuiteAccount

API_HOST, PAGES_HOST = ".suitetalk.api.netsuite.com", ".app.netsuite.com"


def netsuite_link(account: NetSuiteAccount, internal_id: str) -> str | None:
    """The record's page in NetSuite; None for a sandbox, which has no pages.

    One path opens every type of transaction (netsuite.md §1: host documented, path inferred).
    """
    host = urlsplit(account.base_url).hostname or ""
    if not host.endswith(API_HOST):
        return None
    return (
        f"https://{host.removesuffix(API_HOST)}{PAGES_HOST}/app/accounting/transactions/transaction.nl?id={internal_id}"
    )
