"""Switches: their checks, their names in every form, what differs per account and shop, profiles, what a file keeps."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.sandbox.sandbox import Options, Sandbox
from integrations.sandbox.server import Served, read_settings
from integrations.sandbox.settings import SCOPES, Settings
from integrations.sandbox.switches import SWITCHES
from integrations.sandbox.switches.declare import UnknownSettingError
from integrations.sandbox.switches.profiles import PROFILES
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

ACCOUNT, OTHER = "7400001_SB1", "7400002_SB1"


@pytest.fixture
def settings() -> Settings:
    return Settings(accounts=[ACCOUNT, OTHER], shops=["northwind", "harbour"])


@pytest.mark.parametrize(
    "changes",
    [
        {"netsuite": {"concurrency": 3}},
        {"netsuite.concurrency": 3},
        {"netsuite": {"latency_s.read": [0, 1], "concurrency": 3}},
    ],
)
def test_names_may_be_nested_or_dotted(settings: Settings, changes: Json) -> None:
    settings.update(changes)

    assert settings.value("netsuite.concurrency") == 3


def test_an_account_and_a_shop_may_differ_from_the_others(settings: Settings) -> None:
    settings.update(
        {"netsuite.concurrency": 7, "accounts": {ACCOUNT: {"concurrency": 3, "latency_s": {"read": [0, 1]}}}}
    )
    settings.update({"shops": {"harbour": {"webhooks.attempts": 2, "connector": {"exchange_orders": False}}}})

    assert settings.of_account(ACCOUNT).number("netsuite.concurrency") == 3
    assert settings.of_account(ACCOUNT).span("netsuite.latency_s.read") == (0, 1)
    assert settings.of_account(OTHER).number("netsuite.concurrency") == 7
    assert settings.of_shop("harbour").number("loop.webhooks.attempts") == 2
    assert not settings.of_shop("harbour").flag("connector.exchange_orders")
    assert settings.of_shop("northwind").flag("connector.exchange_orders")


def test_null_takes_back_what_was_set(settings: Settings) -> None:
    settings.update({"netsuite.concurrency": 7, "accounts": {ACCOUNT: {"concurrency": 3}}})

    settings.update({"accounts": {ACCOUNT: {"concurrency": None}}})
    assert settings.of_account(ACCOUNT).number("netsuite.concurrency") == 7

    settings.update({"netsuite": {"concurrency": None}})
    assert settings.of_account(ACCOUNT).number("netsuite.concurrency") == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"netsuite.restok": "ignored"}, "Did you mean netsuite.restock"),
        ({"netsuite.restock": "maybe"}, '"rejected", "ignored", "accepted"'),
        ({"netsuite": {"concurrency": 0}}, "a whole number from 1 to 1,000"),
        ({"netsuite": {"concurrency": True}}, "a whole number"),
        ({"netsuite": {"concurrency": float("nan")}}, "a whole number"),
        ({"netsuite": {"refund_apply_line": True}}, "one of 1, 0"),
        ({"netsuite": {"sql_time_zone": "Mars/North"}}, "a time zone such as"),
        ({"netsuite": 5}, "netsuite is a group"),
        ({"loop": {"latency_s": [2, 1]}}, "two numbers [from, to]"),
        ({"loop": {"webhooks": {"drop_rate": 1.5}}}, "from 0 to 1"),
        ({"accounts": {"9": {}}}, f"known: {ACCOUNT}, {OTHER}"),
        ({"accounts": [ACCOUNT]}, "accounts is a group"),
        ({"accounts": {ACCOUNT: {"loop.latency_s": [0, 0]}}}, "cannot differ by accounts"),
        ({"shops": {"northwind": {"speed": 1}}}, "no setting loop.speed"),
        ({"profile": "moon"}, "known: pacific_times"),
        ({"profile": {"name": "moon"}}, "no profile"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_would_do(settings: Settings, changes: Json, said: str) -> None:
    before = settings.as_json()

    with pytest.raises(UnknownSettingError) as refusal:
        settings.update({"netsuite.allow_overage": True} | changes)

    assert said in str(refusal.value)
    assert settings.as_json() == before


def test_what_is_shown_can_be_sent_back(settings: Settings) -> None:
    settings.update({"profile": "drifting_loop", "accounts": {OTHER: {"profile": ["no_preview"]}}})
    shown = settings.as_json()

    settings.update(json.loads(json.dumps(shown)))

    assert settings.as_json() == shown
    assert shown["accounts"] == {OTHER: {"netsuite": {"create_form": False}}}


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_takes_its_own_default(name: str) -> None:
    switch = SWITCHES[name]

    assert switch.check(switch.default) == switch.default
    assert switch.meaning


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_can_be_applied_to_all_or_to_one(settings: Settings, name: str) -> None:
    changes = PROFILES[name].changes
    group = next(iter(changes)).partition(".")[0]
    scope, known = next(
        (scope, known) for scope, known in (("accounts", ACCOUNT), ("shops", "harbour")) if group in SCOPES[scope]
    )

    settings.update({"profile": name})
    assert {switch: settings.value(switch) for switch in changes} == changes

    settings.update({scope: {known: {"profile": name}}})
    assert settings.as_json()[scope][known]


def test_a_single_switch_goes_above_a_profile(settings: Settings) -> None:
    settings.update({"netsuite": {"receipt_key": "either"}, "profile": "cautious_receipts"})

    assert settings.text("netsuite.receipt_key") == "either"
    assert settings.flag("netsuite.default_items_to_zero")


def test_the_control_api_shows_what_holds_for_one_and_what_may_be_set(director: Director) -> None:
    director.post("settings", {"accounts": {ACCOUNT: {"concurrency": 3}}})

    assert director.get(f"settings?account={ACCOUNT}")["netsuite"]["concurrency"] == 3
    assert director.get(f"settings?account={OTHER}")["netsuite"]["concurrency"] == 5
    assert "netsuite" not in director.get("settings?shop=harbour")
    help_text: dict[str, Any] = director.get("settings/help")
    assert {one["name"] for one in help_text["settings"]} == set(SWITCHES)
    assert {one["name"] for one in help_text["profiles"]} == set(PROFILES)


def test_an_account_answers_by_its_own_switches(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"accounts": {ACCOUNT: {"sql_time_zone": "America/Los_Angeles"}}})
    hour = "SELECT TO_CHAR(SYSDATE, 'HH24') AS hour FROM dual"
    local = netsuite.query(hour)

    director.post("settings", {"accounts": {ACCOUNT: {"sql_time_zone": None}}})

    assert netsuite.query(hour) != local


def settings_of(options: Options) -> Json:
    served = Served(options)
    served.start()
    with requests.Session() as session:
        found: Json = Director(served.url, session).get("settings")
    served.stop()
    return found


def test_settings_survive_a_restart_and_those_of_the_start_go_above(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite3"
    sandbox = Sandbox(Options(file=file))
    sandbox.settings.update({"netsuite.concurrency": 9, "shops": {"harbour": {"expiry_days": 3}}})
    sandbox.close()

    kept = settings_of(Options(file=file))
    assert (kept["netsuite"]["concurrency"], kept["shops"]) == (9, {"harbour": {"loop": {"expiry_days": 3}}})

    chosen = tmp_path / "settings.json"
    chosen.write_text('{"netsuite.concurrency": 2}')
    assert settings_of(Options(file=file, settings=read_settings(chosen)))["netsuite"]["concurrency"] == 2


def test_reset_goes_back_to_the_settings_of_the_start() -> None:
    served = Served(Options(settings={"netsuite.concurrency": 2}))
    served.start()
    with requests.Session() as session:
        director = Director(served.url, session)
        director.post("settings", {"netsuite.concurrency": 9, "netsuite.allow_overage": True})
        director.post("reset")
        found = director.get("settings")["netsuite"]
    served.stop()

    assert (found["concurrency"], found["allow_overage"]) == (2, False)


def test_settings_of_an_older_sandbox_are_left_out(settings: Settings) -> None:
    settings.restore(
        [
            ("", "", "netsuite.gone", 1),
            ("accounts", "9", "netsuite.concurrency", 2),
            ("", "", "netsuite.restock", "ignored"),
        ]
    )

    assert settings.text("netsuite.restock") == "ignored"
    assert settings.number("netsuite.concurrency") == 5
