"""Many returns at once: their mix and dates, their progress, and going on after a restart."""

from pathlib import Path

import pytest
import requests

from integrations.sandbox.clock import Clock
from integrations.sandbox.crowds import PIECE, Crowd
from integrations.sandbox.loop.model import from_json
from integrations.sandbox.sandbox import Options, Sandbox
from integrations.sandbox.server import Served
from tests.sandbox.receivers import Receiver
from tests.sandbox.strangers import Director, Json, LoopStranger, wait_for


def finished(director: Director) -> Json:
    def last() -> Json | None:
        crowd: Json = director.get("loop/crowds")["crowds"][-1]
        return crowd if crowd["is_finished"] else None

    found: Json = wait_for(last)
    return found


def test_a_crowd_has_its_mix_in_every_shop(director: Director) -> None:
    began = director.post("loop/crowds", {"count": 45, "mix": {"refund": 3, "exchange": 1}, "params": {"units": 2}})
    assert (began["id"], began["made"], began["is_finished"]) == (1, 0, False)

    crowd = finished(director)

    shops = director.get("dump")["loop"]
    assert {code: len(shop["returns"]) for code, shop in shops.items()} == {"harbour": 25, "northwind": 20}
    assert set(crowd["scenarios"]) == {"refund", "exchange"}
    assert sum(crowd["scenarios"].values()) == crowd["made"] == 45
    assert all(len(one["units"]) == 2 for one in shops["northwind"]["returns"])


def test_the_same_seed_makes_the_same_crowd() -> None:
    found = []
    for seed in ("a", "a", "b"):
        sandbox = Sandbox(Options())
        sandbox.crowds.order(Crowd(15, {}, ["northwind"], {}, seed, sandbox.clock.now().isoformat()))
        crowds = sandbox.crowds
        assert wait_for(lambda crowds=crowds: crowds.as_json()[0]["is_finished"])
        rows = sandbox.loop_store.rows("SELECT content FROM loop_return ORDER BY id")
        found.append([unit.sku for row in rows for unit in from_json(row["content"]).units])
        sandbox.close()

    assert found[0] == found[1] != found[2]


def test_a_crowd_may_reach_back_in_time(director: Director, loop: LoopStranger) -> None:
    director.post("loop/crowds", {"count": 20, "mix": {"refund": 1}, "shop": "northwind", "days": 100})
    finished(director)

    dates = [one["created_at"] for one in director.get("dump")["loop"]["northwind"]["returns"]]

    assert dates == sorted(dates)
    assert len({date[:10] for date in dates}) == 20
    assert len(loop.call("GET", "warehouse/return/list").json()) < 20  # the list shows the last day only


def test_a_booked_crowd_is_in_the_books(director: Director, account: Json) -> None:
    director.post("settings", {"loop": {"process_delay_s": [0, 0]}})
    director.post("loop/crowds", {"count": 6, "mix": {"refund": 1}, "shop": "northwind", "booked": True})
    finished(director)

    kinds = [one["type"] for one in director.books(account)["transactions"]]
    assert [kinds.count(kind) for kind in ("RtnAuth", "ItemRcpt", "CustCred")] == [6, 6, 6]
    assert wait_for(
        lambda: {one["state"] for one in director.get("dump")["loop"]["northwind"]["returns"]} == {"closed"}
    )


@pytest.mark.parametrize("webhooks", [False, True])
def test_a_crowd_is_quiet_unless_asked(served: Served, director: Director, webhooks: bool) -> None:
    receiver = Receiver()
    served.sandbox.webhooks.subscribe_all(receiver.url)
    director.post("loop/crowds", {"count": 2, "mix": {"refund": 1}, "shop": "northwind", "webhooks": webhooks})
    finished(director)
    director.post("clock", {"advance_seconds": 1})
    receiver.close()

    assert bool(receiver.got) is webhooks


def test_a_crowd_goes_on_after_a_restart(tmp_path: Path) -> None:
    options = Options(file=tmp_path / "state.sqlite3")
    sandbox = Sandbox(options)
    sandbox.crowds.order(Crowd(PIECE * 5, {"refund": 1}, ["northwind"], {}, "x", sandbox.clock.now().isoformat()))
    assert wait_for(lambda: sandbox.crowds.as_json()[0]["made"])
    sandbox.close()

    again = Sandbox(options)
    assert wait_for(lambda: again.crowds.as_json()[0]["is_finished"])
    returns, orders = (
        again.loop_store.value("SELECT count(*) FROM loop_return"),
        again.accounts["7400001_SB1"].store.value("SELECT count(*) FROM txn WHERE type = 'SalesOrd'"),
    )
    again.close()
    assert returns == orders == PIECE * 5


def test_an_order_that_had_reached_netsuite_is_found_again() -> None:
    sandbox = Sandbox(Options())
    wanted = Crowd(1, {"refund": 1}, ["northwind"], {}, "x", sandbox.clock.now().isoformat())
    made: list[Json] = []
    for _ in range(2):  # the second time after Loop's side was lost
        numbers = sandbox.loop_store.rows("SELECT name, value FROM counter")
        made.append(sandbox.scenarios.make("northwind", scenario="refund", params={"seed": wanted.seed}))
        sandbox.loop_store.execute("DELETE FROM counter")
        sandbox.loop_store.execute_many("INSERT INTO counter VALUES (?, ?)", [tuple(row) for row in numbers])
    sandbox.close()

    assert made[0]["netsuite"] == made[1]["netsuite"]


def test_a_crowd_that_cannot_be_made_stops_and_says_why(director: Director) -> None:
    director.post("loop/crowds", {"count": 50, "params": {"parcel": "on the moon"}})

    crowd = finished(director)

    assert (crowd["made"], "parcel is created or one of" in crowd["last_error"]) == (0, True)
    assert director.get("health")["transactions"]["7400001_SB1"] < 5


def test_a_crowd_can_be_stopped(director: Director, session: requests.Session) -> None:
    director.post("loop/crowds", {"count": 100_000})

    assert session.delete(f"{director.url}/_sandbox/loop/crowds/1", timeout=60).json()["is_stopped"]
    made = director.get("loop/crowds")["crowds"][0]["made"]
    director.post("clock", {"advance_seconds": 1})
    assert director.get("loop/crowds")["crowds"][0]["made"] == made < 100_000


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "count must be given"),
        ({"count": 0}, "a whole number from 1"),
        ({"count": 5, "mix": {"miracle": 1}}, "known: refund"),
        ({"count": 5, "mix": {"refund": 0}}, "mix.refund is its weight"),
        ({"count": 5, "mix": ["refund"]}, "mix is an object"),
        ({"count": 5, "shop": "moon"}, "one of northwind, harbour"),
        ({"count": 5, "speed": 5}, "unknown: speed"),
    ],
)
def test_a_wrong_crowd_is_refused(director: Director, session: requests.Session, body: Json, said: str) -> None:
    answer = session.post(f"{director.url}/_sandbox/loop/crowds", json=body, timeout=60)

    assert (answer.status_code, said in answer.json()["error"]) == (400, True)


def test_a_feigned_moment_is_this_threads_alone() -> None:
    clock = Clock()
    long_ago = clock.now().replace(year=2001)

    with clock.feigning(long_ago):
        assert clock.now() == long_ago

    assert clock.now() > long_ago
