"""Many records are read at once; what fails is told of one record, or of the connection, which is then left alone."""

import time
from typing import Any

import pytest

from integrations.errors import IntegrationError, RejectedError, TemporaryError
from integrations.models import Shop
from returnsops.returns import reading
from returnsops.returns.reading import Name, Reading, read_records

pytestmark = pytest.mark.django_db(transaction=True)

MANY = [("invoice", str(number)) for number in range(60)]
FEW = MANY[:5]


def failing(status: int | None) -> TemporaryError:
    return TemporaryError(system="netsuite", operation="get", status=status, detail="No answer")


class NetSuite:
    def __init__(self, failures: dict[str, IntegrationError]) -> None:
        self.failures = failures
        self.asked: list[str] = []

    def get_record(self, record_type: str, internal_id: str) -> None:
        self.asked.append(internal_id)
        if internal_id in self.failures:
            raise self.failures[internal_id]


def read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, names: list[Name], failures: dict[str, Any], **more: Any
) -> tuple[Reading, NetSuite]:
    netsuite = NetSuite(failures)
    monkeypatch.setattr(reading, "netsuite_client", lambda account: netsuite)
    return read_records(shop.account, names, **more), netsuite


@pytest.mark.parametrize("status", [None, 429])
def test_connection_that_fails_is_not_asked_for_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    found, netsuite = read(shop, monkeypatch, FEW, {"1": failing(status)})

    assert netsuite.asked == ["0", "1"]
    assert found.unasked == set(FEW[2:])
    assert found.failed.keys() == set(FEW[1:])
    assert found.stopped_by is found.failed[FEW[1]]


def test_threads_stop_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found, netsuite = read(shop, monkeypatch, MANY, {one: failing(None) for _, one in MANY})

    assert len(netsuite.asked) <= reading.READERS
    assert found.failed.keys() == set(MANY)
    with pytest.raises(TemporaryError):
        found.raise_failure()


def test_single_record_that_netsuite_cannot_show_keeps_no_other_from_being_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = read(shop, monkeypatch, FEW, {"0": failing(500), "2": failing(500)})

    assert found.read.keys() == {FEW[1], FEW[3], FEW[4]}
    assert found.stopped_by is None
    found.raise_failure()


def test_refusals_are_answers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    no = RejectedError(system="netsuite", operation="get", status=403, detail="No")

    found, netsuite = read(shop, monkeypatch, FEW, {one: no for _, one in FEW})

    assert len(netsuite.asked) == len(FEW)
    found.raise_failure()


def test_too_many_calls_are_told_although_something_was_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = read(shop, monkeypatch, FEW, {"3": failing(429)})

    with pytest.raises(TemporaryError):
        found.raise_failure()


def test_life_is_shown_after_every_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lives: list[int] = []

    read(shop, monkeypatch, MANY, {}, show_life=lambda: lives.append(1))

    assert len(lives) == len(MANY)


@pytest.mark.parametrize("names", [FEW, MANY])
def test_what_there_is_no_time_for_is_left_and_what_was_read_is_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, names: list[Name]
) -> None:
    """Else a slow account would read the same records for ever, and write none."""
    moments = iter(range(1_000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(moments)))
    monkeypatch.setattr(reading, "FOR_S", 3.0)

    found, netsuite = read(shop, monkeypatch, names, {})

    assert len(found.read) == len(netsuite.asked) == 3
    assert found.unasked == set(names) - found.read.keys()
    found.raise_failure()
