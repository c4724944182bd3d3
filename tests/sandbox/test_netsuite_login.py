"""OAuth 2.0 client credentials, as netsuite.md 1.2 describes them."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.strangers import Director, Json, NetSuiteStranger


def test_a_signed_assertion_gets_a_token(netsuite: NetSuiteStranger) -> None:
    issued = netsuite.ask_token(netsuite.assertion()).json()

    assert issued["token_type"] == "Bearer"
    assert issued["expires_in"] == 3600


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"iss": "someone else"}, "invalid_client"),
        ({"aud": "https://elsewhere.example.com/token"}, "invalid_grant"),
        ({"iat": 1, "exp": 2_000_000_000}, "invalid_grant"),
        ({"exp": 5}, "invalid_grant"),
        ({"scope": ["restlets"]}, "invalid_request"),
    ],
)
def test_wrong_claims_are_refused(netsuite: NetSuiteStranger, claims: Json, word: str) -> None:
    answer = netsuite.ask_token(netsuite.assertion(**claims))

    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == word


def test_an_unknown_certificate_id_is_refused(netsuite: NetSuiteStranger) -> None:
    assert netsuite.ask_token(netsuite.assertion(kid="other")).json()["error"] == "invalid_client"


def test_another_key_is_refused(netsuite: NetSuiteStranger) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    assert netsuite.ask_token(netsuite.assertion(key=pem)).json()["error"] == "invalid_grant"


def test_a_call_without_a_good_token_is_401_with_a_challenge(netsuite: NetSuiteStranger) -> None:
    netsuite.token = "old"

    answer = netsuite.call("GET", "record/v1/salesOrder/1")

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


def test_tokens_expire_in_real_time(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("clock", {"advance_seconds": 7200})

    assert netsuite.call("GET", "system/v1/serverTime").status_code == 200

    director.post("settings", {"netsuite": {"token_lifetime_s": 0}})
    netsuite.log_in()
    assert netsuite.call("GET", "system/v1/serverTime").status_code == 401


def test_a_token_opens_its_own_account_only(world: Json, netsuite: NetSuiteStranger, director: Director) -> None:
    director.make_return("refund", shop="harbour")
    other = NetSuiteStranger(netsuite.url, world["netsuite_accounts"][1], netsuite.session)
    other.log_in()

    count = "SELECT count(*) AS n FROM transaction WHERE type = 'SalesOrd'"
    assert netsuite.query(count) == [{"n": "0"}]
    assert other.query(count) == [{"n": "1"}]
