"""Which fields an account does not have: features and preferences decide (netsuite.md 2.8, 4.8, 4.13)."""

from integrations.sandbox.netsuite.account import Account

ONEWORLD = ("subsidiary", "iscrosssubtransaction", "inventorysubsidiary")
SUITETAX = ("taxdetails", "taxdetailsoverride", "taxpointdate", "totalaftertaxes", "taxdetailsreference")
LEGACY_TAX = ("taxcode", "taxrate1")
BY_METHOD = {"paymentOption": ("paymentmethod",), "paymentMethod": ("paymentoption", "paymentprocessingprofile")}


def absent_fields(account: Account) -> frozenset[str]:
    """Lower-case names, of bodies and rows alike."""
    settings = account.settings
    absent: list[str] = [] if settings.flag("netsuite.oneworld") else [*ONEWORLD]
    absent += LEGACY_TAX if settings.text("netsuite.tax_engine") == "suitetax" else SUITETAX
    absent += BY_METHOD.get(settings.text("netsuite.refund_method_field"), ())
    if settings.text("netsuite.restock") == "rejected":
        absent.append("restock")
    return frozenset(absent)
