"""Who calls, told from what the call claims: for faults and latency only, nothing is verified here."""

import re
from collections.abc import Mapping

import jwt
from werkzeug.wrappers import Request

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.shops import ShopProfile

REALM = re.compile(r'realm="([^"]+)"')


def caller_of(
    request: Request, *, system: str, shops: Mapping[str, ShopProfile], accounts: Mapping[str, Account]
) -> str | None:
    """The NetSuite account or the Loop shop; None when the call does not say."""
    if system == "loop":
        key = request.headers.get("X-Authorization", "")
        return next((shop.code for shop in shops.values() if shop.api_key == key), None)
    claimed = _claimed_account(request.headers.get("Authorization", ""))
    if claimed is None and "oauth2" in request.path and "client_assertion" in request.form:
        claimed = _account_of_client(request.form["client_assertion"], accounts=accounts)
    return claimed if claimed in accounts else None


def _claimed_account(authorization: str) -> str | None:
    """Our access tokens carry their account in the middle, token-based authentication names it as its realm."""
    realm = REALM.search(authorization)
    if realm is not None:
        return realm[1]
    parts = authorization.partition(" ")[2].split(".")
    return parts[1] if len(parts) == 3 else None


def _account_of_client(assertion: str, *, accounts: Mapping[str, Account]) -> str | None:
    try:
        client = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError:
        return None
    return next((key for key, account in accounts.items() if account.profile.client_id == client), None)
