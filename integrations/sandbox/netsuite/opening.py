"""What the lists of an account hold from the first day: currencies, subsidiaries, employees, statuses, carriers."""

from integrations.sandbox.money import places_of
from integrations.sandbox.netsuite.account import Account

# Units of each per US dollar, and its decimal places.
CURRENCIES = (
    ("USD", "US Dollar", 1.0),
    ("GBP", "British Pound", 0.79),
    ("EUR", "Euro", 0.92),
    ("JPY", "Japanese Yen", 151.0),
    ("KWD", "Kuwaiti Dinar", 0.307),
)
FIRST_FURTHER_CURRENCY = 2
# Who writes in this account: the integration's user, the shop's connector, another connector, people.
EMPLOYEES = (
    (101, "REST Integration", "REST", "Integration", "api"),
    (102, "Shop Connector", "Shop", "Connector", "connector"),
    (103, "Dana Whitfield", "Dana", "Whitfield", "person"),
    (104, "Returns Connector", "Returns", "Connector", "other_connector"),
)
STATUSES = ((1, "Good", "T"), (2, "Inspection", "F"), (3, "Damaged", "F"))
CARRIERS = ((701, "Ground"), (702, "Express"))


def fill_lists(account: Account) -> None:
    store, profile = account.store, account.profile
    _fill_currencies(account)
    store.execute(
        "INSERT INTO subsidiary (id, name, fullname, currency) VALUES (?, ?, ?, ?)",
        (profile.subsidiary_id, profile.name, profile.name, profile.currency_id),
    )
    store.execute_many(
        "INSERT INTO employee (id, entityid, firstname, lastname, login) VALUES (?, ?, ?, ?, ?)", EMPLOYEES
    )
    store.execute_many("INSERT INTO inventorystatus (id, name, inventoryavailable) VALUES (?, ?, ?)", STATUSES)
    store.execute_many("INSERT INTO shipitem (id, itemid) VALUES (?, ?)", CARRIERS)


def _fill_currencies(account: Account) -> None:
    """The exchange rate of a currency is what one unit of it is worth in the account's own."""
    base = account.profile.currency
    own_rate = next(rate for symbol, _, rate in CURRENCIES if symbol == base)
    number = FIRST_FURTHER_CURRENCY
    for symbol, name, rate in CURRENCIES:
        identity = account.profile.currency_id if symbol == base else number
        number += symbol != base
        account.store.execute(
            "INSERT INTO currency (id, name, symbol, exchangerate, decimals, isbasecurrency) VALUES (?, ?, ?, ?, ?, ?)",
            (identity, name, symbol, round(own_rate / rate, 6), places_of(symbol), "T" if symbol == base else "F"),
        )
