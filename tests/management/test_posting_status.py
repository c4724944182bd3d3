"""posting_status: where the outbox stands, for people at a terminal and for programs."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop
from returnsops.posting.models import Posting
from tests.builders import make_posting, make_return

Status = Posting.Status


def run(**options: object) -> str:
    out = StringIO()
    call_command("posting_status", stdout=out, **options)
    return out.getvalue()


def test_an_empty_outbox_is_said_to_be_empty(shop: Shop) -> None:
    told = run()

    assert "NetSuite 1234567_SB1: nothing waits" in told
    assert "Time to empty" not in told


def test_what_waits_and_why_it_stands_is_said(shop: Shop) -> None:
    make_posting(make_return(shop))
    NetSuiteAccount.objects.update(paused_at=timezone.now(), paused_reason="401")

    told = run()

    assert "stopped" in told
    assert "Waiting to be sent         1" in told
    assert "until a person resumes it" in told


def test_programs_get_one_line_of_json(shop: Shop) -> None:
    make_posting(make_return(shop), status=Status.REJECTED, refusal={"family": "period_closed"})

    (drain,) = json.loads(run(json=True))

    assert drain["account"] == "1234567_SB1"
    assert drain["left"] == [{"shop": "fern", "status": "rejected", "count": 1}]
    assert (drain["state"], drain["seconds_to_empty"], drain["refused"]) == ("empty", None, {"period_closed": 1})


def test_an_unknown_account_is_named_with_those_there_are(shop: Shop) -> None:
    with pytest.raises(CommandError, match="No NetSuite account '999'. Known: 1234567_SB1"):
        run(account=["999"])


def test_watching_tells_it_again_until_ctrl_c(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([None, KeyboardInterrupt()])

    def wait(seconds: float) -> None:
        ended = next(waits)
        if ended:
            raise ended

    monkeypatch.setattr("returnsops.management.commands.posting_status.time.sleep", wait)

    assert run(watch=True).count("NetSuite 1234567_SB1") == 2
