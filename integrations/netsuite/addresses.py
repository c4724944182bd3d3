"""The host of an account's web services (netsuite.md 1.1)."""

from urllib.parse import urlsplit

from integrations.errors import ConfigurationError

API_DOMAIN = "suitetalk.api.netsuite.com"
DOMAIN = ".netsuite.com"
LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


def account_label(account_id: str) -> str:
    """The account in a host name: 1234567_SB1 is 1234567-sb1."""
    return account_id.strip().lower().replace("_", "-")


def account_realm(account_id: str) -> str:
    """The account in a signature, which is spelt the other way round: 1234567_SB1."""
    return account_id.strip().upper().replace("-", "_")


def default_base_url(account_id: str) -> str:
    """Where most accounts answer; the address on the account's company page goes before it."""
    return f"https://{account_label(account_id)}.{API_DOMAIN}"


def require_fitting_url(account_id: str, base_url: str) -> None:
    """Raises ConfigurationError for an address of another account: our records would go into its books."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").lower()
    if host in LOOPBACK_HOSTS:
        return
    first, _, rest = host.partition(".")
    if parts.scheme == "https" and first == account_label(account_id) and f".{rest}".endswith(DOMAIN):
        return
    raise ConfigurationError(
        system="netsuite",
        operation="read base URL",
        detail=f"{base_url} is not an address of account {account_id}. Copy it from Company Information › Company "
        f"URLs in NetSuite (usually {default_base_url(account_id)}).",
    )
