"""Where a person looks at a record of the other side. A sandbox has no pages, so it has no links."""

from urllib.parse import urlsplit

from integrations.models import NetSuiteAccount, Shop

API_HOST, PAGES_HOST = ".suitetalk.api.netsuite.com", ".app.netsuite.com"


def netsuite_link(account: NetSuiteAccount, internal_id: str) -> str:
    """The page of any transaction (netsuite.md §1: host documented, path inferred); empty when there is none."""
    host = urlsplit(account.base_url).hostname or ""
    if not internal_id or not host.endswith(API_HOST):
        return ""
    pages = host.removesuffix(API_HOST) + PAGES_HOST
    return f"https://{pages}/app/accounting/transactions/transaction.nl?id={internal_id}"


def loop_link(shop: Shop, loop_id: str) -> str:
    """The return in Loop's admin; empty when there is none."""
    return "" if shop.is_sandbox else f"https://admin.loopreturns.com/returns/{loop_id}"
