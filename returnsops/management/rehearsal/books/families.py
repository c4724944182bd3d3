"""Whose documents are whose: NetSuite's transactions by shop order, and by the return they belong to."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
CREDITS = ("CustCred", "CashRfnd")
API = "api"  # whom NetSuite names as the maker of what came over our integration
EXTERNAL_ID = re.compile(r"loop-[a-z0-9-]+?-(?P<return_id>\d+)-(?P<kind>[a-z-]+)-\d+")


@dataclass
class Family:
    """The documents that stand of one order or return, and what was undone. Ids are unique within the account only."""

    account: str = ""
    sales: list[Json] = field(default_factory=list)
    rmas: list[Json] = field(default_factory=list)
    receipts: list[Json] = field(default_factory=list)
    credits: list[Json] = field(default_factory=list)
    refunds: list[Json] = field(default_factory=list)
    others: list[Json] = field(default_factory=list)  # transfers and whatever else carries the return's name
    undone: list[Json] = field(default_factory=list)  # deleted or voided

    def all_standing(self) -> list[Json]:
        return [*self.rmas, *self.receipts, *self.credits, *self.refunds, *self.others]

    def has_foreign_hand(self) -> bool:
        """Somebody else made a document of it, or undid one: what we post ourselves we never undo."""
        return bool(self.undone) or not all(map(is_ours, self.all_standing()))


def is_ours(document: Json) -> bool:
    return bool(document["created_by"] == API)


def is_standing(document: Json) -> bool:
    return not document["deleted"] and not document["voided"]


def group_by_order(transactions: list[Json], *, account_id: str) -> dict[str, Family]:
    """Documents that stand by the shop's order id, following «made from» upwards and applications sideways."""
    standing = [one for one in transactions if is_standing(one)]
    tree = Tree(standing)
    families: dict[str, Family] = defaultdict(lambda: Family(account_id))
    for one in standing:
        order = tree.order_of(one)
        if order:
            _file(families[order], one)
    return families


def sort_by_return(dump: Mapping[str, Any]) -> dict[str, Family]:
    """The documents of each Loop return. What names no return belongs to the return of its authorization; an
    authorization that names none, to the order's only return or to the first of several."""
    by_order: dict[str, list[str]] = defaultdict(list)
    for shop in dump["loop"].values():
        for one in shop["returns"]:
            by_order[str(one["provider_order_id"])].append(str(one["id"]))
    known = {one for ids in by_order.values() for one in ids}
    families: dict[str, Family] = defaultdict(Family)
    for account_id, account in dump["netsuite"].items():
        tree = Tree(account["transactions"])
        for one in account["transactions"]:
            for return_id in _returns_of(one, tree, by_order, known):
                families[return_id].account = account_id
                _file(families[return_id], one)
    return families


def return_named_by(document: Json) -> str:
    """The return in our own external ids; empty for documents of others."""
    found = EXTERNAL_ID.fullmatch(str(document["externalid"] or ""))
    return found["return_id"] if found else ""


class Tree:
    """Transactions of one account, and where each comes from."""

    def __init__(self, transactions: list[Json]) -> None:
        self._by_id = {one["id"]: one for one in transactions}

    def ancestors(self, one: Json) -> list[Json]:
        """Itself, what it was made from or applied to, and so on to the sales order."""
        chain: list[Json] = []
        source: Json | None = one
        while source is not None and source not in chain:
            chain.append(source)
            source = self._source_of(source)
        return chain

    def _source_of(self, one: Json) -> Json | None:
        source = self._by_id.get(one["createdfrom"] or "")
        if source is None and one["type"] == "CustRfnd" and one["applies"]:
            source = self._by_id.get(one["applies"][0]["doc"])
        return source

    def order_of(self, one: Json) -> str:
        top = self.ancestors(one)[-1]
        return str(top["externalid"] or "") if top["type"] == "SalesOrd" else ""


def _returns_of(one: Json, tree: Tree, by_order: Mapping[str, list[str]], known: set[str]) -> list[str]:
    """Sales belong to every return of their order, other documents to one."""
    chain = tree.ancestors(one)
    for ancestor in chain:
        named = return_named_by(ancestor)
        if named in known:
            return [named]
    of_order = by_order.get(tree.order_of(one), [])
    is_sale = not any(ancestor["type"] == "RtnAuth" or ancestor["type"] in CREDITS for ancestor in chain)
    return of_order if is_sale else of_order[:1]


def _file(family: Family, one: Json) -> None:
    kind = one["type"]
    if kind in ("SalesOrd", "ItemShip", "CustPymt"):
        return
    if not is_standing(one):
        family.undone.append(one)
    elif kind in ("CustInvc", "CashSale"):
        family.sales.append(one)
    elif kind == "RtnAuth":
        family.rmas.append(one)
    elif kind == "ItemRcpt":
        family.receipts.append(one)
    elif kind in CREDITS:
        family.credits.append(one)
    elif kind == "CustRfnd":
        family.refunds.append(one)
    else:
        family.others.append(one)
