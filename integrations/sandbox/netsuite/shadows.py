"""What SuiteQL hides from a role that lacks a permission: rows of some kinds, whole tables (netsuite.md 5.1).

A missing permission looks like a missing record or like no rows. So temporary views of the same names lie over
the real ones, and go away with the lack.
"""

from integrations.sandbox.netsuite import permissions
from integrations.sandbox.netsuite.account import Account

TYPED = {"transaction": ("type",), "deletedrecord": ("recordtypeid",)}
LINKS = (
    "nexttransactionlinelink",
    "previoustransactionlinelink",
    "nexttransactionlink",
    "previoustransactionlink",
)
SHADOWED = (*TYPED, *LINKS, "transactionline")


def lift_shadows(account: Account) -> None:
    for name in SHADOWED:
        account.store.execute(f'DROP VIEW IF EXISTS temp."{name}"')


def cast_shadows(account: Account) -> None:
    codes = ", ".join(f"'{kind.code}'" for kind in permissions.hidden_kinds(account))
    if not codes:
        return
    conditions = {name: " AND ".join(f"{one} NOT IN ({codes})" for one in columns) for name, columns in TYPED.items()}
    conditions |= dict.fromkeys(LINKS, f"previoustype NOT IN ({codes}) AND nexttype NOT IN ({codes})")
    conditions["transactionline"] = f'"transaction" IN (SELECT id FROM txn WHERE type NOT IN ({codes}))'
    for name, condition in conditions.items():
        account.store.execute(f'CREATE TEMP VIEW "{name}" AS SELECT * FROM main."{name}" WHERE {condition}')
