"""What the sandbox itself remembers between two runs on the same file: switches, faults, progress."""

import json
from typing import Any

from integrations.sandbox.store import Store


class Memory:
    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, name: str, value: Any) -> None:
        self._store.execute("INSERT OR REPLACE INTO memory (name, value) VALUES (?, ?)", (name, json.dumps(value)))

    def recall(self, name: str) -> Any:
        found = self._store.value("SELECT value FROM memory WHERE name = ?", (name,))
        return None if found is None else json.loads(found)
