"""What people do in NetSuite during a chaos run can really be done there, and is done to the right return."""

import time
from collections.abc import Iterator
from random import Random

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.management.chaos import meddling
from returnsops.management.chaos.meddling import MEDDLES, Meddlers
from returnsops.management.chaos.sandbox_control import SandboxControl, SandboxRefusedError
from tests.sandbox.journeys import authorize, credit, lines_of, receipt_row, receive, refund
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(Options(seed="meddling"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def netsuite(served: Served) -> Iterator[NetSuiteStranger]:
    with requests.Session() as session:
        account = Director(served.url, session).get("world")["netsuite_accounts"][0]
        stranger = NetSuiteStranger(served.url, account, session)
        stranger.log_in()
        yield stranger


@pytest.fixture
def meddlers(served: Served, netsuite: NetSuiteStranger, monkeypatch: pytest.MonkeyPatch) -> Meddlers:
    """They act at once."""
    monkeypatch.setattr(meddling, "LATER_S", (0.0, 0.0))
    account = netsuite.account["account_id"]
    shelves = {account: netsuite.account["locations"]["sellable"]}
    return Meddlers(SandboxControl(served.url), {"northwind": account}, shelves, Random("1"))


def post_as_we_do(netsuite: NetSuiteStranger, made: Json, *, until: str) -> None:
    """Our documents in their order, as far as the one that is waited for."""
    name = f"loop-northwind-{made['return_id']}"
    rma = authorize(netsuite, made, external_id=f"{name}-rma-1")
    if until == "rma":
        return
    line = lines_of(netsuite, "returnAuthorization", rma)[0]["line"]
    place = netsuite.account["locations"]["damaged"]
    receive(netsuite, rma, receipt_row(line, location=place), external_id=f"{name}-receipt-1")
    if until == "receipt":
        return
    memo = credit(netsuite, rma, external_id=f"{name}-credit-1")
    if until == "credit":
        return
    total = netsuite.read("creditMemo", memo)["total"]
    body = refund(netsuite, memo, amount=total, externalId=f"{name}-customer-refund-1")
    netsuite.create("customerRefund", body)


@pytest.mark.parametrize("name", MEDDLES)
def test_everything_somebody_may_do_can_be_done(
    served: Served, netsuite: NetSuiteStranger, meddlers: Meddlers, name: str
) -> None:
    billing = "cash_sale" if name == "refunds cash by hand" else "invoice"
    made = Director(served.url, netsuite.session).make_return("refund", billing=billing)
    bill = made["netsuite"].get("invoice_id") or made["netsuite"]["cash_sale_id"]
    before = meddlers.control.get("health")["transactions"]

    meddlers.expect(made["return_id"], name, account=netsuite.account["account_id"], bill=bill)
    if MEDDLES[name].after != meddling.ARRIVAL:
        assert meddlers.act() == 0
        post_as_we_do(netsuite, made, until=MEDDLES[name].after)
    meddlers.act()

    assert [(act.return_id, act.name) for act in meddlers.done] == [(made["return_id"], name)], meddlers.refused
    assert abs(meddlers.done[0].at - time.time()) < 60
    assert not meddlers.wanted
    assert meddlers.control.get("health")["transactions"] != before
    assert not any(meddlers.control.get("health")["card_operations"].values())  # what a person pays is no doing of ours


def test_what_netsuite_refuses_somebody_is_counted(
    served: Served, netsuite: NetSuiteStranger, meddlers: Meddlers
) -> None:
    made = Director(served.url, netsuite.session).make_return("refund", billing="cash_sale")
    meddlers.expect(made["return_id"], "credits by hand", account=netsuite.account["account_id"], bill="0")
    post_as_we_do(netsuite, made, until="receipt")

    meddlers.act()

    assert (meddlers.done, dict(meddlers.refused)) == ([], {"credits by hand": 1})


def test_a_return_nobody_means_is_left_alone(served: Served, netsuite: NetSuiteStranger, meddlers: Meddlers) -> None:
    made = Director(served.url, netsuite.session).make_return("refund")
    meddlers.expect("1", "deletes the authorization", account=netsuite.account["account_id"], bill="0")

    post_as_we_do(netsuite, made, until="rma")

    assert meddlers.act() == 0


def test_the_words_of_a_refusal_come_through(served: Served) -> None:
    with pytest.raises(SandboxRefusedError, match="no action 'dance'"):
        SandboxControl(served.url).post("netsuite/act", {"account": "7400001_SB1", "action": "dance"})
