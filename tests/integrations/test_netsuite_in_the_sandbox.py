"""Our client over real sockets, where an answer has to be more than well-formed: clocks, deletions, origins, access."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from integrations.errors import ConfigurationError
from integrations.netsuite.assertion import RSA_ALGORITHMS, ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.tba import TokenBasedAccess, TokenSecrets
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.sandbox.strangers import Director

Make = Callable[..., NetSuiteClient]
PACIFIC = "America/Los_Angeles"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(Options(seed="client"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def director(served: Served) -> Iterator[Director]:
    with requests.Session() as session:
        director = Director(served.url, session)
        director.post("reset")
        yield director


@pytest.fixture
def account(director: Director) -> dict[str, Any]:
    found: dict[str, Any] = director.get("world")["netsuite_accounts"][0]
    return found


def credentials_of(account: dict[str, Any], url: str) -> ClientCredentials:
    return ClientCredentials(
        account_id=account["account_id"],
        client_id=account["client_id"],
        certificate_id=account["certificate_id"],
        private_key_pem=account["private_key_pem"],
        token_url=f"{url}/services/rest/auth/oauth2/v1/token",
    )


@pytest.fixture
def make(director: Director, account: dict[str, Any]) -> Iterator[Make]:
    made: list[NetSuiteClient] = []

    def build(**options: Any) -> NetSuiteClient:
        source = TokenSource(credentials_of(account, director.url))
        made.append(NetSuiteClient(director.url, source, options=AccountOptions(**options)))
        return made[-1]

    yield build
    for client in made:
        client.close()


@pytest.mark.parametrize("zone", ["UTC", PACIFIC, "Asia/Kolkata"])
@pytest.mark.parametrize("ahead_h", [0, 5])
def test_change_is_found_at_its_very_second_whatever_the_clocks_show(
    director: Director, make: Make, zone: str, ahead_h: int
) -> None:
    director.post("settings", {"netsuite": {"sql_time_zone": zone}})
    director.post("clock", {"advance_seconds": ahead_h * 3600})
    invoice = str(director.make_return("refund")["netsuite"]["invoice_id"])
    client = make()
    record = client.get_record("invoice", invoice)
    assert record is not None
    assert record.last_modified is not None

    at_once = client.changed_since(record.last_modified, ["invoice"])
    later = client.changed_since(record.last_modified + timedelta(seconds=1), ["invoice"])

    assert invoice in [ref.internal_id for ref in at_once]
    assert invoice not in [ref.internal_id for ref in later]
    assert {ref.last_modified for ref in at_once if ref.internal_id == invoice} == {record.last_modified}


def test_clock_of_the_database_alone_may_be_off(director: Director, make: Make) -> None:
    director.post("settings", {"netsuite": {"sql_sysdate_zone": PACIFIC}})
    director.make_return("refund")

    assert make()._clock.offset() == timedelta(0)


def test_zone_from_the_settings_reads_the_same_moment(director: Director, make: Make) -> None:
    director.post("settings", {"netsuite": {"sql_time_zone": PACIFIC}})
    invoice = str(director.make_return("refund")["netsuite"]["invoice_id"])

    measured, (named,) = make().statuses_of([invoice]), make(database_time_zone=PACIFIC).statuses_of([invoice])

    assert measured[0].last_modified == named.last_modified


def test_deletion_is_told_with_its_type(director: Director, account: dict[str, Any], make: Make) -> None:
    made = director.make_return("refund")
    client = make()
    since = client.server_time() - timedelta(minutes=1)
    rma = client.transform_record(
        "invoice", str(made["netsuite"]["invoice_id"]), "returnAuthorization", {"externalId": "loop-x-1"}
    )
    assert client.deletions_since(since, ["returnAuthorization"]) == []

    director.act(account, "delete", id=int(rma))

    found = client.deletions_since(since, ["returnAuthorization"])
    assert found is not None
    assert [(one.record_type, one.internal_id) for one in found] == [("returnAuthorization", rma)]
    assert client.statuses_of([rma]) == []
    assert client.deletions_since(since, ["creditMemo"]) == []


def test_deletions_the_role_may_not_read_are_not_none_at_all(director: Director, make: Make) -> None:
    director.post("settings", {"netsuite": {"sql_refused_tables": ["deletedrecord"]}})
    client = make()

    assert client.deletions_since(client.server_time(), ["creditMemo"]) is None


@pytest.mark.parametrize("hidden", [[], ["itemmember"]])
def test_what_a_kit_is_made_of_is_told(director: Director, make: Make, hidden: list[str]) -> None:
    director.post("settings", {"netsuite": {"sql_refused_tables": hidden}})
    client = make()
    (kit,) = client.find_items(["GIFTSET-ALDER-S"])

    members = client.find_members([kit.internal_id])

    assert members is not None
    names = {one.internal_id: one.sku for one in client.find_items([one.item_id for one in members], field="id")}
    assert {names[one.item_id]: one.quantity for one in members} == {"ALDER-S": 1, "TARN-S": 2}


def test_who_made_a_record_is_told(director: Director, make: Make) -> None:
    made = director.make_return("refund")
    client = make()
    rma = client.transform_record(
        "invoice", str(made["netsuite"]["invoice_id"]), "returnAuthorization", {"externalId": "loop-x-1"}
    )

    ours, theirs = (client.statuses_of([one])[0] for one in (rma, str(made["netsuite"]["invoice_id"])))

    assert ours.created_by is not None
    assert theirs.created_by not in (None, ours.created_by)
    assert client.get_by_external_id("returnAuthorization", "LOOP-X-1") == client.get_record("returnAuthorization", rma)


def test_schema_and_form_tell_what_the_account_can_do(director: Director, make: Make) -> None:
    invoice = str(director.make_return("refund")["netsuite"]["invoice_id"])
    client = make(has_forms=True)

    schema = client.get_schema("itemReceipt")
    form = client.preview_transform("invoice", invoice, "returnAuthorization", {"externalId": "loop-x-1"})

    assert schema is not None
    assert schema.has("orderLine", sublist="item")
    assert "creditmemo" in [name.lower() for name in client.list_record_types()]
    assert client.get_schema("noSuchRecord") is None
    assert form is not None
    assert form.lines
    assert client.find_by_external_ids(["loop-x-1"]) == []


@pytest.mark.parametrize("algorithm", RSA_ALGORITHMS)
def test_assertion_of_any_strength_is_signed_and_taken(
    director: Director, account: dict[str, Any], algorithm: str
) -> None:
    credentials = replace(credentials_of(account, director.url), rsa_algorithm=algorithm)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    foreign = replace(
        credentials,
        private_key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )

    assert TokenSource(credentials).get_token()
    with pytest.raises(ConfigurationError):  # signed well, but by a key nobody uploaded
        TokenSource(foreign).get_token()


def test_wrong_token_secret_is_refused_once(director: Director, account: dict[str, Any]) -> None:
    tba = account["tba"]
    secrets = TokenSecrets(
        account_id=account["account_id"],
        consumer_key=tba["consumer_key"],
        consumer_secret=tba["consumer_secret"],
        token_id=tba["token_id"],
        token_secret=tba["token_secret"],
    )
    good = NetSuiteClient(director.url, TokenBasedAccess(secrets))
    bad = NetSuiteClient(director.url, TokenBasedAccess(replace(secrets, token_secret="wrong" * 8)))

    assert good.server_time()
    for _ in range(6):
        with pytest.raises(ConfigurationError):
            bad.server_time()
    assert good.server_time(), "more than one failed log-in would have locked the user"
