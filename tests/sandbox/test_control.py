"""The control API: faults that lose answers, the connector, the clock, restart, reset, living traffic."""

from pathlib import Path

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.sandbox.journeys import authorize, receipt_row
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for


def receipts(netsuite: NetSuiteStranger) -> int:
    return int(netsuite.query("SELECT count(*) AS n FROM transaction WHERE type = 'ItemRcpt'")[0]["n"])


@pytest.mark.parametrize(("kind", "done"), [("drop_after_commit", 1), ("drop_before", 0)])
def test_a_dropped_connection_may_hide_done_work(
    netsuite: NetSuiteStranger, director: Director, kind: str, done: int
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    director.post("faults", {"system": "netsuite", "method": "POST", "path": "itemReceipt", "kind": kind})
    path = f"record/v1/returnAuthorization/{rma}/!transform/itemReceipt"
    body: Json = {"externalId": "loop-t-ir", "item": {"items": [receipt_row(1)]}}

    with pytest.raises(requests.ConnectionError):
        netsuite.call("POST", path, body=body)

    assert receipts(netsuite) == done
    assert director.get("faults")["faults"][0]["hits"] == 1
    assert netsuite.call("POST", path, body=body).status_code == (400 if done else 204)


@pytest.mark.parametrize(
    ("kind", "status"), [("http_503_html", 503), ("429", 429), ("401", 401), ("500_before", 500), ("500_after", 500)]
)
def test_faults_answer_what_they_are_told_to(
    netsuite: NetSuiteStranger, director: Director, kind: str, status: int
) -> None:
    director.post("faults", {"system": "netsuite", "path": "serverTime", "kind": kind, "count": 1})

    assert netsuite.call("GET", "system/v1/serverTime").status_code == status
    assert netsuite.call("GET", "system/v1/serverTime").status_code == 200


def test_a_delayed_commit_is_done_though_the_caller_went_away(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    director.post("settings", {"netsuite": {"concurrency": 1}})
    director.post("faults", {"system": "netsuite", "path": "itemReceipt", "kind": "delay_commit", "seconds": 600})
    url = f"{netsuite.url}/services/rest/record/v1/returnAuthorization/{rma}/!transform/itemReceipt"
    headers = {"Authorization": f"Bearer {netsuite.token}"}

    with pytest.raises(requests.ReadTimeout):
        netsuite.session.post(url, json={}, headers=headers, timeout=0.2)

    def is_full() -> bool:
        return netsuite.call("GET", "system/v1/serverTime").status_code == 429

    assert wait_for(is_full)  # the lost call still holds its place, however late it came in
    director.post("clock", {"advance_seconds": 600})
    assert wait_for(lambda: not is_full())
    assert receipts(netsuite) == 1


def test_an_error_fault_speaks_netsuites_words(netsuite: NetSuiteStranger, director: Director) -> None:
    words = "Error while accessing a resource. SSS_CUSTOM says no."
    director.post("faults", {"system": "netsuite", "kind": "error", "detail": words, "code": "USER_ERROR"})

    assert netsuite.refusal("customerRefund", {}) == words
    director.post("faults", {"system": "netsuite", "kind": "429", "rate": 1.0})
    assert netsuite.session.delete(f"{netsuite.url}/_sandbox/faults", timeout=60).json() == {"faults": []}
    assert netsuite.call("GET", "system/v1/serverTime").status_code == 200


def test_the_connector_brings_the_exchange_order(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director
) -> None:
    director.post("settings", {"connector": {"exchange_delay_s": 0.1}})
    made = director.make_return("exchange")
    loop.act(made["return_id"], "process")
    sql = "SELECT id, externalid, createdby FROM transaction WHERE otherrefnum = ?"

    rows = wait_for(lambda: netsuite.query(sql, f"EXC-{made['order_name'].lstrip('#')}"))

    order = netsuite.read("salesOrder", rows[0]["id"])
    assert rows[0]["externalid"] == loop.details(made["return_id"])["exchanges"][0]["exchange_order_id"]
    assert (order["status"]["id"], order["total"]) == ("B", 0.0)
    assert len(order["item"]["items"]) == 2


def test_the_connector_can_be_switched_off(netsuite: NetSuiteStranger, loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"connector": {"exchange_orders": False}})
    return_id = director.make_return("exchange")["return_id"]

    loop.act(return_id, "process")

    assert wait_for(lambda: loop.details(return_id)["exchanges"][0]["exchange_order_id"])
    assert netsuite.query("SELECT id FROM transaction WHERE otherrefnum LIKE 'EXC-%'") == []


def test_business_time_moves_and_is_shared_by_file(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"offset_seconds": 3600.0}')
    served = Served(Options(clock_file=file))
    served.start()
    with requests.Session() as session:
        director = Director(served.url, session)
        assert director.get("clock")["offset_seconds"] == 3600.0
        assert director.post("clock", {"advance_seconds": 60})["offset_seconds"] == 3660.0
    served.stop()

    assert file.read_text() == '{"offset_seconds": 3660.0}'


def test_books_and_keys_survive_a_restart(tmp_path: Path) -> None:
    options = Options(file=tmp_path / "state.sqlite3")
    found: list[tuple[Json, Json]] = []
    for turn in range(2):
        served = Served(options)
        served.start()
        with requests.Session() as session:
            director = Director(served.url, session)
            if turn == 0:
                director.make_return("refund")
            dump = director.get("dump")
            found.append((director.get("world"), dump["netsuite"]["7400001_SB1"]["transactions"]))
        served.stop()

    assert found[0] == found[1]


def test_a_job_in_hand_at_a_restart_is_done_afterwards(tmp_path: Path) -> None:
    options = Options(file=tmp_path / "state.sqlite3")
    served = Served(options)
    made = served.sandbox.scenarios.make("northwind", scenario="refund", params={})
    loop_return = served.sandbox.engine.load(int(made["return_id"]))
    assert loop_return is not None
    served.sandbox.settings.update({"loop": {"process_delay_s": [1.0, 1.0]}})
    served.sandbox.engine.queue_processing(loop_return, source="api")
    served.start()
    served.stop()

    again = Served(options)
    again.start()
    again.sandbox.clock.advance(60)

    def state() -> bool:
        found = again.sandbox.engine.load(int(made["return_id"]))
        return found is not None and found.state == "closed"

    assert wait_for(state)
    again.stop()


def test_reset_empties_the_books_and_keeps_the_keys(
    director: Director, world: Json, netsuite: NetSuiteStranger
) -> None:
    director.make_return("refund")
    director.post("settings", {"netsuite": {"concurrency": 1}})

    director.post("reset")

    assert director.get("dump")["loop"]["northwind"]["returns"] == []
    assert director.get("settings")["netsuite"]["concurrency"] == 5
    assert director.get("world")["loop_shops"] == world["loop_shops"]


def test_unknown_words_are_refused_with_the_known_ones(director: Director, session: requests.Session) -> None:
    for path, body in (
        ("settings", {"netsuite": {"speed": 1}}),
        ("loop/returns", {"scenario": "miracle"}),
        ("faults", {"system": "moon", "kind": "429"}),
        ("netsuite/act", {"account": "7400001_SB1", "action": "dance"}),
    ):
        answer = session.post(f"{director.url}/_sandbox/{path}", json=body, timeout=60)
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_a_seed_makes_the_same_goods(director: Director) -> None:
    first, second = (director.make_return("refund", units=3, seed=7) for _ in range(2))

    assert [unit["sku"] for unit in first["units"]] == [unit["sku"] for unit in second["units"]]


def test_a_person_makes_the_item_loop_sells(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    made = director.make_return("unknown_sku", sku="NEW-1")
    assert made["units"][0]["sku"] == "NEW-1"
    assert netsuite.query("SELECT id FROM item WHERE itemid = ?", "NEW-1") == []

    item = director.act(account, "create_item", sku="NEW-1", name="New one", price="12.00")

    assert netsuite.query("SELECT id FROM item WHERE itemid = ?", "NEW-1") == [{"id": item["id"]}]


def test_loops_figure_differs_as_asked(netsuite: NetSuiteStranger, loop: LoopStranger, director: Director) -> None:
    made = director.make_return("differs", amount="0.03")
    rma = netsuite.read("returnAuthorization", authorize(netsuite, made))

    refund = float(loop.details(made["return_id"])["refund"])

    assert round(refund - rma["total"], 2) == 0.03


def test_traffic_lives_and_parcels_arrive(tmp_path: Path) -> None:
    served = Served(Options(living_s=0.05, seed="living"))
    served.sandbox.settings.update({"living": {"parcel_step_s": 0.05}})
    served.start()
    with requests.Session() as session:
        director = Director(served.url, session)

        def arrived() -> list[Json]:
            dump = director.get("dump")["loop"]
            rows = [row for shop in dump.values() for row in shop["returns"]]
            return [row for row in rows if row["label_status"] == "delivered"]

        assert wait_for(lambda: len(arrived()) > 3)
        assert director.get("health")["failed_jobs"] == 0
    served.stop()


def test_two_returns_share_an_order(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("second_return")

    several = loop.call("GET", f"warehouse/return/details?order_id={made['provider_order_id']}").json()

    assert [str(one["id"]) for one in several] == [made["first_return_id"], made["return_id"]]
    assert [len(one["line_items"]) for one in several] == [1, 1]


def test_kept_goods_have_no_label_and_settle_at_once(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("keep_item")["return_id"]

    assert wait_for(lambda: loop.details(return_id)["state"] == "closed")
    assert (loop.details(return_id)["label_status"], loop.details(return_id)["labels"]) == ("N/A", [])


def test_an_instant_exchange_has_its_order_before_the_goods_move(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director
) -> None:
    made = director.make_return("instant_exchange")

    found = loop.details(made["return_id"])
    assert (found["state"], found["label_status"]) == ("open", "new")
    order = found["exchanges"][0]["exchange_order_id"]
    sql = "SELECT id FROM transaction WHERE externalid = ?"
    assert wait_for(lambda: netsuite.query(sql, order))

    loop.act(made["return_id"], "process")
    assert wait_for(lambda: loop.details(made["return_id"])["state"] == "closed")
    assert loop.details(made["return_id"])["exchanges"][0]["exchange_order_id"] == order


def test_an_upsell_leaves_what_the_shopper_paid_on_the_order(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director
) -> None:
    made = director.make_return("upsell", tax_rate="0.0725")
    loop.act(made["return_id"], "process")
    sql = "SELECT foreigntotal AS total FROM transaction WHERE otherrefnum = ?"

    rows = wait_for(lambda: netsuite.query(sql, f"EXC-{made['order_name'].lstrip('#')}"))

    assert float(rows[0]["total"]) == float(loop.details(made["return_id"])["upsell"])
