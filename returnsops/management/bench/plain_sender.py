"""The limit of what is practical, to measure ours against: asyncio, so many calls at once, and nothing kept.

It knows no database: what was sent and what came of it is lost with the process. Requests are encoded before it begins.

    python -m returnsops.management.bench.plain_sender requests.json
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

ANSWER_LIMIT_S = 60.0
REFUSED_WAIT_S = 0.1  # before a call that was one too many is tried again
TOO_MANY = 429


async def send_all(plan: dict[str, Any]) -> None:
    """plan: host, port, headers, at_once, calls (method, path, body); repeats: over and over, until stopped."""
    encoded = [encode(call, plan) for call in plan["calls"]]
    requests = iter(cycle(encoded) if plan["repeats"] else encoded)
    await asyncio.gather(*(send_in_turn(requests, plan) for _ in range(plan["at_once"])))


def encode(call: dict[str, Any], plan: dict[str, Any]) -> bytes:
    body = json.dumps(call["body"]).encode() if call["body"] is not None else b""
    headers = plan["headers"] | {"Host": f"{plan['host']}:{plan['port']}", "Content-Length": str(len(body))}
    lines = [f"{call['method']} {call['path']} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def send_in_turn(requests: Iterator[bytes], plan: dict[str, Any]) -> None:
    """One call after the other: as many of these as calls may be under way."""
    line = Line(plan["host"], plan["port"])
    for request in requests:
        while await line.exchange(request) == TOO_MANY:
            await asyncio.sleep(REFUSED_WAIT_S)


class Line:
    """A connection, kept open between calls as long as the other side keeps it."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def exchange(self, request: bytes) -> int:
        """Send and give the status."""
        async with asyncio.timeout(ANSWER_LIMIT_S):
            reader, writer = self._streams = self._streams or await asyncio.open_connection(*self._place)
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            await reader.readexactly(int(field_of(head, "content-length") or 0))
        if field_of(head, "connection") == "close":
            writer.close()
            self._streams = None
        return int(head.split(" ", 2)[1])


def field_of(head: str, name: str) -> str:
    return head.partition(f"\r\n{name}:")[2].partition("\r\n")[0].strip()


if __name__ == "__main__":
    asyncio.run(send_all(json.loads(Path(sys.argv[1]).read_text())))
