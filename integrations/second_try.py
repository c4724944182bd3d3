"""A read that failed by chance is asked once more at once: what hangs on it would wait for the next sweep otherwise.

One call in some hundred fails by itself, and one question about fifty returns takes several calls. Writes are never
repeated here: only a look tells what became of one.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from integrations.errors import IntegrationError, NoCallsLeftError, TemporaryError

logger = logging.getLogger(__name__)

QUICKLY_S = 5.0  # what took longer to fail would take as long again, and somebody waits

Answer = TypeVar("Answer")


def read_twice(read: Callable[[], Answer], *, after_s: float | None) -> Answer:
    """What read gives, the second time if the first failed on the way. after_s: the pause before; None: no second try.

    Raises the error of the last try that was made. A refusal, a request to come less often and a wait of ours that took
    too long are left as they are: asking again would not help.
    """
    started = time.monotonic()
    try:
        return read()
    except TemporaryError as error:
        if after_s is None or not _is_by_chance(error) or time.monotonic() - started > QUICKLY_S:
            raise
        logger.info("asked again in %s s: %s", after_s, error)
        first = error
    time.sleep(after_s)
    try:
        return read()
    except TemporaryError as error:
        raise error if was_called(error) else first from None


def was_called(error: IntegrationError) -> bool:
    """Whether the other side was asked at all. No lane, no call left and a lost lease say nothing of it."""
    return bool(error.system) and not isinstance(error, NoCallsLeftError)


def _is_by_chance(error: TemporaryError) -> bool:
    """The other side or the line failed, and did not say when to come back."""
    return was_called(error) and error.status != 429 and error.retry_after_s is None
