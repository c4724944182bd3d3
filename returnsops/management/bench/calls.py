"""HTTP calls as lean as can be: on a small machine the caller's own work would hide the server's."""

import socket

ANSWER_LIMIT_S = 10.0
ANSWER_BYTES_MAX = 64 * 1024
HEAD_END = b"\r\n\r\n"


class BrokenCallError(Exception):
    """No whole answer came: refused, cut, or too late."""


class Caller:
    """One connection, kept open between calls and opened anew after a broken one. For one thread."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def post(self, path: str, body: bytes, *, headers: dict[str, str]) -> int:
        """Send and give the status. Raises BrokenCallError, and then nobody knows whether it was done."""
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode() + HEAD_END + body
        try:
            return self._exchange(request)
        except (OSError, ValueError) as error:
            self.close()
            raise BrokenCallError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, request: bytes) -> int:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_LIMIT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, rest = self._read_head(self._socket)
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        if b"content-length" not in fields:
            raise ValueError("an answer without Content-Length")
        missing = int(fields[b"content-length"]) - len(rest)
        while missing > 0:
            missing -= len(_receive(self._socket))
        if fields.get(b"connection", b"").strip() == b"close":
            self.close()
        return int(head.split(b" ", 2)[1])

    def _read_head(self, connection: socket.socket) -> tuple[bytes, bytes]:
        answer = b""
        while HEAD_END not in answer:
            if len(answer) > ANSWER_BYTES_MAX:
                raise ValueError(f"no end of the head in {ANSWER_BYTES_MAX} bytes")
            answer += _receive(connection)
        head, _, rest = answer.partition(HEAD_END)
        return head, rest


def _receive(connection: socket.socket) -> bytes:
    part = connection.recv(ANSWER_BYTES_MAX)
    if not part:
        raise ConnectionError("the connection was closed before the answer's end")
    return part
