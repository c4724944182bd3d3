"""The theatre: one sandbox, one database, one clock, and a shop for every policy that the stories of a batch follow."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop, SyncRun
from returnsops import tick
from returnsops.lib import clock
from returnsops.management.commands.connect_sandbox import connect_account, connect_shop
from returnsops.management.commands.seed_demo import seed_people
from returnsops.posting.models import Posting
from returnsops.posting.read_back import postings_to_read_back
from returnsops.posting.record_answer import TOLD_WITHIN
from returnsops.posting.resuming import look_after_pauses
from returnsops.returns import comparison, item_sweep, mirror, stock
from returnsops.returns.models import Item, LoopReturn
from tests.builders import CREATED, WRITES_ALL, make_policy
from tests.journey.stage import Stage
from tests.scenarios.book import Scenario
from tests.scenarios.given import CATEGORIES, ITEMS, begin
from tests.scenarios.whole.books import Books
from tests.scenarios.whole.kits import Kits
from tests.scenarios.whole.policies import Places, account_of, rules_of
from tests.scenarios.whole.scene import Cue, Scene

Json = dict[str, Any]
ACCOUNT = "7400001_SB1"
LANES = 5
CALLS_PER_MINUTE = 100_000
ROUNDS_MAX = 40
FURTHER_PLACES = ("15", "35", "36")  # of rules that name places of their own
HOUSE_CURRENCY = "Dollar (house)"  # its name and its symbol, which only its account knows
DUTIES = "refund_duties_total"  # what the sandbox's Loop calls them, where it tells them
FAR = timedelta(days=3650)
NETSUITE_WORDS = {
    "bills_exchange", "bill_arrives", "record_appears", "record_changes", "record_deleted", "refunded_by_hand",
    "applied_by_hand", "others_authorise", "others_refund", "sibling_takes",
}  # fmt: skip
SWITCHES: Json = {
    "loop": {
        "process_delay_s": [0.0, 0.0],
        "was_processed_delay_s": 0.0,
        "rate_limit_per_minute": CALLS_PER_MINUTE,
        "extras_of_removed": "in_proportion",
    },
    "connector": {"exchange_orders": False},
    "netsuite": {"inventory_status": True},
}


class Theatre(Stage):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.shops_of: dict[str, str] = {}
        self.world: Json = {}
        self.places = Places({}, {})
        self.items: dict[str, str] = {}  # NetSuite's, by the story's id or the SKU
        self.kits = Kits(self.act, self.items)
        self.archive = Books(self.ask, ACCOUNT)
        self.silent: set[tuple[str, str]] = set()  # (return, system) that answer nothing
        self.told: set[tuple[int, int]] = set()  # returns whose wait for news is over, by how much is posted of them
        self.counted: dict[str, int] = {}  # how many of a SKU came in by a count
        self.changed: set[str] = set()  # returns that somebody changed in Loop since they were read

    def open(self) -> None:
        """The house before the audience comes: goods, places, people."""
        self.ask("settings", SWITCHES)
        self.world = self.ask("world", method="GET")["netsuite_accounts"][0]
        self.account = connect_account(self.world, self.url, LANES)
        NetSuiteAccount.objects.filter(pk=self.account.pk).update(category_field="class")
        self.account.refresh_from_db()
        self.items = {item: self._make_item(sku) for sku, item in ITEMS.items()}
        self.kits = Kits(self.act, self.items)
        further = {place: self._make_place(place) for place in FURTHER_PLACES}
        self.places = Places(self.world["locations"], further)
        house = {"name": HOUSE_CURRENCY, "symbol": HOUSE_CURRENCY, "exchangeRate": 1.0, "currencyPrecision": 2}
        self.act("write_list", record_type="currency", body=house)

    def _make_item(self, sku: str) -> str:
        return str(self.act("create_item", sku=sku, price="72.00", category=CATEGORIES.get(sku, ""))["id"])

    def _make_place(self, name: str) -> str:
        body = {"name": f"Place {name}", "subsidiary": {"id": self.world["subsidiary_id"]}}
        return str(self.act("write_list", record_type="location", body=body)["id"])

    def open_shops(self, stories: Iterable[Scenario]) -> None:
        """One per policy; stories of the same one share it, unless somebody maps a SKU or changes the rules there."""
        for story in stories:
            key = _key_of(story)
            if key not in self.shops_of:
                self.shops_of[key] = self._open_shop(f"shop-{len(self.shops_of) + 1}", story.given)
        seed_people()

    def shop_of(self, story: Scenario) -> str:
        return self.shops_of[_key_of(story)]

    def _open_shop(self, code: str, given: Json) -> str:
        told = given.get("shop", {})
        currency = told.get("currency", "USD")
        described = self.ask("loop/shops", {"code": code, "beside": "northwind", "currency": currency})
        shop = connect_shop(described, self.url, self.account, calls_per_minute=CALLS_PER_MINUTE)
        start_from = told.get("start_from", CREATED - timedelta(days=30))
        Shop.objects.filter(pk=shop.pk).update(start_from=start_from, currency=told.get("shop_currency", currency))
        rules = rules_of(given.get("policy", {}), self.world, self.places)
        if "refund_duties" in given.get("loop", {}):
            rules["duties_field"] = DUTIES
            self.ask("settings", {"shops": {code: {"loop": {"duties": "told"}}}})
        make_policy(shop, **rules)
        if given.get("policy", {}).get("kept_items") == "line_outcome":
            self.ask("settings", {"shops": {code: {"loop": {"keep_item_marker": "outcome"}}}})
        return code

    def change_rules(self, scene: Scene, told: Json) -> None:
        """told: all settings of the story from now on."""
        make_policy(Shop.objects.get(code=scene.shop), **rules_of(told, self.world, self.places))

    # --- People and programs on the other sides ---

    def act(self, action: str, **request: Any) -> Json:
        """In NetSuite."""
        found: Json = self.ask("netsuite/act", {"account": ACCOUNT, "action": action, **request})
        return found

    def use_item(self, item: str, *, is_inactive: bool) -> None:
        """Taken out of use or back, and read again as if a day had passed."""
        self.act("deactivate_item" if is_inactive else "activate_item", item=self.items[item])
        self.read_item(item)

    def read_item(self, item: str) -> None:
        Item.objects.filter(internal_id=self.items[item]).update(asked_at=timezone.now() - item_sweep.READ_AGAIN_AFTER)
        item_sweep.sweep_items(self.account)

    def do(self, scene: Scene, action: str, **body: Any) -> Json:
        """To the return in Loop."""
        self.changed.add(scene.loop_id)
        found: Json = self.ask(f"loop/returns/{scene.loop_id}/{action}", body)
        return found

    def told_item(self, item: str) -> str:
        """What a story calls it; charges by the key of the policy they stand under."""
        told = {real: name for name, real in self.items.items()}
        keys = {real: key for key, real in self.world["items"].items()}
        return told.get(item) or WRITES_ALL["items"][keys[item]]

    def money_account(self, scene: Scene, told: str) -> str:
        """The account a story names: of a gateway of its policy, or else one where money comes in."""
        tenders = begin(scene.story.given).policy.tenders
        gateway = next((name for name, one in tenders.items() if one.account_id == told), "shopify_payments")
        return account_of(gateway, self.world)["account_id"]

    def newest(self, scene: Scene, record_type: str, record_id: str | None = None) -> Json:
        """The last document of this kind of the scene, as it is now."""
        self.archive.refresh()
        family = self.archive.family(scene)
        found = [one["id"] for one in family if one["record_type"] == record_type and not one["deleted"]]
        assert found, f"NetSuite has no {record_type} of {scene.name}"
        return self.archive.record(record_id or max(found, key=int))

    def loop_return(self, scene: Scene) -> Json:
        return self.archive.loop_return(scene.shop, scene.loop_id)

    def exchange_order(self, scene: Scene) -> str:
        orders = [one for one in self.loop_return(scene)["exchanges"] if one["order_id"]]
        name = orders[0]["order_name"].lstrip("#")
        self.archive.refresh()
        family = self.archive.family(scene)
        return next(
            str(one["id"]) for one in family if one["otherrefnum"] == name and one["record_type"] == "salesOrder"
        )

    def compare_ids(self, scene: Scene) -> None:
        shop = scene.row.shop
        begin, end = CREATED - timedelta(days=1), clock.now()
        run = SyncRun(stream=f"loop:{shop.code}", kind=SyncRun.Kind.COMPARISON, started_at=end)
        comparison.compare_ids(shop, run, begin, end)

    # --- Time ---

    def be_at(self, moment: datetime) -> None:
        """Business time stands at the moment, but for what passes while the system works.

        Every evening begins at the same moment, so it goes back; and where the work took longer than stories leave it.
        """
        seconds = (moment - datetime.fromisoformat(self.ask("clock", method="GET")["now"])).total_seconds()
        self.ask("clock", {"advance_seconds": seconds})
        if seconds < 0:
            self.archive.expect_older_changes()

    # --- Work ---

    def prepare(self, cues: list[Cue]) -> None:
        """Who comes for the first time is looked at before anything happens to it: a person cannot judge before.

        What comes first of all is the other return of its order, as long as nothing else may be worked on.
        """
        first = [cue.scene for cue in cues if cue.number == 0]
        for scene in first:
            if scene.sibling:
                self._work_on_sibling(scene)
        for scene in first:
            self._fetch(scene)

    def _work_on_sibling(self, scene: Scene) -> None:
        """Until it has got what it gets."""
        self._fetch_by_id(scene.shop, scene.sibling)
        while self.queue or self.send():
            self.work_through_queue()

    def work(self, cues: list[Cue]) -> None:
        """Let the system work until nothing moves for these scenes; whatever else has come due is worked on, too."""
        self._wait_for_the_sandbox()
        for cue in cues:
            self.hear_of_silence(cue)
            self.look_at(cue)
        self.plan_what_is_due()
        tick.sweep_postings()
        for _ in range(ROUNDS_MAX):
            self.work_through_queue()
            self._keep_silence()
            if any({"stock", "stock_untold"} & cue.moment.keys() for cue in cues):
                stock.read_stock(self.account)
            sent = self.send()
            look_after_pauses()
            asked = {one.scene.loop_id for one in cues} & self._asked_of_loop()
            if not sent and not self.queue and not self._find_what_is_due():
                return
            self._wait_for_the_sandbox()
            for cue in cues:
                if cue.scene.loop_id in asked:
                    self._fetch(cue.scene)
        raise AssertionError(f"still moving after {ROUNDS_MAX} rounds: {[cue.scene.name for cue in cues]}")

    def plan_what_is_due(self) -> None:
        tick.sweep_plans()
        self.work_through_queue()

    def _find_what_is_due(self) -> int:
        """The sweeps' part, without their patience."""
        self._wait_for_no_news()
        if LoopReturn.objects.filter(plan_attempts=0, look_again_at__lte=clock.now()).exists():
            self.queue.append(("plans", None))
        if postings_to_read_back(posted_before=clock.now()).exists():
            self.queue.append(("read_back", self.account.pk))
        return len(self.queue)

    def _wait_for_no_news(self) -> None:
        """Who waits for news of what was posted has them by now, or gets none: once after each posting."""
        now = clock.now()
        soon = LoopReturn.objects.filter(look_again_at__gt=now, look_again_at__lte=now + TOLD_WITHIN)
        posted = Count("postings", filter=Q(postings__status=Posting.Status.POSTED))
        waiting = set(soon.annotate(posted=posted).values_list("pk", "posted")) - self.told
        self.told |= waiting
        LoopReturn.objects.filter(pk__in=[pk for pk, _ in waiting]).update(look_again_at=now)

    def look_at(self, cue: Cue) -> None:
        """As if a webhook, or a look at what changed in NetSuite, had told of it."""
        scene = cue.scene
        if scene.loop_id in self.changed:
            self._fetch(scene)
        if NETSUITE_WORDS & cue.moment.keys():
            LoopReturn.objects.filter(pk=scene.row.pk).update(records_fetched_at=None)
            mirror.hint_records([scene.row.pk])

    def _fetch(self, scene: Scene) -> None:
        self._fetch_by_id(scene.shop, scene.loop_id)
        self.changed.discard(scene.loop_id)

    def _fetch_by_id(self, shop: str, loop_id: str) -> None:
        mirror.fetch_return(Shop.objects.select_related("account").get(code=shop), loop_id)

    def cancel_sibling(self, scene: Scene) -> None:
        self.ask(f"loop/returns/{scene.sibling}/cancel", {})
        self._work_on_sibling(scene)

    def _asked_of_loop(self) -> set[str]:
        posted = Posting.objects.filter(system="loop", status="posted")
        return set(posted.values_list("loop_return__loop_id", flat=True))

    def _wait_for_the_sandbox(self) -> None:
        while self.ask("health", method="GET")["due_jobs"]:
            time.sleep(0.01)

    def _keep_silence(self) -> None:
        """What is to be sent to a system that answers nothing waits, as after a call without an answer."""
        for loop_id, system in self.silent:
            waiting = Posting.objects.filter(loop_return__loop_id=loop_id, system=system, status="pending")
            waiting.update(not_before=timezone.now() + FAR)

    def hear_of_silence(self, cue: Cue) -> None:
        for system in ("netsuite", "loop"):
            key = (cue.scene.loop_id, system)
            if cue.moment.get(f"{system}_answers") == "nothing":
                self.silent.add(key)
            elif key in self.silent:
                self.silent.remove(key)
                waiting = Posting.objects.filter(loop_return__loop_id=cue.scene.loop_id, system=system)
                waiting.filter(status="pending").update(not_before=timezone.now())


def _key_of(story: Scenario) -> str:
    changes_it = any({"mapped", "rules"} & moment.keys() for moment in story.moments)
    own = (story.path.stem if changes_it else "", "refund_duties" in story.given.get("loop", {}))
    return repr((story.given.get("policy"), story.given.get("shop"), *own))
