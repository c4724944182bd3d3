"""A webhook endpoint for the tests: keeps what it got and answers what it is told to."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


class SilentHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[str, bytes, str]] = []  # path, raw body, signature
        self.answers: list[int] = []  # the next statuses; 200 when there are none left
        self.headers: dict[str, str] = {}  # of every answer
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=SilentHandler)
        self.url = f"http://127.0.0.1:{self._server.port}/hooks"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def _application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        self.got.append((request.path, request.get_data(), request.headers.get("X-Loop-Signature", "")))
        status = self.answers.pop(0) if self.answers else 200
        return Response("", status=status, headers=self.headers)(environ, start_response)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
