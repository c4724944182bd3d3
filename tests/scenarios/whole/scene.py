"""One story on the stage: which of the sandbox's things stand for those the story names."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from returnsops.returns.models import LoopReturn
from tests.scenarios.book import Scenario

Json = dict[str, Any]
ORDER_NUMBER = "20418"  # of every story
FIRST_BILL, ORDER = "7001", "7000"


@dataclass
class Scene:
    """units, exchanges: Loop's ids, by number of the story. lines: the shop's order lines by the story's name.

    ids: NetSuite's by the story's; names: what the story calls each of NetSuite's.
    """

    story: Scenario
    shop: str
    account: str
    loop_id: str
    order_number: str
    provider_order_id: str
    units: list[str]
    exchanges: list[str]
    lines: dict[str, str]
    tax_rate: Any
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    customer: str = ""
    addresses: dict[str, str] = field(default_factory=dict)  # NetSuite's by the story's
    sibling: str = ""  # Loop's id of an earlier return of the order
    skus: dict[str, str] = field(default_factory=dict)  # what a kit is sold as, by the story's name
    rules: dict[str, Any] = field(default_factory=dict)  # settings of the policy that were changed since it began
    closed_month: str = ""
    added_by_netsuite: Decimal = Decimal(0)  # to a credit, beyond what was sent
    is_company: bool = False  # played so that the story is not alone, and not compared
    news: list[str] = field(default_factory=list)  # what was written since the last moment, in words

    @property
    def name(self) -> str:
        return self.story.name

    @property
    def row(self) -> LoopReturn:
        return LoopReturn.objects.select_related("shop__account").get(shop__code=self.shop, loop_id=self.loop_id)

    def know(self, story_id: str, their_id: str, *, record_type: str) -> None:
        self.ids[story_id] = their_id
        self.names[their_id] = f"{record_type[:3].upper()}{story_id}"

    def in_words_of_the_story(self, text: str) -> str:
        return text.replace(self.order_number, ORDER_NUMBER)


@dataclass(frozen=True)
class Cue:
    """A moment of a scene, at its time after the beginning."""

    at: timedelta
    scene: Scene
    number: int

    @property
    def moment(self) -> Json:
        return self.scene.story.moments[self.number]
