"""All questions to the books, asked of one dump."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from returnsops.management.rehearsal.books.completeness import check_completeness
from returnsops.management.rehearsal.books.duplicates import (
    check_duplicates,
    check_exchange_orders,
    check_judgements,
    check_settlements,
    removals_of,
)
from returnsops.management.rehearsal.books.exempt import Exemption
from returnsops.management.rehearsal.books.families import Family, sort_by_return
from returnsops.management.rehearsal.books.found import check_found, items_in
from returnsops.management.rehearsal.books.money import check_money
from returnsops.management.rehearsal.books.stock import Stock, check_sellable, check_unnamed, units_passed
from returnsops.management.rehearsal.books.verdict import Verdict
from returnsops.management.rehearsal.books.writes import check_external_ids

Json = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What the people of a run know, per Loop return id; exemptions per shop.

    passed: units judged sellable, by SKU.
    cases: codes of the open ones. found: goods that are to come into stock, by SKU.
    """

    passed: Mapping[str, Mapping[str, int]]
    cases: Mapping[str, Collection[str]]
    found: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exemptions: Mapping[str, Exemption] = field(default_factory=dict)


def check_books(dump: Mapping[str, Any], known: Known) -> Verdict:
    verdict = Verdict()
    families, stock = sort_by_return(dump), Stock.of(dump)
    for account in dump["netsuite"].values():
        verdict.note("card_operations", int(account["card_operations"]), "NetSuite would have paid by card")
        check_exchange_orders(account["transactions"], verdict)
        check_external_ids(account, verdict)
    for code, shop in dump["loop"].items():
        removed_at = removals_of(shop["log"])
        for one in shop["returns"]:
            family = families.get(str(one["id"]), Family())
            has_case = bool(known.cases.get(str(one["id"]), ()))
            check_duplicates(one, family, removed_at=removed_at, has_case=has_case, verdict=verdict)
            _check_goods(one, family, dump, stock, known, exemption=known.exemptions.get(code), verdict=verdict)
            check_money(one, family, codes=known.cases.get(str(one["id"]), ()), verdict=verdict)
            check_completeness(one, family, has_case=has_case, verdict=verdict)
        check_settlements(shop["log"], verdict)
        check_judgements(shop["log"], verdict)
    check_unnamed(dump, families, stock, verdict)
    return verdict


def _check_goods(
    one: Json,
    family: Family,
    dump: Mapping[str, Any],
    stock: Stock,
    known: Known,
    *,
    exemption: Exemption | None,
    verdict: Verdict,
) -> None:
    """A return without a document has no account, and nothing of it is anywhere."""
    account = dump["netsuite"].get(family.account, {"stock": [], "kits": []})
    return_id = str(one["id"])
    has_case, wanted = bool(known.cases.get(return_id, ())), items_in(account, known.found.get(return_id, {}))
    passed = units_passed(account, known.passed.get(return_id, {}))
    check_sellable(one, family, stock, passed=passed, exemption=exemption, has_case=has_case, verdict=verdict)
    check_found(one, family, stock.taken_in, wanted=wanted, has_case=has_case, verdict=verdict)
