"""Clients built from our rows, and how the connections are doing.

A client is kept per process and row, and built anew when its settings or secrets change.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.aside import leave
from integrations.credentials import find_shop_with_key, open_secret
from integrations.errors import ConfigurationError, IntegrationError, NoCallsLeftError, RejectedError, TemporaryError
from integrations.loop.budget import PrepaidBudget, ShopBudget
from integrations.loop.client import LoopClient
from integrations.models import Credential, NetSuiteAccount, Shop
from integrations.netsuite.access import Access
from integrations.netsuite.addresses import require_fitting_url
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.lanes import fenced, hold_lane, note_too_many
from integrations.netsuite.options import AccountOptions, ReceiptKey, StockTable, WriteMode
from integrations.netsuite.shared_shelf import SharedShelf, forget_refusal
from integrations.netsuite.tba import TokenBasedAccess, TokenSecrets
from returnsops.lib.fixed_query import FixedQuery, FixedUpdate, slot

READ_TIMEOUT_S = 60.0
# Calls fail by chance, and some together. An outage is FAILURES_MAX in a row, or a few and nothing else for so long.
FAILURES_MAX = 5
FAILURES_MIN, FAILING_FOR = 3, timedelta(seconds=5)
PROBE_AFTER = timedelta(seconds=2)  # a dead endpoint is asked again after this, then twice as long, …
PROBE_TURN = timedelta(minutes=1)  # so long nobody else probes
OK_EVERY = timedelta(seconds=2)
READER_POOL, SENDER_POOL = 25, 100  # connections kept open
WELL: dict[str, Any] = {"failing_since": None, "failures": 0, "failure": "", "next_probe_at": None}
NOW, BEFORE = slot("now", kind="timestamptz"), slot("before", kind="timestamptz")
IS_NEWS = Q(last_ok_at=None) | Q(last_ok_at__lt=BEFORE) | ~Q(failing_since=None) | ~Q(next_probe_at=None)
MODELS: tuple[type[Shop | NetSuiteAccount], ...] = (Shop, NetSuiteAccount)
# Asked around every call.
DOORS = {
    model: FixedQuery(lambda model=model: _rows_of(model).values("paused_at", "next_probe_at"))  # type: ignore[misc]
    for model in MODELS
}
ENDED_WELL = {
    model: FixedUpdate(lambda model=model: _rows_of(model).filter(IS_NEWS), last_ok_at=NOW, **WELL)  # type: ignore[misc]
    for model in MODELS
}
NO_FORMS = "no_forms"  # in an account's profile: with which words it refused to show one

Client = TypeVar("Client")

_clients: dict[tuple[str, int], tuple[tuple[object, ...], Any]] = {}
_clients_lock = threading.Lock()


def loop_client(shop: Shop, *, in_background: bool = False, in_sender: bool = False) -> LoopClient:
    """in_background: for sweeps, which leave a part of the call budget to people and webhooks.
    in_sender: for threads without a database; each call was paid for before.

    Raises ConfigurationError if the shop has no API key, or another shop's.
    """
    key = open_secret(shop, Credential.Kind.LOOP_API_KEY)
    made_of = (shop.base_url, shop.api_version, key, str(shop.calls_per_minute))
    name = "loop in the sender" if in_sender else "loop in the background" if in_background else "loop"
    budget = ShopBudget(shop, in_background=in_background)
    build = partial(_build_loop, shop, key, PrepaidBudget(budget) if in_sender else budget)
    return _kept_client(name, shop.pk, made_of, build)


def netsuite_client(
    account: NetSuiteAccount, *, read_timeout_s: float = READ_TIMEOUT_S, in_sender: bool = False
) -> NetSuiteClient:
    """read_timeout_s: shorter where a person waits.
    in_sender: for threads without a database, whose lanes are leased already.

    Raises ConfigurationError if a secret is missing or the base URL is not the account's.
    """
    require_fitting_url(account.account_id, account.base_url)
    secrets = _token_secrets(account) if account.auth == NetSuiteAccount.Auth.TBA else _client_credentials(account)
    options = account_options(account)
    made_of = (account.base_url, secrets, options)
    name = "netsuite in the sender" if in_sender else f"netsuite within {read_timeout_s} s"
    build = partial(_build_netsuite, account, secrets, options, read_timeout_s, in_sender)
    return _kept_client(name, account.pk, made_of, build)


def account_options(account: NetSuiteAccount) -> AccountOptions:
    """Raises ConfigurationError for a setting that no account could have."""
    return AccountOptions(
        receipt_key=ReceiptKey(account.receipt_key),
        write_mode=WriteMode(account.write_mode),
        sku_field=account.sku_field,
        category_field=account.category_field,
        stock_table=StockTable(account.stock_table),
        has_forms=account.has_forms and account.profile.get(NO_FORMS) is None,
        sends_order_doc=account.sends_order_doc,
        memo_chars_max=account.memo_chars_max,
        database_time_zone=account.database_time_zone,
        subsidiary_id=account.subsidiary_id,
    )


def _kept_client(name: str, pk: int, made_of: tuple[object, ...], build: Callable[[], Client]) -> Client:
    with _clients_lock:
        kept_made_of, client = _clients.get((name, pk), ((), None))
        if kept_made_of != made_of:
            client = build()
            _clients[(name, pk)] = (made_of, client)
    return cast(Client, client)


def _build_loop(shop: Shop, key: str, budget: ShopBudget | PrepaidBudget) -> LoopClient:
    # Two may have shared one from before the database kept a key to one shop.
    if other := find_shop_with_key(key, besides=shop):
        detail = f"{shop} has the Loop key of {other}: every return would come in and be booked twice. Enter its own."
        raise ConfigurationError(system="loop", operation="open loop_api_key", detail=detail)
    # A call of the sender was paid for before, and only that one.
    again = None if isinstance(budget, PrepaidBudget) else _read_again_after_s()
    return LoopClient(shop.base_url, key, version=shop.api_version, budget=budget, read_again_after_s=again)


def _build_netsuite(
    account: NetSuiteAccount,
    secrets: ClientCredentials | TokenSecrets,
    options: AccountOptions,
    read_timeout_s: float,
    in_sender: bool,
) -> NetSuiteClient:
    shelf = SharedShelf(account.pk, digest=secrets.digest)
    access: Access = (
        TokenBasedAccess(secrets, shelf=shelf)
        if isinstance(secrets, TokenSecrets)
        else TokenSource(secrets, shelf=shelf)
    )
    return NetSuiteClient(
        account.base_url,
        access,
        options=options,
        lane=fenced if in_sender else partial(hold_lane, account.pk),
        read_timeout_s=read_timeout_s,
        read_again_after_s=_read_again_after_s(),
        pool_size=SENDER_POOL if in_sender else READER_POOL,
        note_no_forms=partial(_leave_no_forms if in_sender else _note_no_forms, account.pk),
    )


def _read_again_after_s() -> float | None:
    after = settings.READ_AGAIN_AFTER
    return after.total_seconds() if after else None


def _client_credentials(account: NetSuiteAccount) -> ClientCredentials:
    return ClientCredentials(
        account_id=account.account_id,
        client_id=account.client_id,
        certificate_id=account.certificate_id,
        private_key_pem=open_secret(account, Credential.Kind.NETSUITE_PRIVATE_KEY),
        token_url=f"{account.base_url.rstrip('/')}/services/rest/auth/oauth2/v1/token",
    )


def _token_secrets(account: NetSuiteAccount) -> TokenSecrets:
    return TokenSecrets(
        account_id=account.account_id,
        consumer_key=account.client_id,
        consumer_secret=open_secret(account, Credential.Kind.NETSUITE_CONSUMER_SECRET),
        token_id=open_secret(account, Credential.Kind.NETSUITE_TOKEN_ID),
        token_secret=open_secret(account, Credential.Kind.NETSUITE_TOKEN_SECRET),
    )


def _note_no_forms(account_pk: int, words: str) -> None:
    """Remember that the account has no forms, so that nobody asks again; turning the setting off and on forgets it."""
    with transaction.atomic():
        account = NetSuiteAccount.objects.select_for_update().get(pk=account_pk)
        account.profile[NO_FORMS] = words
        account.save(update_fields=["profile"])


def _leave_no_forms(account_pk: int, words: str) -> None:
    leave(partial(_note_no_forms, account_pk, words))


@contextmanager
def watched(connection: Shop | NetSuiteAccount, *, even_stopped: bool = False) -> Iterator[None]:
    """Note on the row whether the calls inside reached the other side. Errors pass through.

    Raises TemporaryError without any call while the connection is stopped, or down and not due for a probe.
    even_stopped: a person asks now, whatever the row says; what was stopped stays stopped.
    """
    if not even_stopped:
        _require_open(connection)
    try:
        yield
    except IntegrationError as error:
        note_failure(connection, error)
        raise
    note_success(connection)


def _require_open(connection: Shop | NetSuiteAccount) -> None:
    ((paused_at, next_probe_at),) = DOORS[type(connection)].ask(pk=connection.pk)
    if paused_at is None and (next_probe_at is None or begin_probe(connection)):
        return
    reason = "stopped until a person resumes it" if paused_at else f"down, asked again at {next_probe_at:%H:%M:%S} UTC"
    raise TemporaryError(operation="call", detail=f"{connection} is {reason}.")


def begin_probe(connection: Shop | NetSuiteAccount) -> bool:
    """Whether we are the one who sees if a connection that is down is back: one call, of all processes.

    If the caller dies, another has its turn after PROBE_TURN.
    """
    now = timezone.now()
    turn = min(PROBE_TURN, settings.SENDING_LEASE)
    return bool(_row(connection).filter(paused_at=None, next_probe_at__lte=now).update(next_probe_at=now + turn))


def end_probe(connection: Shop | NetSuiteAccount) -> None:
    """Nothing was called after all: the next may try at once."""
    _row(connection).exclude(next_probe_at=None).update(next_probe_at=timezone.now())


def note_success(connection: Shop | NetSuiteAccount) -> None:
    """Written when it changes something: many calls a second end well."""
    now = timezone.now()
    ENDED_WELL[type(connection)].run(pk=connection.pk, now=now, before=now - OK_EVERY)


def note_failure(connection: Shop | NetSuiteAccount, error: IntegrationError) -> None:
    """401 stops the connection until a person resumes it; a no is an answer; a fault of ours says nothing.

    A call without an answer is bad luck; FAILURES_MAX in a row, or FAILURES_MIN and nothing else for FAILING_FOR, are
    an outage: then nothing is called before the next probe. Too many at once is an answer: NetSuite gets fewer.
    """
    now = timezone.now()
    if isinstance(error, ConfigurationError):
        _row(connection).filter(paused_at=None).update(paused_at=now, paused_reason=str(error), failing_since=now)
    elif isinstance(error, RejectedError):
        note_success(connection)
    elif isinstance(error, NoCallsLeftError):
        end_probe(connection)
    elif error.status == 429:
        note_success(connection)
        if isinstance(connection, NetSuiteAccount):
            note_too_many(connection.pk, words=error.detail)
    elif _is_answer(error):
        note_success(connection)
    elif error.system:
        _note_no_answer(connection, words=str(error)[:500], now=now)


def _is_answer(error: IntegrationError) -> bool:
    """NetSuite itself said that it will not now, as of a document that somebody else is at; no page in front of it."""
    return bool(error.code) and error.status is not None and 400 <= error.status < 500


def _note_no_answer(connection: Shop | NetSuiteAccount, *, words: str, now: datetime) -> None:
    """Counted by the database: others fail at the same time, and a success in between begins anew."""
    row = _row(connection)
    row.update(failing_since=Coalesce("failing_since", Value(now)), failures=F("failures") + 1, failure=words)
    failing = row.filter(failing_since__isnull=False).values_list("failing_since", "failures").first()
    if failing is None:
        return
    since, failures = failing
    if failures >= FAILURES_MAX or (failures >= FAILURES_MIN and now - since >= FAILING_FOR):
        wait = min(max(PROBE_AFTER, now - since), settings.PROBE_AFTER_MAX)
        row.exclude(failing_since=None).update(next_probe_at=now + wait)


def resume_connection(connection: Shop | NetSuiteAccount) -> None:
    _row(connection).update(paused_at=None, paused_reason="", **WELL)
    if isinstance(connection, NetSuiteAccount):
        forget_refusal(connection)


def _rows_of(model: type[Shop | NetSuiteAccount]) -> Any:
    return model._base_manager.filter(pk=slot("pk"))


def _row(connection: Shop | NetSuiteAccount) -> Any:
    return type(connection)._base_manager.filter(pk=connection.pk)
