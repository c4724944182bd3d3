"""Whether a return in Loop shows that it took our word: Loop has no idempotency key to ask by (loop.md §1.6)."""

from datetime import timedelta

from integrations.loop.inspecting import shows_assessment, shows_grade
from integrations.loop.records import LoopReturnRecord
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.settled import settled_at

OVER = ("closed", "cancelled")  # of a return in Loop: nothing is left to ask for
SHOWN_BY = {"grade": shows_grade, "assess": shows_assessment}
TOLD_TO = timedelta(seconds=1)  # Loop's times leave out what is less


def shows_it(posting: Posting, record: LoopReturnRecord, *, clock_ahead: timedelta) -> bool:
    """clock_ahead: how far Loop's clock is before ours."""
    operation = posting.request["operation"]
    if operation in SHOWN_BY:
        units = {one.line_item_id: one for one in record.units}
        items = posting.request["items"]
        shows = SHOWN_BY[operation]
        return all(
            one["unit"] in units and shows(units[one["unit"]], one["word"], note=one.get("note", "")) for one in items
        )
    if operation == "flag":
        return record.state == "review"
    if record.state == "review":
        return _changed_since_asked(posting, record, clock_ahead=clock_ahead)
    return bool(settled_at(record)) or record.state in OVER


def _changed_since_asked(posting: Posting, record: LoopReturnRecord, *, clock_ahead: timedelta) -> bool:
    """A review that begins after our word is what came of it: a refund was declined, an item is out of stock (loop.md
    §4.1). One that stood before says nothing; it opens again, and if it were taken for ours nobody would ask a second
    time. Loop dates it by its own clock, so our word is dated by that too.
    """
    asked_at = posting.armed_at or posting.uncertain_since
    assert asked_at, f"{posting} is in doubt, so it was on its way"
    return record.updated_at >= asked_at + clock_ahead + clock.offset() - TOLD_TO
