"""Shoppers, carriers, people in Loop and in NetSuite over the control API."""

from integrations.sandbox.controls.asked import Asked, Json, Route, one_of
from integrations.sandbox.crowds import CROWD_MAX, DAYS_MAX, Crowd
from integrations.sandbox.loop.person import act_on_return, act_on_shop
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.scenario_kinds import SCENARIOS, describe_scenarios


def _make_return(asked: Asked) -> Json:
    fields = asked.fields
    shop = fields.word("shop", "northwind", of=asked.sandbox.shops)
    scenario = fields.word("scenario", "refund", of=SCENARIOS)
    params = fields.object("params")
    fields.done()
    return asked.sandbox.scenarios.make(shop, scenario=scenario, params=dict(params))


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
    Route("POST", "loop/crowds", _make_many, "make many returns in the background", status=202),
    Route("GET", "loop/crowds", _crowds, "how far they are"),
    Route("DELETE", "loop/crowds/*", _stop_crowd, "make no more of this one"),
    Route("POST", "loop/returns/*/*", _act_on_return, "do something to a return: its id, then the action"),
    Route("POST", "loop/shops/*/*", _act_on_shop, "do something in a shop: its code, then the action"),
    Route("POST", "netsuite/act", _act_in_netsuite, "act as a person in NetSuite"),
)
