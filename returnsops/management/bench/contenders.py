"""Who takes part in the posting bench: ours with one and two processes, plain asyncio, a task of the queue for each."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django_q.tasks import async_task

from integrations.credentials import open_secret
from integrations.models import Credential, NetSuiteAccount
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from returnsops.lib.processes import PROJECT_DIR, Program
from returnsops.management.bench import naive
from returnsops.management.stack import Stack
from returnsops.posting.models import Posting

OCCUPIER = {"method": "GET", "path": "/services/rest/system/v1/serverTime", "body": None}
OCCUPIES = "time"  # the operation by which its calls are known in the log; nobody else asks for it


@dataclass(frozen=True)
class Ground:
    """What all of them need: where the programs run, the account, and the headers that let a call in."""

    stack: Stack
    account: NetSuiteAccount
    headers: dict[str, str]

    @property
    def access_file(self) -> Path:
        return self.stack.data_dir / "bench-access.json"

    def program(self, name: str, *command: str, **environment: str) -> Program:
        log = self.stack.log_dir / f"{name}.log"
        return Program(name=name, command=command, log=log, environment=self.stack.environment | environment)

    def manage(self, name: str, *command: str, **environment: str) -> Program:
        return self.program(name, sys.executable, str(PROJECT_DIR / "manage.py"), *command, **environment)


@dataclass(frozen=True)
class Contender:
    """start: makes ready and gives the programs to run. is_ours: looks before it posts, so its sales must be fresh."""

    name: str
    start: Callable[[Ground, Sequence[Posting], int], list[Program]]
    is_ours: bool = False


def prepare_ground(stack: Stack, account: NetSuiteAccount) -> Ground:
    """Raises the errors of `integrations.errors` when nobody lets us in."""
    credentials = ClientCredentials(
        account_id=account.account_id,
        client_id=account.client_id,
        certificate_id=account.certificate_id,
        private_key_pem=open_secret(account, Credential.Kind.NETSUITE_PRIVATE_KEY),
        token_url=f"{account.base_url}/services/rest/auth/oauth2/v1/token",
    )
    headers = dict(TokenSource(credentials).permit("POST", account.base_url, {}).headers)
    ground = Ground(stack, account, headers)
    ground.access_file.write_text(json.dumps({"root": account.base_url, "headers": headers}))
    return ground


def start_ours(ground: Ground, postings: Sequence[Posting], lanes: int) -> list[Program]:
    return [ground.manage("sender-1", "send", "--threads", str(lanes))]


def start_two_of_ours(ground: Ground, postings: Sequence[Posting], lanes: int) -> list[Program]:
    return [ground.manage(f"sender-{number}", "send", "--threads", str(lanes)) for number in (1, 2)]


def start_plain(ground: Ground, postings: Sequence[Posting], lanes: int) -> list[Program]:
    calls = [
        {
            "method": "POST",
            "path": naive.path_of(one.request),
            "body": naive.body_of(one.request, one.external_id),
        }
        for one in postings
    ]
    return [plain_program(ground, "plain", calls, at_once=lanes)]


def start_occupier(ground: Ground, *, at_once: int) -> Program:
    """Somebody else who uses the account all the time, and tries again soon when refused."""
    return plain_program(ground, "occupier", [OCCUPIER], at_once=at_once, repeats=True)


def plain_program(
    ground: Ground, name: str, calls: list[dict[str, Any]], *, at_once: int, repeats: bool = False
) -> Program:
    place = urlsplit(ground.account.base_url)
    headers = ground.headers | {"Content-Type": "application/json"}
    plan = {"host": place.hostname, "port": place.port, "headers": headers, "at_once": at_once, "repeats": repeats}
    file = ground.stack.data_dir / f"{name}.json"
    file.write_text(json.dumps(plan | {"calls": calls}))
    return ground.program(name, sys.executable, "-m", "returnsops.management.bench.plain_sender", str(file))


def start_naive(ground: Ground, postings: Sequence[Posting], lanes: int) -> list[Program]:
    for one in postings:
        async_task(naive.TASK, one.pk)
    environment = {"QUEUE_WORKERS": str(lanes), naive.ACCESS: str(ground.access_file)}
    return [ground.manage("naive", "qcluster", **environment)]


OURS, TWO_OF_OURS = Contender("ours", start_ours, is_ours=True), Contender("two", start_two_of_ours, is_ours=True)
PLAIN, NAIVE = Contender("plain", start_plain), Contender("naive", start_naive)
CONTENDERS = (OURS, TWO_OF_OURS, PLAIN, NAIVE)
