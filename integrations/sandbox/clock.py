"""Business time: real time moved by an offset that can live in a file shared with the application."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Tells business time. Tokens and signatures must not use it: they live in real time."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._offset_s = 0.0
        self._seen: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._feigned = threading.local()

    def now(self) -> datetime:
        moment: datetime | None = getattr(self._feigned, "moment", None)
        return moment or datetime.now(UTC) + timedelta(seconds=self.offset_s())

    @contextmanager
    def feigning(self, moment: datetime) -> Iterator[None]:
        """For this thread it is that moment: how things of the past are made now."""
        self._feigned.moment = moment
        try:
            yield
        finally:
            self._feigned.moment = None

    def offset_s(self) -> float:
        with self._lock:
            self._read_again_if_changed()
            return self._offset_s

    def advance(self, seconds: float) -> float:
        with self._lock:
            self._read_again_if_changed()
            self._write(self._offset_s + seconds)
            return self._offset_s

    def reset(self) -> None:
        with self._lock:
            self._write(0.0)

    def _read_again_if_changed(self) -> None:
        if self._path is None:
            return
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return
        mark = (stat.st_mtime_ns, stat.st_size)
        if mark == self._seen:
            return
        text = self._path.read_text()
        if text:  # an empty file is one being written this moment: keep what we knew
            self._offset_s = float(json.loads(text)["offset_seconds"])
            self._seen = mark

    def _write(self, offset_s: float) -> None:
        self._offset_s = offset_s
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps({"offset_seconds": offset_s}))
        beside.replace(self._path)
        stat = self._path.stat()
        self._seen = (stat.st_mtime_ns, stat.st_size)
