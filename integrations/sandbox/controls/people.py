"""Shoppers, carriers, people in Loop and in NetSuite over the control API."""

import re

from integrations.sandbox.controls.asked import Asked, Json, Route, one_of
from integrations.sandbox.crowds import CROWD_MAX, DAYS_MAX, Crowd
from integrations.sandbox.inputs import BadInputError
from integrations.sandbox.loop.person import act_on_return, act_on_shop
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.scenario_kinds import SCENARIOS, describe_scenarios
from integrations.sandbox.told import Teller
from integrations.sandbox.world import describe_shop

SHOP_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")


def _make_return(asked: Asked) -> Json:
    fields = asked.fields
    shop = fields.word("shop", "northwind", of=asked.sandbox.shops)
    scenario = fields.word("scenario", "refund", of=SCENARIOS)
    params = fields.object("params")
    fields.done()
    return asked.sandbox.scenarios.make(shop, scenario=scenario, params=dict(params))


def _open_shop(asked: Asked) -> Json:
    fields, sandbox = asked.fields, asked.sandbox
    code = fields.word("code")
    beside = fields.word("beside", "northwind", of=sandbox.shops)
    currency = fields.word("currency", sandbox.shops[beside].currency)
    fields.done()
    if code in sandbox.shops or not SHOP_CODE.fullmatch(code):
        raise BadInputError("code is small letters, digits and dashes, and no other shop's")
    return describe_shop(sandbox.open_shop(code, beside=beside, currency=currency))


def _tell_return(asked: Asked) -> Json:
    fields, sandbox = asked.fields, asked.sandbox
    shop = sandbox.shops[fields.word("shop", "northwind", of=sandbox.shops)]
    return Teller(sandbox.engine, sandbox.accounts).make(shop, fields)


def _bring_bill(asked: Asked) -> Json:
    return Teller(asked.sandbox.engine, asked.sandbox.accounts).bring_bill(asked.number(0), asked.fields)


def _make_many(asked: Asked) -> Json:
    fields, sandbox = asked.fields, asked.sandbox
    shop, count = fields.text("shop", of=sandbox.shops), fields.whole("count", low=1, high=CROWD_MAX)
    wanted = Crowd(
        count=count or 0,
        mix=fields.object("mix"),
        shops=[shop] if shop else sorted(sandbox.shops),
        params=fields.object("params"),
        seed=fields.word("seed", sandbox.options.seed),
        days=fields.number("days", 0.0, high=DAYS_MAX) or 0.0,
        webhooks=fields.flag("webhooks", False),
        booked=fields.flag("booked", False),
        until=sandbox.clock.now().isoformat(),
    )
    fields.done()
    return sandbox.crowds.order(wanted)


def _crowds(asked: Asked) -> Json:
    return {"crowds": asked.sandbox.crowds.as_json()}


def _stop_crowd(asked: Asked) -> Json:
    return asked.sandbox.crowds.stop(asked.number(0))


def _act_on_return(asked: Asked) -> Json:
    return act_on_return(asked.sandbox.engine, asked.number(0), action=asked.names[1], body=asked.body)


def _act_on_shop(asked: Asked) -> Json:
    return act_on_shop(asked.sandbox.engine, asked.names[0], action=asked.names[1], body=asked.body)


def _act_in_netsuite(asked: Asked) -> Json:
    body = asked.body
    account = one_of(asked.sandbox.accounts, str(body.get("account")), what="account")
    return act_as_person(account, action=str(body.get("action")), request=body)


ROUTES = (
    Route("GET", "loop/scenarios", lambda asked: describe_scenarios(), "the scenarios and what they take"),
    Route("POST", "loop/returns", _make_return, "make a return of a scenario", status=201),
    Route("POST", "loop/shops", _open_shop, "open one more shop on the account of another", status=201),
    Route("POST", "loop/told", _tell_return, "make a return as told: units, prices, new goods", status=201),
    Route("POST", "loop/told/*/bill", _bring_bill, "bring its order into NetSuite, billed as told", status=201),
    Route("POST", "loop/crowds", _make_many, "make many returns in the background", status=202),
    Route("GET", "loop/crowds", _crowds, "how far they are"),
    Route("DELETE", "loop/crowds/*", _stop_crowd, "make no more of this one"),
    Route("POST", "loop/returns/*/*", _act_on_return, "do something to a return: its id, then the action"),
    Route("POST", "loop/shops/*/*", _act_on_shop, "do something in a shop: its code, then the action"),
    Route("POST", "netsuite/act", _act_in_netsuite, "act as a person in NetSuite"),
)
