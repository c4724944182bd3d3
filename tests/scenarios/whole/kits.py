"""Kits of the stories: goods of their own in NetSuite, since what a story calls its kit is none in the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from returnsops.returns.facts import KitFacts

KIT_MARK = "-KIT"  # behind the story's name


@dataclass
class Kits:
    """act: a person in NetSuite; items: its ids by those of the stories."""

    act: Callable[..., Any]
    items: dict[str, str]
    made: dict[KitFacts, str] = field(default_factory=dict)

    def sell(self, kit: KitFacts) -> str:
        """What the shop sells it as. Where nobody tells what it is made of, it holds another kit."""
        if kit not in self.made:
            self.made[kit] = f"{kit.sku}{KIT_MARK}{len(self.made) + 1}"
            parts = {self.items[one.item_id]: one.quantity for one in kit.members}
            self._make(self.made[kit], parts or {self._make(f"{self.made[kit]}-INNER", {self.items["504"]: 1}): 1})
        return self.made[kit]

    def _make(self, name: str, parts: dict[str, int]) -> str:
        rows = [{"item": {"id": item}, "quantity": count} for item, count in parts.items()]
        body = {"itemId": name, "member": {"items": rows}}
        return str(self.act("write_list", record_type="kitItem", body=body)["id"])


def name_in_story(sku: str) -> str:
    return sku.partition(KIT_MARK)[0]
