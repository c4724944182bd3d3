"""The default world: accounts, shops, goods and keys; made once and kept with the state."""

import random
import secrets
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from integrations.sandbox.clock import Clock
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account, AccountProfile
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.opening import fill_lists
from integrations.sandbox.netsuite.periods import ensure_period, open_books
from integrations.sandbox.netsuite.records import save_new
from integrations.sandbox.netsuite.schema import TABLES
from integrations.sandbox.netsuite.sqlfunctions import add_functions
from integrations.sandbox.netsuite.views import refresh_views
from integrations.sandbox.settings import Settings
from integrations.sandbox.shops import HARBOUR_SHOP, NORTHWIND_SHOP, ShopProfile
from integrations.sandbox.store import Store

Json = dict[str, Any]
SPECIAL_ITEMS = {
    "difference_tax": (901, "LOOP-DIFF-TAX", "Difference: tax"),
    "difference_discount": (902, "LOOP-DIFF-DISCOUNT", "Difference: discount"),
    "difference_rounding": (903, "LOOP-DIFF-ROUNDING", "Difference: rounding"),
    "difference_shipping": (904, "LOOP-DIFF-SHIPPING", "Difference: shipping"),
    "fee": (905, "LOOP-FEE", "Return handling fee"),
    "exchange_discount": (906, "LOOP-EXCHANGE", "Exchange credit from Loop"),
    "difference_fee": (907, "LOOP-DIFF-FEE", "Difference: fee"),
    "difference_overpaid": (908, "LOOP-DIFF-OVERPAID", "Difference: paid beyond the goods"),
    "difference_underpaid": (909, "LOOP-DIFF-UNDERPAID", "Difference: not paid of the goods"),
    "shipping": (910, "LOOP-SHIPPING", "Shipping given back"),
    "shipping_tax": (911, "LOOP-SHIPPING-TAX", "Tax of shipping given back"),
    "store_credit": (912, "LOOP-STORE-CREDIT", "Given as store credit"),
    "exchange_clearing": (913, "LOOP-EXCHANGE-CLEARING", "Exchange clearing"),
    "kept_goods": (914, "LOOP-KEPT", "Goods the customer keeps"),
    "kept_tax": (915, "LOOP-KEPT-TAX", "Tax of goods the customer keeps"),
    "duties": (916, "LOOP-DUTIES", "Duties given back"),
}
LOCATIONS = {"sellable": 0, "holding": 1, "damaged": 2}
LOCATION_BASE = {"7400001_SB1": 14, "7400002_SB1": 21}
REFUND_METHODS = {
    "shopify_payments": (217, 9, "Shopify Payments clearing"),
    "paypal": (218, 10, "PayPal clearing"),
    "gift_card": (219, 11, "Gift card liability"),
    "manual": (220, 12, "Manual refunds clearing"),
}
CARD_OPTION = (5, "Visa, Mastercard")
ADJUSTMENT_ACCOUNT = 330
OPENING_STOCK = 250_000
SHOPS = (NORTHWIND_SHOP, HARBOUR_SHOP)


def make_shops(*, seed: str) -> list[ShopProfile]:
    """Keys follow the seed, so that a configured client survives a reset."""
    draw = random.Random(f"keys-{seed}")
    shops: list[ShopProfile] = []
    for shop in SHOPS:
        key, secret = f"{draw.getrandbits(160):040x}", f"{draw.getrandbits(64):016x}"
        shops.append(replace(shop, api_key=key, webhook_secret=secret))
    return shops


def open_beside(shop: ShopProfile, *, code: str, currency: str, number: int, seed: str) -> ShopProfile:
    """One more shop with the goods and the books of this one; its orders are numbered apart from all others."""
    draw = random.Random(f"keys-{seed}-{code}")
    return replace(
        shop,
        code=code,
        name=code.replace("-", " ").title(),
        currency=currency,
        loop_shop_id=shop.loop_shop_id + 10 * number,
        first_order_number=shop.first_order_number + 100_000 * number,
        api_key=f"{draw.getrandbits(160):040x}",
        webhook_secret=f"{draw.getrandbits(64):016x}",
    )


def open_account(shop: ShopProfile, *, path: Path | None, clock: Clock, settings: Settings, seed: str) -> Account:
    """Open the account's books, making them when they are new."""
    store = Store(path)
    store.run_script(TABLES + "CREATE TABLE IF NOT EXISTS profile (name TEXT PRIMARY KEY, value TEXT NOT NULL);")
    account = Account(
        _profile(shop, store=store, seed=seed),
        store=store,
        clock=clock,
        settings=settings.of_account(shop.netsuite_account),
    )
    add_functions(account)
    refresh_views(account)
    if store.value("SELECT count(*) FROM item") == 0:
        with store.transaction():
            fill_account(account, shop=shop)
    return account


def _profile(shop: ShopProfile, *, store: Store, seed: str) -> AccountProfile:
    key = store.value("SELECT value FROM profile WHERE name = 'private_key_pem'")
    if key is None:
        key = _new_key()
        store.execute("INSERT INTO profile (name, value) VALUES ('private_key_pem', ?)", (key,))
    draw = random.Random(f"client-{seed}-{shop.code}")
    return AccountProfile(
        account_id=shop.netsuite_account,
        name=shop.name,
        time_zone=shop.time_zone,
        currency=shop.currency,
        client_id=f"{draw.getrandbits(256):064x}",
        certificate_id=f"cert-{draw.getrandbits(64):016x}",
        private_key_pem=key,
        consumer_secret=f"{draw.getrandbits(256):064x}",
        token_id=f"{draw.getrandbits(256):064x}",
        token_secret=f"{draw.getrandbits(256):064x}",
    )


def _new_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


def fill_account(account: Account, *, shop: ShopProfile) -> None:
    store = account.store
    open_books(store, today=account.today())
    fill_lists(account)
    _fill_places(account)
    _fill_accounts(account)
    at = account.now_text()
    rows: list[tuple[int, str, str, str, str | None, str, float, str]] = [
        (one.item_id, one.sku, one.sku, one.full_title, one.barcode, "InvtPart", float(one.price), at)
        for one in shop.catalogue
    ]
    kit = shop.kit.variant
    rows.append((kit.item_id, kit.sku, kit.sku, kit.full_title, kit.barcode, "Kit", float(kit.price), at))
    rows += [(number, sku, sku, name, None, "OthCharge", 0.0, at) for number, sku, name in SPECIAL_ITEMS.values()]
    store.execute_many(
        "INSERT INTO item (id, itemid, fullname, displayname, upccode, itemtype, baseprice, lastmodifieddate)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    store.execute_many(
        "INSERT INTO itemmember (parentitem, item, quantity, linenumber) VALUES (?, ?, ?, ?)",
        [(kit.item_id, part.item_id, count, place) for place, (part, count) in enumerate(shop.kit.parts, start=1)],
    )
    _open_stock(account, shop=shop)


def _fill_places(account: Account) -> None:
    base = LOCATION_BASE[account.profile.account_id]
    names = (("Main DC", "T"), ("Returns holding", "F"), ("Returns damaged", "F"))
    account.store.execute_many(
        "INSERT INTO location (id, name, fullname, subsidiary, makeinventoryavailable, makeinventoryavailablestore,"
        " locationtype) VALUES (?, ?, ?, ?, ?, ?, 2)",
        [
            (base + place, name, name, account.profile.subsidiary_id, available, available)
            for place, (name, available) in enumerate(names)
        ],
    )


def _fill_accounts(account: Account) -> None:
    accounts = [(number, str(number), name, name, "Bank") for number, _, name in REFUND_METHODS.values()]
    accounts.append((ADJUSTMENT_ACCOUNT, "5500", "Inventory adjustments", "Inventory adjustments", "COGS"))
    account.store.execute_many(
        "INSERT INTO account (id, acctnumber, accountsearchdisplayname, fullname, accttype) VALUES (?, ?, ?, ?, ?)",
        accounts,
    )
    options = [(number, f"{name} (external)", 0) for _, number, name in REFUND_METHODS.values()]
    options.append((*CARD_OPTION, 1))
    account.store.execute_many("INSERT INTO paymentoption (id, name, is_card) VALUES (?, ?, ?)", options)


def _open_stock(account: Account, *, shop: ShopProfile) -> None:
    location = LOCATION_BASE[account.profile.account_id]
    document = Document(
        kind=kinds.INVENTORY_ADJUSTMENT,
        entity=None,
        tran_date=account.today(),
        currency=account.profile.currency_id,
        memo="Opening stock",
        posting_period=ensure_period(account.store, day=account.today()),
        extra={"account": ADJUSTMENT_ACCOUNT},
    )
    for number, variant in enumerate(shop.catalogue, start=1):
        line = Line(line=number, item=variant.item_id, item_type="InvtPart", quantity=OPENING_STOCK)
        line.location = location
        document.lines.append(line)
    save_new(account, document, who="person", body={}, check=False)


def describe_account(account: Account) -> Json:
    base = LOCATION_BASE[account.profile.account_id]
    known = asdict(account.profile)
    shown = {key: known[key] for key in ("account_id", "name", "client_id", "certificate_id", "private_key_pem")}
    return shown | {
        "tba": {
            "realm": account.profile.account_id,
            "consumer_key": account.profile.client_id,
            "consumer_secret": account.profile.consumer_secret,
            "token_id": account.profile.token_id,
            "token_secret": account.profile.token_secret,
        },
        "time_zone": account.profile.time_zone,
        "subsidiary_id": str(account.profile.subsidiary_id),
        "currency": account.profile.currency,
        "currency_id": str(account.profile.currency_id),
        "locations": {name: str(base + place) for name, place in LOCATIONS.items()},
        "items": {name: str(entry[0]) for name, entry in SPECIAL_ITEMS.items()},
        "refund_methods": {
            name: {"account_id": str(entry[0]), "payment_option_id": str(entry[1])}
            for name, entry in REFUND_METHODS.items()
        },
        "adjustment_account_id": str(ADJUSTMENT_ACCOUNT),
        "line_reference_field": "custcol_shopify_line_id",
    }


def describe_shop(shop: ShopProfile) -> Json:
    return {
        "code": shop.code,
        "name": shop.name,
        "currency": shop.currency,
        "time_zone": shop.time_zone,
        "api_key": shop.api_key,
        "webhook_secret": shop.webhook_secret,
        "loop_shop_id": str(shop.loop_shop_id),
        "destinations": shop.destinations(),
        "netsuite_account": shop.netsuite_account,
    }


def random_seed() -> str:
    return secrets.token_hex(8)
