"""The people of a rehearsal. They call the same functions as the screens, with the same rights."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from exceptions import actions
from exceptions.models import Case, CaseMember
from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.found import FoundThing, record_seen
from returnsops.returns.inspection import UnitOutcome, record_units
from returnsops.returns.models import Item, LoopReturn
from returnsops.returns.parcels import find_by_scan
from returnsops.returns.plan.finding import FoundChoice
from returnsops.returns.plan.sale import SOLD_AS
from returnsops.returns.sku_mapping import map_sku

SETTLED_CODES = (
    "amount_differs", "period_closed", "posting_refused", "posting_set_aside", "sku_unmapped", "undeclared_item",
)  # fmt: skip
LIES_BESIDE = {"northwind": "WILLOW-36-38", "harbour": "TIDE-INK"}  # goods of the shop that nobody declared


@dataclass(frozen=True)
class Part:
    """One return and what the people do with it.

    outcomes: per unit, the last one for the rest; none: nobody judges it. expects_case: the case it must have at the
    end, because nobody helps or because the case is a message; without one it must be complete. is_announced: a label
    tells of its delivery; what is not lies in front of the warehouse one day. lies_beside: so many of other goods are
    in its parcel, and finance takes them in.
    """

    scenario: str
    shop: str = "northwind"
    params: dict[str, object] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ("sellable",)
    judged_days_ago: int = 0
    expects_case: str = ""
    is_announced: bool = True
    lies_beside: int = 0


class Warehouse:
    """Scans what was delivered and judges it."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.passed: dict[str, Counter[str]] = defaultdict(Counter)
        self.found: dict[str, dict[str, int]] = {}
        self._judged: set[str] = set()

    def inspect(self, tracking: str, part: Part) -> bool:
        """Judge a parcel if it is known by now. Gives whether it is judged."""
        if tracking in self._judged or not part.outcomes:
            return True
        loop_return = find_by_scan(self.user, tracking).first()
        if loop_return is None:
            return False
        seen_at = clock.now() - timedelta(days=part.judged_days_ago) if part.judged_days_ago else None
        outcomes = self._judge(loop_return, part, seen_at)
        record_units(loop_return, outcomes, by=self.user)
        self._judged.add(tracking)
        self.passed[loop_return.loop_id] += _passed_of(loop_return, outcomes)
        return True

    def inspect_delivered(self, parts: Mapping[str, Part], *, limit: int) -> int:
        """Judge what was delivered and waits, oldest first. Gives how many parcels.

        A parcel is noted as passed before it is recorded, and recorded again under the same ids if that failed: the
        database may have taken it and died before it could say so.
        """
        unjudged = [one for one, part in parts.items() if not part.outcomes]
        unannounced = [one for one, part in parts.items() if not part.is_announced and one not in self._judged]
        overdue = CaseMember.objects.filter(case__code="inspection_overdue", left_at=None)
        delivered = Q(stage=LoopReturn.Stage.TO_INSPECT) | Q(loop_id__in=unannounced)
        delivered |= Q(pk__in=overdue.values("loop_return_id"))
        waiting = LoopReturn.objects.filter(delivered).exclude(loop_id__in=unjudged)
        judged = 0
        for loop_return in waiting.select_related("shop").order_by("pk")[: 2 * limit]:
            if loop_return.loop_id in self._judged or judged >= limit:
                continue
            part = parts.get(loop_return.loop_id, Part("refund"))
            seen_at = clock.now() - timedelta(days=part.judged_days_ago) if part.judged_days_ago else None
            outcomes = self._judge(loop_return, part, seen_at)
            self.passed[loop_return.loop_id] = _passed_of(loop_return, outcomes)
            record_seen(loop_return, outcomes, self._beside(loop_return, part), by=self.user)
            self._judged.add(loop_return.loop_id)
            judged += 1
        return judged

    def _beside(self, loop_return: LoopReturn, part: Part) -> list[FoundThing]:
        if not part.lies_beside:
            return []
        sku = LIES_BESIDE[loop_return.shop.code]
        self.found[loop_return.loop_id] = {sku: part.lies_beside}
        client_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{loop_return.loop_id}/beside")
        return [FoundThing(sku, part.lies_beside, client_id)]

    def _judge(self, loop_return: LoopReturn, part: Part, seen_at: datetime | None) -> list[UnitOutcome]:
        lines = list(loop_return.lines.filter(removed=False))
        chosen = [part.outcomes[min(number, len(part.outcomes) - 1)] for number in range(len(lines))]
        return [
            UnitOutcome(
                line.line_item_id,
                outcome,
                uuid.uuid5(uuid.NAMESPACE_URL, f"{loop_return.loop_id}/{line.line_item_id}"),
                note=note_for(outcome),
                inspected_at=seen_at,
            )
            for line, outcome in zip(lines, chosen, strict=True)
        ]


def _passed_of(loop_return: LoopReturn, outcomes: list[UnitOutcome]) -> Counter[str]:
    """How many of each SKU were judged sellable."""
    skus = dict(loop_return.lines.values_list("line_item_id", "sku"))
    return Counter(skus[one.line_item_id] for one in outcomes if one.outcome == "sellable")


def note_for(outcome: str) -> str:
    return "" if outcome == "sellable" else f"{outcome} in rehearsal"


class Office:
    """Finance and data people: settle the cases of the returns that are to be helped."""

    def __init__(self, *, maker: User, approver: User, data: User) -> None:
        self.maker, self.approver, self.data = maker, approver, data
        self._seen: dict[int, int] = {}  # when a member of a case was last looked at
        self._round = 0

    def settle_cases(self, helped: set[str]) -> int:
        """Do the obvious about every open case of these returns. Gives how many actions were taken."""
        members = CaseMember.objects.filter(left_at=None, loop_return__loop_id__in=helped).exclude(
            case__status=Case.Status.CLOSED
        )
        return sum(self._try(member) for member in members.select_related("case", "loop_return__shop"))

    def settle_some(self, unhelped: set[str], *, limit: int) -> int:
        """The same for a few of whatever is open, those seen longest ago first. Gives how many actions were taken."""
        members = CaseMember.objects.filter(left_at=None, case__code__in=SETTLED_CODES).exclude(
            Q(case__status=Case.Status.CLOSED) | Q(loop_return__loop_id__in=unhelped)
        )
        found = members.select_related("case", "loop_return__shop").order_by("pk")[: 10 * limit]
        chosen = sorted(found, key=lambda one: self._seen.get(one.pk, 0))[:limit]
        acted = 0
        for member in chosen:
            self._round += 1
            self._seen[member.pk] = self._round
            acted += self._try(member)
        return acted

    def _try(self, member: CaseMember) -> bool:
        """A case that is being solved just now offers nothing to do any more; people meet that too."""
        try:
            return self._settle(member)
        except NotPossibleError:
            return False

    def _settle(self, member: CaseMember) -> bool:
        code = member.case.code
        if code == "amount_differs":
            seen = member.problem["seen_hash"]
            actions.approve(member, seen_hash=seen, by=self.approver, reason="Tax rounding, checked")
        elif code in ("period_closed", "posting_refused"):
            today = clock.today(member.loop_return.shop.account.time_zone)
            actions.correct_date(member, tran_date=today, by=self.maker, reason="Period is closed, booked today")
        elif code == "posting_set_aside":
            actions.retry(member, by=self.maker, reason="The trouble is over")
        elif code == "undeclared_item":
            actions.say_goods(member, choice=FoundChoice.TAKE_IN, by=self.maker, reason="The customer leaves it to us")
        elif code == "sku_unmapped":
            return self._map(member)
        else:
            return False
        return True

    def _map(self, member: CaseMember) -> bool:
        """Map the SKU to the item that the order line was sold with, once the case shows it."""
        sold_as = dict(member.problem["detail"]).get(SOLD_AS)
        shop = member.loop_return.shop
        item = Item.objects.filter(account=shop.account, sku=sold_as).first()
        if item:
            map_sku(shop, member.problem["found"], item, by=self.data, reason="As sold on the order line")
        return item is not None
