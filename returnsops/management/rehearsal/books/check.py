"""All questions to the books, asked of one dump."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from returnsops.management.rehearsal.books.completeness import check_completeness
from returnsops.management.rehearsal.books.duplicates import (
    check_duplicates,
    check_exchange_orders,
    check_judgements,
    check_settlements,
    removals_of,
)
from returnsops.management.rehearsal.books.families import Family, sort_by_return
from returnsops.management.rehearsal.books.money import check_money
from returnsops.management.rehearsal.books.stock import Stock, check_sellable, check_unnamed
from returnsops.management.rehearsal.books.verdict import Verdict
from returnsops.management.rehearsal.books.writes import check_external_ids

Json = dict[str, Any]


def check_books(dump: Mapping[str, Any], *, passed: Mapping[str, int], cases: Mapping[str, Collection[str]]) -> Verdict:
    """passed: units judged sellable per Loop return id. cases: codes of the open cases per Loop return id."""
    verdict = Verdict()
    families, stock = sort_by_return(dump), Stock.of(dump)
    for account in dump["netsuite"].values():
        verdict.note("card_operations", int(account["card_operations"]), "NetSuite would have paid by card")
        check_exchange_orders(account["transactions"], verdict)
        check_external_ids(account, verdict)
    for shop in dump["loop"].values():
        removed_at = removals_of(shop["log"])
        for one in shop["returns"]:
            return_id = str(one["id"])
            _check_return(
                one,
                families.get(return_id, Family()),
                stock,
                passed=passed.get(return_id, 0),
                removed_at=removed_at,
                codes=cases.get(return_id, ()),
                verdict=verdict,
            )
        check_settlements(shop["log"], verdict)
        check_judgements(shop["log"], verdict)
    check_unnamed(dump, families, stock, verdict)
    return verdict


def _check_return(
    one: Json,
    family: Family,
    stock: Stock,
    *,
    passed: int,
    removed_at: Mapping[str, datetime],
    codes: Collection[str],
    verdict: Verdict,
) -> None:
    has_case = bool(codes)
    check_duplicates(one, family, removed_at=removed_at, has_case=has_case, verdict=verdict)
    check_sellable(one, family, stock, passed=passed, has_case=has_case, verdict=verdict)
    check_money(one, family, codes=codes, verdict=verdict)
    check_completeness(one, family, has_case=has_case, verdict=verdict)
