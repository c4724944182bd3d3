"""What a fault makes of a call: an answer instead of the work, or what is left of the answer afterwards."""

import json
import socket
import struct
from collections.abc import Callable, Iterator

from werkzeug.wrappers import Request, Response

from integrations.sandbox.fault_kinds import KINDS, Words
from integrations.sandbox.faults import Fault
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.pace import Patience, ask_to_wait

NETSUITE_ERROR = "application/vnd.oracle.resource+json; type=error"
PIECES_MAX = 50
AT_ONCE = struct.pack("ii", 1, 0)  # linger: none, so closing resets the connection
GIVEN = Words(400, "USER_ERROR", "Error while accessing a resource. An injected fault.")


def answer_before(fault: Fault, request: Request, *, patience: Patience) -> Response | None:
    """What the fault answers instead of doing anything; None when the work is to be done."""
    kind = KINDS[fault.kind]
    if fault.kind == "drop_before":
        drop_connection(request)
    if fault.kind == "late_commit":
        hang_up(request)
    if fault.kind in ("delay_commit", "late_commit"):
        ask_to_wait(request, lambda: patience.wait(fault.seconds))
    if kind.raw is not None:
        return Response(kind.raw.body, status=fault.status or kind.raw.status, content_type=kind.raw.content_type)
    words = GIVEN if fault.kind == "error" else kind.words_instead
    return None if words is None else _refusal(fault, words=words)


def stands_instead(fault: Fault) -> bool:
    """Whether the fault answers, or hangs up, without asking the system."""
    kind = KINDS[fault.kind]
    return fault.kind in ("drop_before", "error") or kind.raw is not None or kind.words_instead is not None


def answer_after(fault: Fault, request: Request, response: Response, *, patience: Patience) -> Response:
    """What is left of the answer once the work is done."""
    change = AFTER.get(fault.kind)
    return response if change is None else change(fault, request, response, patience)


def _refusal(fault: Fault, *, words: Words) -> Response:
    """In the words of the system; status, code and detail of the rule go above those of its kind."""
    status, code = fault.status or words.status, fault.code or words.code
    detail = fault.detail or words.detail
    if fault.system == "loop":
        return _loop_refusal(status, code=fault.code, detail=fault.detail or LOOP_WORDS.get(status, words.detail))
    envelope = Refusal(detail, status=status, code=code).envelope()
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token", error_description="Invalid login attempt."'
    return Response(json.dumps(envelope), status=status, content_type=NETSUITE_ERROR, headers=headers)


LOOP_WORDS = {
    401: "Unauthorized.",
    429: "Too Many Attempts.",
    500: "An error was encountered during processing.",
}


def _loop_refusal(status: int, *, code: str | None, detail: str) -> Response:
    """The shapes of loop.md 1.5: 401 has one of its own, a refusal with a code another."""
    body: object = {"message": detail}
    if status == 401:
        body = {"error": {"code": "401", "http_code": "GEN-UNAUTHORIZED", "message": detail}}
    elif code is not None:
        body = {"errors": {"message": detail, "code": code}}
    return Response(json.dumps(body), status=status, content_type="application/json")


def _drop(_fault: Fault, request: Request, _response: Response, _patience: Patience) -> Response:
    return drop_connection(request)


def _late(fault: Fault, _request: Request, response: Response, patience: Patience) -> Response:
    patience.wait(fault.seconds)
    return response


def _fail(fault: Fault, _request: Request, _response: Response, _patience: Patience) -> Response:
    words = KINDS[fault.kind].words
    assert words, f"{fault.kind} has nothing to say"
    return _refusal(fault, words=words)


def _truncate(_fault: Fault, _request: Request, response: Response, _patience: Patience) -> Response:
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    return response


def _without_location(_fault: Fault, _request: Request, response: Response, _patience: Patience) -> Response:
    response.headers.pop("Location", None)
    return response


def _mislabel(_fault: Fault, _request: Request, response: Response, _patience: Patience) -> Response:
    response.headers["Content-Type"] = "text/plain"
    return response


def _trickle(fault: Fault, _request: Request, response: Response, patience: Patience) -> Response:
    body = response.get_data()
    size = max(1, -(-len(body) // PIECES_MAX))
    pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]

    def drip() -> Iterator[bytes]:
        for piece in pieces:
            patience.sleep(fault.seconds / len(pieces))
            yield piece

    length = response.headers.get("Content-Length")
    response.response = drip()
    if length is not None:
        response.headers["Content-Length"] = length
    return response


def _reset(_fault: Fault, request: Request, _response: Response, _patience: Patience) -> Response:
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: appl")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        socket.close(connection.detach())
    raise ConnectionResetError("reset by a fault")


def drop_connection(request: Request) -> Response:
    """Close the socket without an answer; the server takes the error for a client that went away."""
    hang_up(request)
    raise ConnectionResetError("dropped by a fault")


def hang_up(request: Request) -> None:
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


AFTER: dict[str, Callable[[Fault, Request, Response, Patience], Response]] = {
    "drop_after_commit": _drop,
    "late_answer": _late,
    "500_after": _fail,
    "script_error_after": _fail,
    "truncate": _truncate,
    "no_location": _without_location,
    "wrong_content_type": _mislabel,
    "slow_body": _trickle,
    "reset_headers": _reset,
}
