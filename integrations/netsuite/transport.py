"""One authorised call to a NetSuite account: permit, lane, time-out and the second try after a 401."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from integrations.errors import ConfigurationError, TemporaryError
from integrations.http import HttpAnswer, open_session, send_request
from integrations.netsuite.access import Access, Permit, explain_clock
from integrations.netsuite.refusals import classify_failure
from integrations.second_try import read_twice

Lane = Callable[[], AbstractContextManager[object]]
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Request:
    operation: str
    method: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json_body: object = None
    writes: bool = False


class Transport:
    def __init__(
        self,
        base_url: str,
        access: Access,
        *,
        read_timeout_s: float,
        write_timeout_s: float,
        pool_size: int,
        lane: Lane,
        read_again_after_s: float | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._access = access
        self._read_timeout_s = read_timeout_s
        self._write_timeout_s = write_timeout_s
        self._session = open_session(pool_size=pool_size)
        self._lane = lane
        self._read_again_after_s = read_again_after_s

    def close(self) -> None:
        self._session.close()

    def read(self, ask: Callable[[], Answer]) -> Answer:
        """What ask gives, which sends what only reads: once more if that fails by chance."""
        return read_twice(ask, after_s=self._read_again_after_s)

    def send(self, request: Request) -> HttpAnswer:
        """Send, and once more on 401 where a new permit may help: a 401 means that nothing was executed."""
        permit = self._permit(request)
        answer = self._send_once(request, permit)
        if answer.status == 401 and self._access.renew(permit):
            answer = self._send_once(request, self._permit(request))
        if answer.status == 401:
            raise self._stop(request, answer)
        return answer

    def _stop(self, request: Request, answer: HttpAnswer) -> ConfigurationError:
        refusal = classify_failure(answer, operation=request.operation, writes=request.writes)
        assert isinstance(refusal, ConfigurationError), f"a 401 was taken for {refusal!r}"
        refusal.detail += explain_clock(answer)
        self._access.hold(refusal)
        return refusal

    def _permit(self, request: Request) -> Permit:
        return self._access.permit(request.method, self._base_url + request.path, request.params)

    def _send_once(self, request: Request, permit: Permit) -> HttpAnswer:
        try:
            answer = self._call(request, permit)
        except BaseException:
            self._access.give_back(permit)
            raise
        if answer.status != 401:
            self._access.accept(permit)
        return answer

    def _call(self, request: Request, permit: Permit) -> HttpAnswer:
        with self._lane():
            return send_request(
                self._session,
                system="netsuite",
                operation=request.operation,
                method=request.method,
                url=self._base_url + request.path,
                headers={**permit.headers, **request.headers},
                params=request.params,
                json_body=request.json_body,
                timeout_s=self._write_timeout_s if request.writes else self._read_timeout_s,
                writes=request.writes,
                secrets=permit.secrets,
            )


def read_json(answer: HttpAnswer, request: Request) -> object:
    """The body of a read that succeeded; raises what fits one that did not."""
    if not answer.is_success:
        raise classify_failure(answer, operation=request.operation, writes=False)
    try:
        return answer.json()
    except ValueError:
        raise lost_answer(answer, request, detail="the answer is not JSON") from None


def lost_answer(answer: HttpAnswer, request: Request, *, detail: str) -> TemporaryError:
    """A read whose answer came but does not say what was asked."""
    return TemporaryError(**answer.failure(system="netsuite", operation=request.operation, detail=detail))
