"""The names of streams: what is read in order of time, or again and again. Cursors, runs and cases keep them."""

from integrations.models import NetSuiteAccount, Shop, SyncRun


def main_stream(owner: Shop | NetSuiteAccount) -> str:
    """A shop's returns, an account's records."""
    return f"loop:{owner.code}" if isinstance(owner, Shop) else f"netsuite:{owner.account_id}"


def item_stream(account: NetSuiteAccount) -> str:
    return f"items:{account.account_id}"


def kit_stream(account: NetSuiteAccount) -> str:
    return f"kits:{account.account_id}"


def stock_stream(account: NetSuiteAccount) -> str:
    return f"stock:{account.account_id}"


def owner_of(run: SyncRun) -> Shop | NetSuiteAccount | None:
    """None: the shop or the account is no more."""
    system, _, name = run.stream.partition(":")
    if system == "loop":
        return Shop.objects.select_related("account").filter(code=name).first()
    return NetSuiteAccount.objects.filter(account_id=name).first()
