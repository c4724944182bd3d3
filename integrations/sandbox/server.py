"""Serving the sandbox over HTTP/1.1 on one port, and the command line in front of it."""

import argparse
import json
import logging
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from integrations.sandbox.control import Control
from integrations.sandbox.sandbox import Options, Sandbox

logger = logging.getLogger(__name__)
STOP_NOTICED_S = 0.01  # tests stop hundreds of sandboxes, and wait for each


class QuietHandler(WSGIRequestHandler):
    """No line per request, and no waiting for more to send: headers and body leave in separate writes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Nothing more is read from a connection that a fault or the caller has ended."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


class Application:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.control = Control(sandbox)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = request.path
        try:
            if path.startswith("/_sandbox/"):
                return self.control.answer(request)
            if path.startswith("/services/rest/"):
                return self.sandbox.answer_system(request, system="netsuite")
            if path.startswith("/api/"):
                return self.sandbox.answer_system(request, system="loop")
        except ConnectionError:
            raise  # a fault dropped the connection on purpose
        except Exception:  # the sandbox's own fault: say so loudly, but go on serving
            logger.exception("sandbox failed at %s %s", request.method, path)
            return Response("the sandbox itself failed; see its log", status=500, content_type="text/plain")
        return Response("nothing here: see docs/sandbox.md", status=404, content_type="text/plain")


class Served:
    """A running sandbox: in the foreground for the command, in a thread for tests."""

    def __init__(self, options: Options, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.sandbox = Sandbox(options)
        self.server: BaseWSGIServer = make_server(
            host, port, Application(self.sandbox), threaded=True, request_handler=QuietHandler
        )
        self.url = f"http://{host}:{self.server.port}"
        self._thread = threading.Thread(target=self._serve, name="sandbox-http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        self.server.serve_forever(poll_interval=STOP_NOTICED_S)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.sandbox.close()


def read_settings(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text())
    if not isinstance(content, dict):
        raise SystemExit(f"{file} must hold a JSON object, as docs/sandbox.md shows it")
    return content


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description="Loop Returns and NetSuite, simulated over HTTP.")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--file", type=Path, help="keep the state in this SQLite file (and one per account beside it)")
    parser.add_argument("--clock", type=Path, help="JSON file with offset_seconds, shared with the application")
    parser.add_argument("--living", type=float, default=0.0, metavar="SECONDS", help="a new return every SECONDS")
    parser.add_argument("--seed", default="returnsops")
    parser.add_argument("--webhook-url", default="", help="subscribe every shop; its code is appended to the URL")
    parser.add_argument("--settings", type=Path, help="JSON file of settings to start with, as for /_sandbox/settings")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    options = Options(
        file=chosen.file,
        clock_file=chosen.clock,
        living_s=chosen.living,
        seed=chosen.seed,
        webhook_url=chosen.webhook_url,
        settings=read_settings(chosen.settings) if chosen.settings else {},
    )
    served = Served(options, host=chosen.host, port=chosen.port)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    served.start()
    logger.info("sandbox at %s", served.url)
    stopping.wait()
    served.stop()
