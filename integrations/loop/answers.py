"""What Loop's answers mean; source: Loop API documentation and captures, autumn 2026.

Errors come in a dozen shapes and often with HTTP 200, so the body is judged before the status.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from integrations.errors import (
    ConfigurationError,
    DoubtfulRefusalError,
    RejectedError,
    TemporaryError,
    UncertainError,
    UnreadableRecordError,
)
from integrations.http import HttpAnswer

# The only answers that mean Loop does not have a return; anything else is a failure to be told.
RETURN_IS_GONE = re.compile(r"no return found|return (was )?not found|^not_found$", re.IGNORECASE)

# "Return is closed and therefore cannot be processed."; expired ones say "processed" even to a cancel.
STATE_REFUSES = re.compile(r"return is (?:in )?(closed|cancelled|expired|review)\b", re.IGNORECASE)

FAMILY_BY_CODE = {
    "UNPROCESSABLE_FLAGGED_RETURN": "return_is_review",
    "NOT_FOUND": "gone",
    "NOT_AUTHORIZED": "permission",
    "label_already_exists": "label_exists",
    "return_cannot_receive_label": "no_label_possible",
    "return_not_found": "gone",
}
FAMILY_BY_STATUS = {403: "permission", 404: "gone", 422: "invalid_field"}


def read_answer(answer: HttpAnswer, *, operation: str, writes: bool = False) -> Any:
    """The body of an answer that is not a refusal; raises the error that fits one that is."""
    if answer.status in (401, 403, 429) or answer.is_redirect or answer.is_broken_server:
        _raise_for_status(answer, operation=operation, writes=writes)
    try:
        body = answer.json()
    except ValueError:
        raise _lost(answer, operation=operation, writes=writes, detail="the answer is not JSON") from None
    if not answer.is_success or is_refusal(body):
        raise _refusal(answer, body, operation=operation, writes=writes)
    return body


def expect_true(body: object, answer: HttpAnswer, *, operation: str) -> None:
    """An action was accepted only if the body says so; an odd one leaves open whether it was."""
    if body is True or body == "true":
        return
    if body is False or body == "false":
        raise _refusal(answer, body, operation=operation)
    raise _lost(answer, operation=operation, writes=True, detail="neither true nor a refusal")


def read_label_answer(answer: HttpAnswer, *, operation: str) -> None:
    """A label is asked for with success when the status says accepted; its body is a message like a refusal's."""
    if answer.status == 202:
        return
    body = read_answer(answer, operation=operation, writes=True)
    if not (isinstance(body, Mapping) and "returnId" in body):
        expect_true(body, answer, operation=operation)


def is_gone(answer: HttpAnswer) -> bool:
    """Loop says, mostly with HTTP 200, that it has no such return."""
    if not (answer.is_success or answer.status == 404):
        return False
    try:
        body = answer.json()
    except ValueError:
        return False
    words = [_code_of(body), *_words_of(body)] if is_refusal(body) else []
    return any(RETURN_IS_GONE.search(word) for word in words)


def is_refusal(body: object) -> bool:
    if not isinstance(body, Mapping):
        return False
    return _names_errors(body) or (bool(body) and set(body) <= {"message", "content", "code", "errors", "error"})


def _names_errors(body: object) -> bool:
    """Else it is words alone, which might also say that something was done."""
    return isinstance(body, Mapping) and bool(body.get("error") or body.get("errors"))


def read_page(body: object, answer: HttpAnswer) -> tuple[list[Any], str | None]:
    """Rows and the cursor to the next page; None on the last one."""
    rows = body.get("returns") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(rows, list):
        raise unreadable_answer(answer, operation="list_returns", detail="no list of returns in the answer")
    next_url = body.get("nextPageUrl")
    cursors = parse_qs(urlsplit(str(next_url)).query).get("cursor") if next_url else None
    if next_url and not cursors:
        raise unreadable_answer(answer, operation="list_returns", detail="a next page without a cursor")
    return rows, cursors[0] if cursors else None


def unreadable_answer(answer: HttpAnswer, *, operation: str, detail: str) -> UnreadableRecordError:
    failure = answer.failure(system="loop", operation=operation, detail=detail)
    return UnreadableRecordError(family="unreadable", **failure)


def _raise_for_status(answer: HttpAnswer, *, operation: str, writes: bool) -> None:
    words = answer.redirect_words or "; ".join(_words_of(_json_or_none(answer)))
    failure = answer.failure(system="loop", operation=operation, detail=words or f"HTTP {answer.status}")
    if answer.status == 429:
        raise TemporaryError(**failure)
    if answer.status == 401 or answer.is_moved:
        # A key that merely lacks the scope is answered like a wrong key.
        raise ConfigurationError(**failure)
    if answer.status == 403:
        raise RejectedError(family="permission", **failure)
    raise UncertainError(**failure) if writes else TemporaryError(**failure)


def _refusal(answer: HttpAnswer, body: object, *, operation: str, writes: bool = False) -> RejectedError:
    words = "; ".join(_words_of(body)) or f"Loop answered {answer.text[:100]}"
    code = _code_of(body)
    failure = answer.failure(system="loop", operation=operation, code=code, detail=words)
    family = _family_of(words, code=code, status=answer.status)
    is_in_doubt = writes and answer.is_success and family == "unknown" and not _names_errors(body)
    return (DoubtfulRefusalError if is_in_doubt else RejectedError)(family=family, **failure)


def _family_of(words: str, *, code: str, status: int) -> str:
    state = STATE_REFUSES.search(words)
    if state:
        return f"return_is_{state[1].lower()}"
    # Labels name their codes where others have their words.
    return FAMILY_BY_CODE.get(code) or FAMILY_BY_CODE.get(words) or FAMILY_BY_STATUS.get(status) or "unknown"


def _lost(answer: HttpAnswer, *, operation: str, writes: bool, detail: str) -> UncertainError | TemporaryError:
    failure = answer.failure(system="loop", operation=operation, detail=detail)
    return UncertainError(**failure) if writes else TemporaryError(**failure)


def _json_or_none(answer: HttpAnswer) -> object:
    try:
        return answer.json()
    except ValueError:
        return None


def _code_of(body: object) -> str:
    """The machine's word for the refusal. On a 401 code and http_code look swapped; so they come."""
    if not isinstance(body, Mapping):
        return ""
    for key in ("error", "errors"):
        nested = body.get(key)
        first = nested[0] if isinstance(nested, list) and nested else nested
        if isinstance(first, Mapping) and first.get("code"):
            return str(first["code"])
    return str(body.get("code") or "")


def _words_of(body: object) -> list[str]:
    """Every sentence meant for a reader, wherever it stands, each once."""
    return list(dict.fromkeys(_each_word(body)))


def _each_word(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, list):
        for entry in body:
            yield from _each_word(entry)
    elif isinstance(body, Mapping):
        for key, value in body.items():
            if key not in ("code", "http_code"):
                yield from _each_word(value)
