"""Shoppers, carriers, people in Loop and in NetSuite over the control API."""

from integrations.sandbox.controls.asked import Asked, Json, Route, one_of
from integrations.sandbox.loop.person import act_on_return, act_on_shop
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.scenario_kinds import SCENARIOS


def _make_return(asked: Asked) -> Json:
    fields = asked.fields
    shop = fields.word("shop", "northwind", of=asked.sandbox.shops)
    scenario = fields.word("scenario", "refund", of=SCENARIOS)
    params = fields.object("params")
    fields.done()
    return asked.sandbox.scenarios.make(shop, scenario=scenario, params=dict(params))


def _act_on_return(asked: Asked) -> Json:
    return act_on_return(asked.sandbox.engine, asked.number(0), action=asked.names[1], body=asked.body)


def _act_on_shop(asked: Asked) -> Json:
    return act_on_shop(asked.sandbox.engine, asked.names[0], action=asked.names[1], body=asked.body)


def _act_in_netsuite(asked: Asked) -> Json:
    body = asked.body
    account = one_of(asked.sandbox.accounts, str(body.get("account")), what="account")
    return act_as_person(account, action=str(body.get("action")), request=body)


ROUTES = (
    Route("GET", "loop/scenarios", lambda asked: {"scenarios": list(SCENARIOS)}, "the names of the scenarios"),
    Route("POST", "loop/returns", _make_return, "make a return of a scenario", status=201),
    Route("POST", "loop/returns/*/*", _act_on_return, "do something to a return: its id, then the action"),
    Route("POST", "loop/shops/*/*", _act_on_shop, "do something in a shop: its code, then the action"),
    Route("POST", "netsuite/act", _act_in_netsuite, "act as a person in NetSuite"),
)
