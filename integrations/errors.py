"""What can go wrong at the edge, named by what may be done next."""

import re
from typing import Literal, TypedDict, Unpack

BODY_MAX_CHARS = 2_000

System = Literal["loop", "netsuite"]


NAMES = {"loop": "Loop", "netsuite": "NetSuite"}
_WRITTEN = re.compile(
    r"(?P<system>loop|netsuite) [^:]*: (?:status=(?P<status>\d+); )?(?:code=.*?; )?detail=(?P<detail>.*)", re.S
)
_REST = re.compile(r"; (?:request_id|retry_after_s|body|family|path)=.*", re.S)


class Failure(TypedDict, total=False):
    """What is known about a call that failed; every error carries all of it."""

    system: System
    operation: str
    status: int | None
    code: str
    detail: str
    body: str
    request_id: str
    retry_after_s: float | None


class IntegrationError(Exception):
    """A call to Loop or NetSuite failed. Raised only as one of its subclasses.

    detail: the other side's own words, or what happened on the way there. What no database could store is taken out.
    request_id: the other side's mark of this call, the one handle their support can use.
    """

    def __init__(self, **failure: Unpack[Failure]) -> None:
        self.system: System | Literal[""] = failure.get("system", "")
        self.operation = failure.get("operation", "")
        self.status = failure.get("status")
        self.code = _storable(failure.get("code", ""))
        self.detail = _storable(failure.get("detail", ""))
        self.body = _storable(failure.get("body", "")[:BODY_MAX_CHARS])
        self.request_id = failure.get("request_id", "")
        self.retry_after_s = failure.get("retry_after_s")
        super().__init__(self.detail)

    def __str__(self) -> str:
        return f"{self.system} {self.operation}: " + "; ".join(self._parts())

    def _parts(self) -> list[str]:
        named = {
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": self.request_id,
            "retry_after_s": self.retry_after_s,
            "body": self.body,
        }
        return [f"{name}={value}" for name, value in named.items() if value not in (None, "")]


class TemporaryError(IntegrationError):
    """Surely not done: refused for load, or never sent, or a read that failed. Try again later."""


class NoCallsLeftError(TemporaryError):
    """Our own calls to Loop are used up for now, or somebody waits for them already. Nothing was called."""


class UncertainError(IntegrationError):
    """A write whose answer was lost or says nothing. It may be done: look there before trying again.

    job: the address of the job that NetSuite took it up as and that has not told how it ended; mostly empty.
    """

    def __init__(self, *, job: str = "", **failure: Unpack[Failure]) -> None:
        self.job = job
        super().__init__(**failure)


class ConfigurationError(IntegrationError):
    """Key, scope, certificate or address is wrong. Every call would fail alike: stop the lane, tell us."""


class RejectedError(IntegrationError):
    """They said no, and would say it again. Surely not done; a person or a new fact has to change something.

    family: our word for the kind of refusal (`integrations.netsuite.refusals`), "unknown" for a new one.
    path: the field they named, as they wrote it, such as item.items[0].location.
    """

    def __init__(self, *, family: str = "unknown", path: str = "", **failure: Unpack[Failure]) -> None:
        self.family = family
        self.path = path
        super().__init__(**failure)

    def _parts(self) -> list[str]:
        path = [f"path={self.path}"] if self.path else []
        return [f"family={self.family}", *path, *super()._parts()]


class DoubtfulRefusalError(RejectedError):
    """Most likely a no, but it was answered as a success and in words we do not know: look before it is believed."""


class AlreadyExistsError(DoubtfulRefusalError):
    """NetSuite holds a record with this external id. Ours or not: look it up, compare, then adopt or tell."""


class UnreadableRecordError(RejectedError):
    """A read was answered, but the record in it lacks or garbles something we rely on.

    Never raised for a write that was accepted: what was done stays done, however odd the answer.
    """


class NetworkInTransactionError(AssertionError):
    """A fault of ours: a call was about to be made while a database transaction was open. Nothing was sent."""


def _storable(text: str) -> str:
    """Without the zero character and halves of surrogate pairs, which JSON and broken pages may hold."""
    return text.replace("\0", "").encode(errors="replace").decode()


def words_of_failure(written: str) -> str:
    """What `str(error)` wrote, for a screen: who answered what. The rest is for the log and the case."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return written
    detail = _REST.sub("", found["detail"])
    return f"{NAMES[found['system']]} answered {found['status']}: {detail}" if found["status"] else detail
