"""Refusals whose exact words nobody has captured: as we assume them, and worded otherwise (netsuite.md 13, U6)."""

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal, user_error

ASSUMED = {
    "over_receipt": (
        "The quantity received ({quantity}) is greater than the quantity remaining ({remaining}) on line {line}."
    ),
    "over_credit": (
        "The quantity credited ({quantity}) is greater than the quantity received and not yet credited ({remaining})"
        " on line {line}."
    ),
    "over_applied": "The amount {amount} is greater than the amount remaining ({remaining}) on its document.",
    "over_credited": "The amount applied is greater than the amount of the credit.",
    "line_in_use": "Line {line} has {used} received or credited and cannot be reduced below that.",
    "minimum": "The quantity of line {line} is below the minimum quantity of its item ({minimum}).",
    "negative_total": "The total of this transaction can not be negative.",
    "detail_missing": "Please configure the inventory detail in line {line} of the item list.",
    "detail_total": "The total inventory detail quantity must be {quantity}.",
    "detail_static": "Invalid sublist operation: lines of a static sublist cannot be added or removed.",
    "unbalanced": "Transaction was not in balance. Posting total = {difference}.",
    "two_subsidiaries": "The locations of an inventory transfer must belong to the same subsidiary.",
    "same_place": "The locations of an inventory transfer must differ.",
    "memo_too_long": "The field memo contained more than the maximum number ( 40 ) of characters allowed.",
}  # fmt: skip
OTHER = {
    "over_receipt": "You cannot receive more than the ordered quantity. Line {line} has {remaining} left.",
    "over_credit": "Line {line}: only {remaining} can be credited at this time.",
    "over_applied": "You cannot apply more than the document's balance. Balance is {remaining}.",
    "over_credited": "Applied amounts exceed the amount of this transaction.",
    "line_in_use": "Line {line} can't be changed: it is already processed.",
    "minimum": "Item in line {line} can only be returned in quantities of {minimum} or more.",
    "negative_total": "Transaction amounts must be positive.",
    "detail_missing": "Line {line} needs inventory detail.",
    "detail_total": "Inventory detail does not add up to {quantity}.",
    "detail_static": "INVALID_SUBLIST_OPERATION: this sublist is static.",
    "unbalanced": "Amounts do not balance by {difference}.",
    "two_subsidiaries": "You cannot transfer inventory between these locations.",
    "same_place": "From and to are the same.",
    "memo_too_long": "Memo is too long.",
}


def worded(account: Account, key: str, *, path: str = "", **values: object) -> Refusal:
    texts = OTHER if account.settings.text("netsuite.refusal_words") == "other" else ASSUMED
    return user_error(texts[key].format(**values), path=path)
