"""Where the expectations are held against: the sandbox, or a real account named in the environment."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from integrations.loop.client import LoopClient
from integrations.loop.records import LoopReturnRecord, LoopState
from integrations.netsuite.addresses import default_base_url
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions
from tests.contract.readings import Reading
from tests.live import credential
from tests.sandbox.strangers import Director, Json, wait_for

LIVE_TIMEOUT_S = 60
LIVE_DAYS = 30
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


@dataclass(kw_only=True)
class LoopPlace:
    """changeable: a return that the writing expectations may note, flag and close; nothing else is touched."""

    url: str
    key: str
    version: str
    since: datetime
    changeable: str = ""
    client: LoopClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = LoopClient(self.url, self.key, version=self.version, timeout_s=LIVE_TIMEOUT_S)

    def list(self, *, state: str | None = None, page_size: int = 250) -> Iterator[LoopReturnRecord]:
        """Whatever changed since, up to what a clock a little ahead of ours may call the future."""
        until = datetime.now(UTC) + timedelta(minutes=5)
        return self.client.list_returns(window_from=self.since, window_to=until, state=state, page_size=page_size)

    def get(self, path: str, *, key: str | None = None, **params: str) -> requests.Response:
        """The bare call, for what only status, header or shape tells."""
        return requests.get(
            f"{self.url}/api/{self.version}/{path}",
            params=params,
            headers={"X-Authorization": self.key if key is None else key},
            timeout=LIVE_TIMEOUT_S,
        )

    def list_page(self, **params: str) -> requests.Response:
        moments = {"from": self.since, "to": datetime.now(UTC)}
        window = {name: f"{moment:%Y-%m-%dT%H:%M:%S}.000Z" for name, moment in moments.items()}
        return self.get("warehouse/return/list", **(window | {"filter": "updated_at"} | params))


@dataclass(kw_only=True)
class Goods:
    """What the writing expectations return: one unit of one line of an invoice, to be undone by whoever lent it."""

    invoice: str
    line: int
    holding: str
    refund_account: str
    refund_method: str
    apply_line: int


@dataclass(kw_only=True)
class NetSuitePlace:
    base_url: str
    credentials: ClientCredentials
    options: AccountOptions
    goods: Goods | None = None
    client: NetSuiteClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = NetSuiteClient(self.base_url, TokenSource(self.credentials), options=self.options)

    def call(self, method: str, path: str, *, token: str | None = None, **rest: Any) -> requests.Response:
        """The bare call, for what only status, header or shape tells."""
        token = TokenSource(self.credentials).get_token() if token is None else token
        headers = {"Authorization": f"Bearer {token}"} | rest.pop("headers", {})
        return requests.request(
            method, f"{self.base_url}/services/rest/{path}", headers=headers, timeout=LIVE_TIMEOUT_S, **rest
        )

    @property
    def lent(self) -> Goods:
        assert self.goods is not None, "only the writing expectations ask for goods"
        return self.goods


def sandbox_loop(url: str, director: Director, *, version: str) -> LoopPlace:
    """A shop with returns in every state, one of them to change."""
    shop = director.get("world")["loop_shops"][0]
    for scenario in ("refund", "refund_fee", "exchange", "flagged", "keep_item"):
        director.make_return(scenario)
    cancelled = director.make_return("cancelled", delay=0)
    changeable = director.make_return("refund", parcel="delivered")
    place = LoopPlace(
        url=url,
        key=shop["api_key"],
        version=version,
        since=datetime.now(UTC) - timedelta(days=1),
        changeable=changeable["return_id"],
    )
    assert wait_for(lambda: _is_cancelled(place, cancelled["return_id"])), "nothing may change while it is listed"
    return place


def _is_cancelled(place: LoopPlace, return_id: str) -> bool:
    record = place.client.get_return(return_id)
    return record is not None and record.state is LoopState.CANCELLED


def live_loop() -> LoopPlace:
    return LoopPlace(
        url=os.environ.get("LIVE_LOOP_URL", "https://api.loopreturns.com"),
        key=credential("LIVE_LOOP_KEY"),
        version=os.environ.get("LIVE_LOOP_VERSION", "v1"),
        since=datetime.now(UTC) - timedelta(days=LIVE_DAYS),
        changeable=os.environ.get("LIVE_LOOP_RETURN", ""),
    )


def sandbox_netsuite(url: str, director: Director, account: Json, *, reading: Reading) -> NetSuitePlace:
    made = director.make_return("refund", parcel="delivered")
    method = account["refund_methods"]["shopify_payments"]
    return NetSuitePlace(
        base_url=url,
        credentials=ClientCredentials(
            account_id=account["account_id"],
            client_id=account["client_id"],
            certificate_id=account["certificate_id"],
            private_key_pem=account["private_key_pem"],
            token_url=url + TOKEN_PATH,
        ),
        options=AccountOptions(**reading.options),
        goods=Goods(
            invoice=made["netsuite"]["invoice_id"],
            line=1,
            holding=account["locations"]["holding"],
            refund_account=method["account_id"],
            refund_method=method["payment_option_id"],
            apply_line=reading.apply_line,
        ),
    )


def live_netsuite(*, writes: bool) -> NetSuitePlace:
    account_id = credential("LIVE_NETSUITE_ACCOUNT")
    base_url = os.environ.get("LIVE_NETSUITE_URL") or default_base_url(account_id)
    return NetSuitePlace(
        base_url=base_url,
        credentials=ClientCredentials(
            account_id=account_id,
            client_id=credential("LIVE_NETSUITE_CLIENT_ID"),
            certificate_id=credential("LIVE_NETSUITE_CERTIFICATE_ID"),
            private_key_pem=Path(credential("LIVE_NETSUITE_PRIVATE_KEY_FILE")).read_text(),
            token_url=base_url + TOKEN_PATH,
        ),
        options=AccountOptions(),
        goods=_live_goods() if writes else None,
    )


def _live_goods() -> Goods:
    return Goods(
        invoice=credential("LIVE_NETSUITE_INVOICE"),
        line=int(credential("LIVE_NETSUITE_INVOICE_LINE")),
        holding=credential("LIVE_NETSUITE_HOLDING_LOCATION"),
        refund_account=credential("LIVE_NETSUITE_REFUND_ACCOUNT"),
        refund_method=credential("LIVE_NETSUITE_REFUND_METHOD"),
        apply_line=int(os.environ.get("LIVE_NETSUITE_APPLY_LINE", "1")),
    )
