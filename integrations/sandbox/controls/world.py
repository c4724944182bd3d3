"""The world as a whole over the control API: what is in it, its health, its time, and a new one."""

from collections import Counter
from functools import cache
from pathlib import Path
from tomllib import loads

from integrations.sandbox.controls.asked import Asked, Json, Route
from integrations.sandbox.dump import card_operations_of
from integrations.sandbox.inputs import BadInputError
from integrations.sandbox.world import describe_account, describe_shop

AWAY_MAX_S = 20 * 366 * 86_400.0
CALM_MAX_S = 60.0
CALM_S = 5.0
PROJECT = Path(__file__).parents[3] / "pyproject.toml"


@cache
def version() -> str:
    if not PROJECT.exists():
        return "unknown"
    return str(loads(PROJECT.read_text())["project"]["version"])


def _health(asked: Asked) -> Json:
    sandbox = asked.sandbox
    return {
        "status": "ok",
        "version": version(),
        "file": str(sandbox.options.file) if sandbox.options.file else None,
        "jobs": sandbox.jobs.count(),
        "due_jobs": sandbox.jobs.count_due(),
        "next_job_in_s": sandbox.jobs.next_in_s(),
        "failed_jobs": sandbox.jobs.failures,
        "returns": sandbox.loop_store.value("SELECT count(*) FROM loop_return"),
        "transactions": {
            key: account.store.value("SELECT count(*) FROM txn") for key, account in sandbox.accounts.items()
        },
        "card_operations": {key: card_operations_of(account) for key, account in sandbox.accounts.items()},
    }


def _world(asked: Asked) -> Json:
    sandbox = asked.sandbox
    return {
        "loop_shops": [describe_shop(shop) for shop in sandbox.shops.values()],
        "netsuite_accounts": [describe_account(account) for account in sandbox.accounts.values()],
    }


def _clock(asked: Asked) -> Json:
    clock = asked.sandbox.clock
    return {"now": clock.now().isoformat(), "offset_seconds": clock.offset_s()}


def _advance(asked: Asked) -> Json:
    """Move business time on, then wait until what has come due is done: the answer counts it."""
    fields, jobs = asked.fields, asked.sandbox.jobs
    seconds = fields.number("advance_seconds", low=-2 * AWAY_MAX_S, high=2 * AWAY_MAX_S)
    limit_s = fields.number("wait_s", CALM_S, high=CALM_MAX_S) or 0.0
    fields.done()
    if seconds is None:
        raise BadInputError("advance_seconds must be given: how far business time is to move")
    if abs(asked.sandbox.clock.offset_s() + seconds) > AWAY_MAX_S:
        raise BadInputError(f"business time may be {AWAY_MAX_S:,.0f} seconds away from real time at most")
    before = Counter(jobs.done)
    asked.sandbox.clock.advance(seconds)
    left = jobs.wait_until_calm(limit_s) if seconds > 0 else 0
    return _clock(asked) | {"happened": dict(jobs.done - before), "still_due": left}


def _reset(asked: Asked) -> Json:
    asked.fields.done()
    asked.sandbox.reset()
    return {"status": "ok"}


ROUTES = (
    Route("GET", "health", _health, "whether it is up, its version, how much it holds"),
    Route("GET", "world", _world, "keys, secrets, private keys, ids: what a connection needs"),
    Route("GET", "clock", _clock, "business time"),
    Route("POST", "clock", _advance, "move it by `advance_seconds`; says what happened meanwhile"),
    Route("POST", "reset", _reset, "empty books, the switches of the start, the same keys", is_alone=True),
)
