"""A NetSuite of a few lines for the model of one posting: it may do the work and not say so, or do it later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from integrations.errors import AlreadyExistsError, IntegrationError, RejectedError, TemporaryError, UncertainError
from tests.posting.conftest import FakeNetSuite, make_netsuite_record

NOT_DONE: dict[str, IntegrationError] = {
    "busy": TemporaryError(system="netsuite", operation="create", status=429, detail="Too many at once"),
    "refused": RejectedError(
        system="netsuite", operation="create", status=400, detail="Inactive item", family="record"
    ),
}
LOST = UncertainError(system="netsuite", operation="create", detail="No answer within 180 s")
# What becomes of a call: done and said so; done and the answer lost; done later; never done and nobody says so; …
FATES = ("done", "answer_lost", "late", "swallowed", *NOT_DONE)


@dataclass
class WireCall:
    """One call as it reached the other side. Its outcome is open until the caller knew, or the window was over."""

    external_id: str
    content: str
    at: datetime
    is_open: bool
    made: str = ""


@dataclass
class LateCommit:
    call: WireCall
    record_type: str
    body: Mapping[str, Any]
    source_id: str | None


@dataclass
class TinyNetSuite(FakeNetSuite):
    fate: str = "done"
    wire: list[WireCall] = field(default_factory=list)
    late: list[LateCommit] = field(default_factory=list)
    undone: set[str] = field(default_factory=set)  # what a person deleted

    def commit_late(self) -> None:
        """The request that was still running over there comes to its end."""
        for one in self.late:
            self._commit(one.call, one.record_type, one.body, one.source_id)
        self.late.clear()

    def forget_late(self, *, started_before: datetime) -> None:
        """No request runs for longer than the window (netsuite.md §0.2, fact 6)."""
        self.late = [one for one in self.late if one.call.at > started_before]

    def delete(self, internal_id: str) -> None:
        del self.records[internal_id]
        self.undone.add(internal_id)

    def make_by_hand(self, source_id: str, *, place: str) -> None:
        """A person makes the record, without any external id."""
        line = {"orderLine": 3, "item": {"id": "501"}, "quantity": 1, "location": {"id": place}}
        body = {"externalId": "", "item": {"items": [line]}}
        internal_id = str(9000 + len(self.ids_ever_made()) + 1)
        self.records[internal_id] = make_netsuite_record("returnAuthorization", internal_id, body, source_id)

    def calls_that_count(self, external_id: str, *, window: timedelta) -> list[WireCall]:
        """Those whose record is there, and those that still may make one. What a person undid before we ever saw it
        was for us never there: NetSuite's answers are the same.
        """
        calls = [one for one in self.wire if one.external_id == external_id]
        return [one for one in calls if one.made in self.records or is_unresolved(one, window=window)]

    def ids_ever_made(self) -> set[str]:
        return {*self.records, *self.undone}

    def _make(self, record_type: str, body: Mapping[str, Any], *, source_id: str | None) -> str:
        call = WireCall(str(body["externalId"]), str(body.get("memo")), timezone.now(), is_open=True)
        self.wire.append(call)
        if self.fate in NOT_DONE:
            call.is_open = False
            raise NOT_DONE[self.fate]
        if self.fate == "late":
            self.late.append(LateCommit(call, record_type, body, source_id))
            raise LOST
        if self.fate == "swallowed":
            raise LOST
        internal_id = self._commit(call, record_type, body, source_id)
        if self.fate == "answer_lost":
            raise LOST
        if internal_id is None:
            call.is_open = False
            raise AlreadyExistsError(system="netsuite", operation="create", detail="This record already exists.")
        return internal_id

    def _commit(self, call: WireCall, record_type: str, body: Mapping[str, Any], source_id: str | None) -> str | None:
        """NetSuite holds an external id once; a second one with it is refused, seen or not."""
        if any(one.external_id == call.external_id for one in self.records.values()):
            return None
        internal_id = str(9000 + len(self.ids_ever_made()) + 1)
        self.records[internal_id] = make_netsuite_record(record_type, internal_id, body, source_id)
        call.made = internal_id
        return internal_id


def is_unresolved(call: WireCall, *, window: timedelta) -> bool:
    """Whether it may still be done, for all that anybody here can know."""
    return call.is_open and timezone.now() < call.at + window
