"""What people do about a story, by the same doors as their pages: judging, approving, noting, choosing, mapping."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from exceptions import actions
from exceptions.models import CaseMember
from integrations.connections import netsuite_client
from returnsops.posting.models import Posting
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.found import FoundThing, note_found
from returnsops.returns.inspection import UnitOutcome, finish_inspection, record_units
from returnsops.returns.items import apply_items
from returnsops.returns.models import FoundGoods, Inspection, Item, LoopReturn
from returnsops.returns.parcels import record_arrival
from returnsops.returns.problems import KINDS
from returnsops.returns.sku_mapping import map_sku
from tests.scenarios.given import ITEMS
from tests.scenarios.whole.scene import Scene
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]
WHY = "As the story tells."
FIRST_UNIT = 387001  # what a story calls its first unit


def units_are_judged(theatre: Theatre, scene: Scene, told: Json) -> None:
    """The bench takes none of a return that is over, so that nothing can come of it."""
    units = [_read_outcome(scene.units[int(number) - 1], words) for number, words in told.items()]
    if scene.row.stage == LoopReturn.Stage.ENDED:
        with pytest.raises(NotPossibleError):
            record_units(scene.row, units, by=theatre.person("ada"))
        return
    record_units(scene.row, units, by=theatre.person("ada"))


def _read_outcome(unit: str, told: str) -> UnitOutcome:
    outcome, _, note = told.partition(": ")
    return UnitOutcome(unit, outcome, uuid.uuid4(), note)


def goods_are_found(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    """Noted in the inspection that is finished once the units of the same moment are judged."""
    for row in told:
        place = scene.units[int(row["in_place_of"]) - 1] if "in_place_of" in row else ""
        sku: str = row["sku"]
        name, count, note = scene.skus.get(sku, sku), row.get("count", 1), row.get("note", "")
        thing = FoundThing(name, count, uuid.uuid4(), note, in_place_of=place)
        note_found(scene.row, thing, by=theatre.person("ada"))


def inspection_is_finished(theatre: Theatre, scene: Scene) -> None:
    for one in Inspection.objects.filter(loop_return=scene.row, finished_at=None):
        finish_inspection(one, by=theatre.person("ada"))


def person_says_of_goods(theatre: Theatre, scene: Scene, told: Json) -> None:
    """By number of what was found, in the order in which it was noted."""
    found = list(FoundGoods.objects.filter(inspection__loop_return=scene.row).order_by("pk"))
    for number, choice in told.items():
        subject = f"found:{found[int(number) - 1].pk}"
        (member,) = [one for one in open_cases(scene) if one.case.subject == subject]
        actions.say_goods(member, choice=choice, by=theatre.person("finn"), reason=WHY)


def parcel_is_scanned(theatre: Theatre, scene: Scene, told: bool) -> None:
    row = scene.row
    record_arrival(row.shop, row.order_name, by=theatre.person("ada"), client_id=uuid.uuid4(), loop_return=row)


def person_approves(theatre: Theatre, scene: Scene, told: bool) -> None:
    asked = [one for one in open_cases(scene) if one.problem["seen_hash"]]
    assert asked, "nothing waits for an approval"
    for member in asked:
        actions.approve(member, seen_hash=member.problem["seen_hash"], by=theatre.person("fay"), reason=WHY)


def person_notes(theatre: Theatre, scene: Scene, code: str) -> None:
    found = [one for one in open_cases(scene) if one.case.code == code]
    assert found, f"there is no case {code} to note, only {[one.case.code for one in open_cases(scene)]}"
    for member in found:
        actions.acknowledge(member, by=theatre.person("finn"), reason=WHY)


def person_retries(theatre: Theatre, scene: Scene, kind: str) -> None:
    refused = Posting.objects.filter(loop_return=scene.row, kind=kind, status=Posting.Status.REJECTED)
    names = set(refused.values_list("external_id", flat=True))
    found = [one for one in open_cases(scene) if one.problem.get("posting") in names]
    assert len(found) == len(names) > 0, f"of {sorted(names)} only {len(found)} can be tried again"
    for member in found:
        actions.retry(member, by=theatre.person("finn"), reason=WHY)


def person_says(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    for one in told:
        SAYINGS[one["kind"]](theatre, scene, one)


def _chooses_line(theatre: Theatre, scene: Scene, said: Json) -> None:
    """3 is the first line of the bill, 6 the second; 7002:3 the first of another bill."""
    unit = scene.units[int(said["subject"]) - FIRST_UNIT]
    bill, _, line = said["value"].rpartition(":")
    chosen = str(line_number(line))
    value = f"{scene.ids[bill]}:{chosen}" if bill else chosen
    members = [one for one in open_cases(scene) if "choose_line" in _actions_of(one)]
    member = next((one for one in members if unit in one.case.subject), members[0])
    actions.choose_line(member, unit=unit, line=value, by=theatre.person("finn"), reason=WHY)


def _posts_again(theatre: Theatre, scene: Scene, said: Json) -> None:
    kind = said["subject"].removeprefix("loop-fern-110700123-").rpartition("-")[0].replace("-", "_")
    names = set(Posting.objects.filter(loop_return=scene.row, kind=kind).values_list("external_id", flat=True))
    (member,) = [one for one in open_cases(scene) if one.problem.get("posting") in names]
    actions.post_again(member, by=theatre.person("finn"), reason=WHY)


def _adopts(theatre: Theatre, scene: Scene, said: Json) -> None:
    """The newest record of the kind, for the posting of this number."""
    kind, _, number = said["subject"].removeprefix("loop-fern-110700123-").rpartition("-")
    posting = Posting.objects.get(loop_return=scene.row, kind=kind.replace("-", "_"), number=number)
    (member,) = [one for one in open_cases(scene) if one.problem.get("posting") == posting.external_id]
    record = theatre.newest(scene, posting.request["target_type"])["id"]
    actions.adopt(member, record=record, by=theatre.person("finn"), reason=WHY)


def _cancels(theatre: Theatre, scene: Scene, said: Json) -> None:
    kind = said["subject"].removeprefix("loop-fern-110700123-").rpartition("-")[0].replace("-", "_")
    posting = Posting.objects.get(loop_return=scene.row, kind=kind, status=Posting.Status.REJECTED)
    (member,) = [one for one in open_cases(scene) if one.problem.get("posting") == posting.external_id]
    actions.cancel(member, by=theatre.person("fay"), reason=said["value"])


SAYINGS: dict[str, Callable[[Theatre, Scene, Json], None]] = {
    "cancel": _cancels,
    "order_line": _chooses_line,
    "post_again": _posts_again,
    "adopt": _adopts,
}


def sku_is_mapped(theatre: Theatre, scene: Scene, told: Json) -> None:
    """To an item that the story names by its id; one it did not name before is made in NetSuite first."""
    account = scene.row.shop.account
    for sku, item_id in told.items():
        known = next((name for name, number in ITEMS.items() if number == item_id), f"ITEM-{item_id}")
        if item_id not in theatre.items:
            theatre.items[item_id] = theatre.act("create_item", sku=known, price="72.00")["id"]
        apply_items(account, netsuite_client(account).find_items([known]))
        item = Item.objects.get(account=account, sku=known)
        map_sku(scene.row.shop, sku, item, by=theatre.person("dana"), reason=WHY)


def line_number(told: str) -> int:
    """Lines of a story's bill are numbered 3, 6, 9; those of the sandbox 1, 4, 7."""
    return int(told) - 2


def open_cases(scene: Scene) -> list[CaseMember]:
    members = CaseMember.objects.filter(loop_return=scene.row, left_at=None).select_related("case")
    return list(members.exclude(case__status="closed"))


def _actions_of(member: CaseMember) -> tuple[str, ...]:
    return KINDS[member.case.code].actions


def rules_change(theatre: Theatre, scene: Scene, told: Json) -> None:
    scene.rules |= told
    theatre.change_rules(scene, scene.story.given.get("policy", {}) | scene.rules)
