"""What came of a moment in the words of the book, drawn from the books of the sandbox and not from our own tables."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from returnsops.lib.money import money_text, round_money
from tests.builders import WRITES_ALL
from tests.scenarios.whole.kits import name_in_story
from tests.scenarios.whole.people import open_cases
from tests.scenarios.whole.scene import Scene
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]
FOUND_ACCOUNT = "650"  # in every story that takes found goods into stock
COMPARED = ("posts", "problem", "stage")


def expected_of(text: str) -> list[str]:
    """The lines of a story's expectation that are compared: of problems the code, of documents all."""
    told = []
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        rest = rest.replace("Sales Order #", "Sales Order ")  # Loop names its orders without it
        if kind in COMPARED:
            told.append(f"{kind:8} {rest.strip().partition(':')[0] if kind == 'problem' else rest.strip()}")
    return sorted(told)


def tell(scene: Scene) -> list[str]:
    posts = [f"posts    {scene.in_words_of_the_story(words)}" for words in scene.news]
    scene.news.clear()
    problems = [f"problem  {member.case.code}" for member in open_cases(scene)]
    return sorted([*posts, *problems, f"stage    {scene.row.stage}"])


def words_of_document(theatre: Theatre, scene: Scene, entry: Json) -> str:
    """entry: an accepted write of the integration in NetSuite's log."""
    record = theatre.archive.documents[entry["record_id"]]
    kind = record["record_type"]
    if entry["action"] == "update":
        return CHANGED[kind](theatre, scene, record, entry["content"])
    words = MADE[kind](theatre, scene, _as_it_was_made(record, entry["content"]))
    return words + "".join(
        [_linked(theatre, scene, entry["content"]), _address(scene, entry["content"]), _ships_from(theatre, record)]
    )


def _linked(theatre: Theatre, scene: Scene, content: Json, before: str = "; ") -> str:
    """The original order, in the account's own field."""
    sent = {name: str(value) for name, value in content.items() if name.startswith("custbody_")}
    called = {theatre.archive.documents[one]["tranid"]: name for one, name in scene.names.items()}
    return "".join(f"{before}{name} = {called.get(value, value)}" for name, value in sent.items())


def _address(scene: Scene, content: Json) -> str:
    """That it was sent with; NetSuite fills in the customer's own."""
    sent = str(content.get("shipaddresslist", {}).get("id", ""))
    told = next((name for name, real in scene.addresses.items() if real == sent), sent)
    return f"; to address {told}" if told else ""


def _ships_from(theatre: Theatre, record: Json) -> str:
    """If the rows of an order's goods name a location."""
    if record["record_type"] != "salesOrder":
        return ""
    named = {str(one["location"]) for one in record["lines"] if one["location"]}
    return "".join(f"; from {theatre.places.names[one]}" for one in sorted(named))


def _as_it_was_made(record: Json, content: Json) -> Json:
    """Lines of an authorization may have been made shorter since."""
    then = {
        int(row["orderline"]): row["quantity"] for row in rows_of(content) if row.keys() >= {"orderline", "quantity"}
    }
    lines = [line | {"quantity": then.get(line["source_line"], line["quantity"])} for line in record["lines"]]
    return record | ({"lines": lines} if record["record_type"] == "returnAuthorization" else {})


def rows_of(content: Json) -> list[Json]:
    rows: list[Json] = content.get("item", {}).get("items", [])
    return rows


def _authorization(theatre: Theatre, scene: Scene, record: Json) -> str:
    source = theatre.archive.documents[record["createdfrom"]]
    rows = ", ".join(f"{_goods(line)}{_place(theatre, line)}" for line in record["lines"])
    return f"Return Authorization from {source['record_type']} {_name(scene, source)}: {rows}"


def _receipt(theatre: Theatre, scene: Scene, record: Json) -> str:
    """Rows of what a kit is made of are NetSuite's own."""
    asked = [line for line in record["lines"] if line["kit_member_of"] is None]
    rows = ", ".join(f"{_goods(line)}{_place(theatre, line)}" for line in asked)
    return f"Item Receipt of {record['trandate']}: {rows}"


def _credit(theatre: Theatre, scene: Scene, record: Json) -> str:
    """As it was sent: what NetSuite added, and lines added later, are told as such."""
    kind = "Credit Memo" if record["record_type"] == "creditMemo" else "Cash Refund"
    added = theatre.archive.added_lines(record)
    first = [line for line in record["lines"] if line["line"] not in added]
    later = sum((_worth(line) for line in record["lines"] if line["line"] in added), Decimal(0))
    rows = [_goods(line) for line in first if line["source_line"] is not None]
    rows += [_extra(theatre, scene, line) for line in first if line["source_line"] is None]
    total = money_text(Decimal(record["total"]) - later - scene.added_by_netsuite, _currency(scene))
    return f"{kind}: {', '.join(rows)}; total {total}"


def _refund(theatre: Theatre, scene: Scene, record: Json) -> str:
    methods = theatre.world["refund_methods"]
    gateway = next(name for name, one in methods.items() if one["account_id"] == str(record["extra"]["account"]))
    amount = _plain(record["total"], scene)
    return f"Customer Refund of {amount} {_currency(scene)} by {gateway}, applied to the Credit Memo"


def _order(theatre: Theatre, scene: Scene, record: Json) -> str:
    rows = ", ".join(
        f"{line['quantity']} × item {theatre.told_item(line['item'])} at {_plain(line['amount'], scene)}"
        for line in record["lines"]
    )
    return f"Sales Order {record['otherrefnum']}: {rows}"


def _transfer(theatre: Theatre, scene: Scene, record: Json) -> str:
    rows = ", ".join(f"{abs(line['quantity'])} × {line['sku']}" for line in record["lines"])
    first, *_ = record["lines"]
    origin = _place_named(theatre, str(first["location"]), first, side="status")
    end = _place_named(theatre, str(record["extra"]["transferLocation"]), first, side="to_status")
    return f"Inventory Transfer of {record['trandate']}: {rows} from {origin} to {end}"


def _adjustment(theatre: Theatre, scene: Scene, record: Json) -> str:
    rows = ", ".join(f"{line['quantity']} × {line['sku']}{_place(theatre, line)}" for line in record["lines"])
    assert str(record["extra"]["account"]) == theatre.world["adjustment_account_id"]
    is_written_off = all(line["quantity"] < 0 for line in record["lines"])
    account = WRITES_ALL["scrap_account"] if is_written_off else FOUND_ACCOUNT
    return f"Inventory Adjustment of {record['trandate']} on account {account}: {rows}"


MADE: dict[str, Callable[[Theatre, Scene, Json], str]] = {
    "returnAuthorization": _authorization,
    "itemReceipt": _receipt,
    "creditMemo": _credit,
    "cashRefund": _credit,
    "customerRefund": _refund,
    "salesOrder": _order,
    "inventoryTransfer": _transfer,
    "inventoryAdjustment": _adjustment,
}


def _lines_changed(theatre: Theatre, scene: Scene, record: Json, content: Json) -> str:
    place_of = {str(line["line"]): number for number, line in enumerate(record["lines"], 1)}
    rows = [
        f"line {place_of[str(row['line'])]} closed"
        if row.get("isclosed")
        else f"line {place_of[str(row['line'])]} holds {row['quantity']}"
        for row in content["item"]["items"]
    ]
    return f"Return Authorization: {', '.join(rows)}"


def _credit_changed(theatre: Theatre, scene: Scene, record: Json, content: Json) -> str:
    if "item" in content:
        added = theatre.archive.added_lines(record)
        return "line added to the credit: " + ", ".join(
            _extra(theatre, scene, line) for line in record["lines"] if line["line"] in added
        )
    rows = [
        f"{_plain(row['amount'], scene)} to {_name(scene, theatre.archive.documents[str(row['doc']['id'])])}"
        for row in content["apply"]["items"]
    ]
    return f"Credit Memo applied: {', '.join(rows)}"


def _order_changed(theatre: Theatre, scene: Scene, record: Json, content: Json) -> str:
    return f"Sales Order {record['otherrefnum']}: {_linked(theatre, scene, content, before='')}"


CHANGED: dict[str, Callable[[Theatre, Scene, Json, Json], str]] = {
    "returnAuthorization": _lines_changed,
    "salesOrder": _order_changed,
    "creditMemo": _credit_changed,
    "cashRefund": _credit_changed,
}


def words_of_request(scene: Scene, entry: Json) -> list[str]:
    """entry: what the integration did in Loop; what Loop does itself in answer is no word of ours."""
    content = entry["content"]
    match entry["action"]:
        case "process":
            return ["to Loop: settle the return"]
        case "remove":
            numbers = sorted(scene.units.index(str(one)) + 1 for one in content["line_item_ids"])
            return [f"to Loop: settle without unit {', '.join(str(one) for one in numbers)}"]
        case "grade" | "assess" as what:
            rows = [f"unit {_number_of(scene, one)} {_word_of(one)}{_note_of(one)}" for one in content["items"]]
            return [f"to Loop: {what} {', '.join(rows)}"]
        case "note":
            return [f"to Loop: note «{content['content']}»"]
        case "state review":
            return ["to Loop: flag the return for review"]
    return []


def _number_of(scene: Scene, item: Json) -> int:
    return scene.units.index(str(item["line_item_id"])) + 1


def _word_of(item: Json) -> str:
    return str(item.get("condition_category") or item["disposition_outcome"])


def _note_of(item: Json) -> str:
    return f" «{item['note']}»" if "note" in item else ""


def _goods(line: Json) -> str:
    return f"{line['quantity']} × {name_in_story(line['sku'])}"


def _extra(theatre: Theatre, scene: Scene, line: Json) -> str:
    keys = {item: key for key, item in theatre.world["items"].items()}
    return f"{keys[line['item']].replace('_', ' ')} {_plain(line['amount'], scene)}"


def _worth(line: Json) -> Decimal:
    return Decimal(line["amount"]) + Decimal(line["tax_amount"] or 0)


def _place(theatre: Theatre, line: Json) -> str:
    return f" at {_place_named(theatre, line['location'], line, side='status')}"


def _place_named(theatre: Theatre, location: str, line: Json, *, side: str) -> str:
    name = theatre.places.names.get(location, location)
    return name + "".join(f" in status {one[side]}" for one in line["assignments"] if one[side])


def _name(scene: Scene, record: Json) -> str:
    return str(scene.names.get(record["id"], record["tranid"]))


def _currency(scene: Scene) -> str:
    return str(scene.story.given.get("shop", {}).get("currency", "USD"))


def _plain(amount: object, scene: Scene) -> str:
    """As the book has it: yen without decimals."""
    return str(round_money(Decimal(str(amount)), _currency(scene)))
