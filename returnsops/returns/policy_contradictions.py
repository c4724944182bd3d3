"""Settings of a policy that exclude each other, each as a sentence with the way out."""

from returnsops.returns.places import location_of, place_words, status_of
from returnsops.returns.policy import (
    RESTOCK_TRIGGERS,
    WRONG_ITEM,
    Assessment,
    ExchangeForm,
    ExchangeOrder,
    Grade,
    Policy,
    ReadBack,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
)


def find_contradictions(policy: Policy) -> list[str]:
    found = []
    if policy.writes("receipt") and not policy.locations.holding:
        found.append("Receipts are written but no holding location is set. Set «locations.holding».")
    if policy.locations.sellable and policy.locations.sellable == policy.locations.damaged:
        found.append("Sellable and damaged units go to the same location, or status in it. Choose two.")
    if policy.locations.sellable and policy.locations.sellable == policy.locations.holding:
        found.append("Units on hold would lie at the sellable location. Choose a holding location of its own.")
    found += _contradictions_of_receipts(policy)
    if policy.read_back == ReadBack.BY_RISK and not policy.read_back_share:
        found.append(
            "Of the documents without a risk none would be read back, so that nobody would notice when they begin to "
            "come out wrong. Set «read_back_share» to 0.01 or more."
        )
    return [
        *found,
        *_contradictions_of_exchanges(policy),
        *_contradictions_of_places(policy),
        *_contradictions_of_grades(policy),
    ]


def find_unfit(policy: Policy) -> list[str]:
    """What new rules may not say, and stored ones may have said before that was so: the plan tells of it instead."""
    found = []
    if policy.writes("rma") and not policy.writes("receipt") and not policy.locations.holding:
        found.append(
            "Return Authorizations name the location of units on hold, and there is no holding location. "
            "Set «locations.holding»."
        )
    field = policy.exchange_link_field
    if field and not policy.link_field:
        found.append(_words_on_link_field(field))
    names = [
        *policy.tenders,
        *policy.currencies,
        *(name for one in policy.place_rules for name in (one.sku, one.category, one.place)),
    ]
    found += [f"«{name}» holds a line break, as no name does. Write it on one line." for name in names if _breaks(name)]
    return found


def _breaks(name: str) -> bool:
    return "\n" in name or "\r" in name


def _words_on_link_field(field: str) -> str:
    return (
        f"«{field}» is no custom field of a transaction, and the number of the original order would take the place "
        "of what NetSuite keeps there. Set «exchange_link_field» to a script id that begins with custbody, such as "
        "custbody_original_order, or leave it empty."
    )


def _contradictions_of_receipts(policy: Policy) -> list[str]:
    found = []
    trigger, exemption = policy.receipt_trigger, policy.restock_exemption
    to_hold = trigger in (ReceiptTrigger.ARRIVAL_TO_HOLD, ReceiptTrigger.LOOP_RESTOCK_TO_HOLD)
    if to_hold and policy.receipt_shape == ReceiptShape.AFTER_INSPECTION:
        found.append(
            "Units would be received before they are judged, and nothing would move them on. Set «receipt_shape» to "
            "«hold_then_transfer», or «receipt_trigger» to «inspection»."
        )
    if trigger in RESTOCK_TRIGGERS and policy.refund_authority == RefundAuthority.NETSUITE_FIRST:
        found.append(
            "Loop restocks when it settles, and under «netsuite_first» it settles only after the receipt: both would "
            "wait for each other. Set «refund_authority» to «loop_first», or «receipt_trigger» to «inspection»."
        )
    is_dated = exemption.reason and exemption.until and exemption.skus
    if trigger == ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE and not is_dated:
        found.append(
            "A Loop restock makes units sellable only by an exemption. Say its reason, its last day and its SKUs under "
            "«restock_exemption»."
        )
    return found


def _contradictions_of_exchanges(policy: Policy) -> list[str]:
    found = []
    if policy.exchange_form == ExchangeForm.NATIVE and policy.exchange_order == ExchangeOrder.CREATE:
        found.append("Native exchanges have no order of their own to create. Set «exchange_order» to «expect».")
    damaged = {one.place for one in policy.place_rules if one.outcome == "damaged"}
    if policy.exchange_location in damaged | {policy.locations.holding, policy.locations.damaged} - {""}:
        found.append(
            f"Exchanges would ship from location {policy.exchange_location}, where units on hold or damaged units lie. "
            "Choose another «exchange_location», or leave it empty."
        )
    return found


def _contradictions_of_places(policy: Policy) -> list[str]:
    found = []
    for one in policy.place_rules:
        if one.outcome == "damaged" and one.place in policy.sellable_places:
            found.append(
                f"A rule sends damaged units to {place_words(one.place)}, where sellable units go. Choose another."
            )
    found += _contradictions_of_statuses(policy)
    conditions = [
        (one.outcome, one.sku.casefold(), one.destination, one.category.casefold()) for one in policy.place_rules
    ]
    if len(set(conditions)) < len(conditions):
        found.append("Two rules of places are for the same units. Keep one of them.")
    return found


def _contradictions_of_statuses(policy: Policy) -> list[str]:
    if not policy.names_statuses:
        return []
    found = []
    if not all(map(status_of, policy.places)):
        found.append(
            "Some places name an inventory status and others do not: what NetSuite gives those is its default, which "
            "is sellable. Name a status for each, such as «31/2», or for none."
        )
    holding = policy.locations.holding
    beside = {one for one in policy.places - {holding} if location_of(one) == location_of(holding)}
    if beside and policy.receipt_shape == ReceiptShape.HOLD_THEN_TRANSFER:
        found.append(
            "Units would go from hold to another status of the same location, which a person must enter in NetSuite "
            "for each of them. Choose a holding location of its own, or set «receipt_shape» to «after_inspection»."
        )
    return found


def _contradictions_of_grades(policy: Policy) -> list[str]:
    """Loop's people go by what they read there, so it must not say the opposite of what was seen."""
    found = []
    told = [*policy.grades.items(), *policy.assessments.items()]
    if any(word == "missing" and outcome not in ("missing", WRONG_ITEM) for outcome, word in told):
        found.append("Loop would be told that units are missing that lay in the parcel. Choose another word for them.")
    if any(outcome == "missing" and word not in (Grade.MISSING, Assessment.MISSING) for outcome, word in told):
        found.append(
            "Of a unit that was not in the parcel Loop can only be told that it is missing. Choose «missing» for it."
        )
    if any(word == Assessment.BACK_TO_STOCK and outcome != "sellable" for outcome, word in policy.assessments.items()):
        found.append("Loop would be told that units are back in stock that are not sellable. Choose another word.")
    return found
