"""A read that failed by chance is asked once more; what asking again would not mend is left as it is."""

from collections.abc import Callable

import pytest

from integrations import second_try
from integrations.errors import IntegrationError, NoCallsLeftError, RejectedError, TemporaryError, UncertainError
from integrations.second_try import read_twice

BROKEN = TemporaryError(system="netsuite", operation="query", status=502)


def fails(*errors: IntegrationError) -> Callable[[], str]:
    """Raises these, one after the other; then it answers."""
    left = list(errors)

    def read() -> str:
        if left:
            raise left.pop(0)
        return "rows"

    return read


def test_read_that_fails_once_is_answered() -> None:
    assert read_twice(fails(BROKEN), after_s=0.0) == "rows"


def test_read_that_fails_twice_fails() -> None:
    second = TemporaryError(system="netsuite", operation="query", detail="the line dropped")

    with pytest.raises(TemporaryError) as raised:
        read_twice(fails(BROKEN, second), after_s=0.0)

    assert raised.value is second


@pytest.mark.parametrize(
    "ours",
    [
        TemporaryError(operation="wait for a NetSuite lane", detail="No lane got free within 30 s."),
        NoCallsLeftError(system="loop", operation="wait for the call budget", status=429, retry_after_s=3.0),
    ],
)
def test_second_try_that_was_not_made_hides_no_failure(ours: TemporaryError) -> None:
    with pytest.raises(TemporaryError) as raised:
        read_twice(fails(BROKEN, ours), after_s=0.0)

    assert raised.value is BROKEN


def test_nothing_is_asked_again_where_that_is_switched_off() -> None:
    with pytest.raises(TemporaryError):
        read_twice(fails(BROKEN), after_s=None)


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError(system="netsuite", operation="query", status=429),
        TemporaryError(system="loop", operation="get_return", status=503, retry_after_s=20.0),
        TemporaryError(operation="wait for a NetSuite lane", detail="No lane got free within 30 s."),
        NoCallsLeftError(system="loop", operation="wait for the call budget", status=429, retry_after_s=3.0),
        RejectedError(system="netsuite", operation="query", status=400),
        UncertainError(system="netsuite", operation="create creditMemo", status=500),
    ],
    ids=lambda error: f"{type(error).__name__} {error.status}",
)
def test_what_asking_again_does_not_mend_is_left(error: IntegrationError) -> None:
    with pytest.raises(IntegrationError) as raised:
        read_twice(fails(error), after_s=0.0)

    assert raised.value is error


def test_what_took_long_to_fail_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_try, "QUICKLY_S", -1.0)

    with pytest.raises(TemporaryError):
        read_twice(fails(BROKEN), after_s=0.0)
