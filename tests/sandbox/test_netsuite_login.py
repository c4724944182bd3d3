"""OAuth 2.0 client credentials, as netsuite.md 1.2 describes them."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

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


PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pems_of(key: PrivateKey) -> tuple[str, str]:
    """The private and the public key as texts."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def certificate_of(key: PrivateKey, *, days: int) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "integration")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=days))
    return dated.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512"])
def test_an_rsa_certificate_signs_with_pss(
    netsuite: NetSuiteStranger, director: Director, account: Json, rsa_key: rsa.RSAPrivateKey, algorithm: str
) -> None:
    kid = director.act(account, "add_certificate", public_pem=certificate_of(rsa_key, days=30))["certificate_id"]
    private, _ = pems_of(rsa_key)

    answer = netsuite.ask_token(netsuite.assertion(key=private, algorithm=algorithm, kid=kid))

    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_rs256_is_no_longer_accepted(
    netsuite: NetSuiteStranger, director: Director, account: Json, rsa_key: rsa.RSAPrivateKey
) -> None:
    private, public = pems_of(rsa_key)
    kid = director.act(account, "add_certificate", public_pem=public)["certificate_id"]

    answer = netsuite.ask_token(netsuite.assertion(key=private, algorithm="RS256", kid=kid))

    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "error_description": "algorithm RS256"}


@pytest.mark.parametrize(
    ("curve", "algorithm"),
    [(ec.SECP256R1(), "ES256"), (ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")],
)
def test_each_curve_has_its_algorithm(
    netsuite: NetSuiteStranger, director: Director, account: Json, curve: ec.EllipticCurve, algorithm: str
) -> None:
    private, public = pems_of(ec.generate_private_key(curve))
    kid = director.act(account, "add_certificate", public_pem=public)["certificate_id"]

    assert netsuite.ask_token(netsuite.assertion(key=private, algorithm=algorithm, kid=kid)).status_code == 200


@pytest.mark.parametrize("action", ["revoke_certificate", "expire_certificate"])
def test_a_certificate_ends_by_a_persons_hand(
    netsuite: NetSuiteStranger, director: Director, account: Json, action: str
) -> None:
    director.act(account, action, certificate_id=account["certificate_id"])

    answer = netsuite.ask_token(netsuite.assertion())

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert netsuite.call("GET", "system/v1/serverTime").status_code == 200  # the token lives out its hour


def test_a_certificate_lives_two_years_at_most(director: Director, account: Json) -> None:
    pem = certificate_of(ec.generate_private_key(ec.SECP256R1()), days=4000)

    added = director.act(account, "add_certificate", public_pem=pem)

    left = datetime.fromisoformat(added["not_after"]) - datetime.now(UTC)
    assert timedelta(days=729) < left <= timedelta(days=730)


def test_small_keys_and_a_sixth_certificate_are_refused(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    _, small = pems_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    body = {"account": account["account_id"], "action": "add_certificate", "public_pem": small}
    refused = netsuite.session.post(f"{netsuite.url}/_sandbox/netsuite/act", json=body, timeout=60)
    assert refused.status_code == 400
    assert "3072" in refused.text

    for _ in range(4):
        _, public = pems_of(ec.generate_private_key(ec.SECP256R1()))
        director.act(account, "add_certificate", public_pem=public)
    sixth = netsuite.session.post(
        f"{netsuite.url}/_sandbox/netsuite/act", json=body | {"public_pem": public}, timeout=60
    )
    assert "revoke one first" in sixth.text


@pytest.mark.parametrize("scope", [["rest_webservices", "restlets"], "rest_webservices,restlets", "rest_webservices"])
def test_the_scope_is_a_list_or_a_text(netsuite: NetSuiteStranger, scope: str | list[str]) -> None:
    assert netsuite.ask_token(netsuite.assertion(scope=scope)).status_code == 200


def test_an_assertion_lives_an_hour_at_most(netsuite: NetSuiteStranger) -> None:
    now = int(time.time())

    assert netsuite.ask_token(netsuite.assertion(iat=now, exp=now + 3600)).status_code == 200
    longer = netsuite.ask_token(netsuite.assertion(iat=now, exp=now + 3700))
    assert longer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("assertion", ["", "a.b.c", "nonsense", "e30.e30.e30"])
def test_what_is_no_assertion_is_an_invalid_request(netsuite: NetSuiteStranger, assertion: str) -> None:
    answer = netsuite.ask_token(assertion)

    assert answer.status_code in (400, 401)
    assert answer.json()["error"] in ("invalid_request", "invalid_client")


@pytest.mark.parametrize("times", [{"exp": "soon"}, {"iat": None}, {"exp": 10**30}, {"iat": [1]}])
def test_times_that_are_none_are_refused(netsuite: NetSuiteStranger, times: Json) -> None:
    answer = netsuite.ask_token(netsuite.assertion(**times))

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_malformed_header_is_an_invalid_request(netsuite: NetSuiteStranger) -> None:
    answer = netsuite.session.get(
        f"{netsuite.url}/services/rest/system/v1/serverTime", headers={"Authorization": "Bearer two words"}, timeout=60
    )

    assert answer.status_code == 400
    assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_the_code_of_a_refused_login_is_a_switch(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite.login_code": "INVALID_LOGIN_ATTEMPT"})
    netsuite.token = "old"

    answer = netsuite.call("GET", "system/v1/serverTime")

    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN_ATTEMPT"
