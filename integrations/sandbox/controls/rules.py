"""Settings, faults and tokens over the control API."""

from typing import Any

from integrations.sandbox.controls.asked import Asked, Json, Route
from integrations.sandbox.faults import STRIKES_MAX, describe_kinds
from integrations.sandbox.switches.shown import describe_switches


def _settings(asked: Asked) -> Json:
    """All of them, or what holds for one account or shop."""
    query, settings = asked.query, asked.sandbox.settings
    account, shop = query.text("account"), query.text("shop")
    query.done()
    if account is not None:
        return settings.shown_for("accounts", one=account)
    return settings.as_json() if shop is None else settings.shown_for("shops", one=shop)


def _change_settings(asked: Asked) -> Json:
    asked.sandbox.settings.update(asked.body)
    return asked.sandbox.settings.as_json()


def _faults(asked: Asked) -> Json:
    return {"faults": asked.sandbox.faults.as_json()}


def _remove_faults(asked: Asked) -> Json:
    asked.sandbox.faults.remove(asked.number(0) if asked.names else None)
    return _faults(asked)


def _strikes(asked: Asked) -> Json:
    query = asked.query
    limit = query.count("limit", STRIKES_MAX, low=1, high=STRIKES_MAX)
    query.done()
    return {"strikes": asked.sandbox.faults.strikes(limit=limit)}


def _forget_tokens(asked: Asked) -> Any:
    asked.fields.done()
    asked.sandbox.desk.forget_all()
    return {"status": "ok"}


ROUTES = (
    Route("GET", "settings", _settings, "every switch as it stands; `?account=` or `?shop=`: what holds for one"),
    Route("POST", "settings", _change_settings, "set switches"),
    Route("GET", "settings/help", lambda asked: describe_switches(), "every switch and profile with its meaning"),
    Route("GET", "faults", _faults, "the rules in their order, and how often each struck"),
    Route("POST", "faults", lambda asked: asked.sandbox.faults.add(asked.body), "one more rule", status=201),
    Route("DELETE", "faults", _remove_faults, "take all rules away"),
    Route("DELETE", "faults/*", _remove_faults, "take one away"),
    Route("GET", "faults/kinds", lambda asked: {"kinds": describe_kinds()}, "every kind with its meaning"),
    Route("GET", "faults/strikes", _strikes, "the last strikes; `?limit=`"),
    Route("POST", "tokens/forget", _forget_tokens, "every access token is worthless from now on"),
)
