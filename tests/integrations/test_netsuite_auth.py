import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from integrations.errors import ConfigurationError, TemporaryError
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import RENEW_BEFORE_S, TOKEN_TTL_DEFAULT_S, TokenSource

TOKEN_URL = "https://acct.example.com/services/rest/auth/oauth2/v1/token"
GRANT = {"access_token": "token-1", "expires_in": 3600, "token_type": "Bearer"}

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def with_key(credentials: ClientCredentials, key: PrivateKey) -> ClientCredentials:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return replace(credentials, private_key_pem=pem)


def test_token_is_asked_for_as_documented(
    wire: responses.RequestsMock, credentials: ClientCredentials, ec_private_key: ec.EllipticCurvePrivateKey
) -> None:
    wire.post(TOKEN_URL, json=GRANT)

    with time_machine.travel(NOON, tick=False):
        token = TokenSource(credentials).get_token()

        request = wire.calls[0].request
        form = parse_qs(str(request.body))
        assertion = form.pop("client_assertion")[0]
        claims = jwt.decode(assertion, ec_private_key.public_key(), algorithms=["ES256"], audience=TOKEN_URL)
    assert token == "token-1"
    assert form == {
        "grant_type": ["client_credentials"],
        "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
    }
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert jwt.get_unverified_header(assertion) == {"alg": "ES256", "kid": "cert-1", "typ": "JWT"}
    assert (claims["iss"], claims["scope"], claims["aud"]) == ("client-1", ["rest_webservices"], TOKEN_URL)
    assert claims["exp"] - claims["iat"] < 3600
    assert claims["iat"] == NOON.timestamp()


def test_no_two_assertions_are_alike(credentials: ClientCredentials) -> None:
    ids = {jwt.decode(credentials.sign_assertion(), options={"verify_signature": False})["jti"] for _ in range(3)}

    assert len(ids) == 3


def test_rsa_key_signs_with_pss(credentials: ClientCredentials) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assertion = with_key(credentials, key).sign_assertion()

    jwt.decode(assertion, key.public_key(), algorithms=["PS256"], audience=TOKEN_URL)


@pytest.mark.parametrize(("curve", "algorithm"), [(ec.SECP384R1(), "ES384"), (ec.SECP521R1(), "ES512")])
def test_curve_decides_the_algorithm(credentials: ClientCredentials, curve: ec.EllipticCurve, algorithm: str) -> None:
    assertion = with_key(credentials, ec.generate_private_key(curve)).sign_assertion()

    assert jwt.get_unverified_header(assertion)["alg"] == algorithm


def test_unusable_key_is_configuration_and_stays_secret(credentials: ClientCredentials) -> None:
    foreign = with_key(credentials, ed25519.Ed25519PrivateKey.generate())
    curve = with_key(credentials, ec.generate_private_key(ec.SECP256K1()))
    garbage = replace(credentials, private_key_pem="not a key")

    for bad in (foreign, curve, garbage):
        with pytest.raises(ConfigurationError) as raised:
            bad.sign_assertion()
        assert "not a key" not in str(raised.value)
    assert "not a key" not in repr(garbage)


def test_token_is_kept_until_ten_minutes_before_its_end(
    wire: responses.RequestsMock, credentials: ClientCredentials
) -> None:
    wire.post(TOKEN_URL, json=GRANT)
    wire.post(TOKEN_URL, json={**GRANT, "access_token": "token-2"})
    source = TokenSource(credentials)

    with time_machine.travel(NOON, tick=False) as clock:
        first = source.get_token()
        clock.shift(49 * 60)
        kept = source.get_token()
        clock.shift(61)
        renewed = source.get_token()

    assert (first, kept, renewed) == ("token-1", "token-1", "token-2")


def test_many_threads_ask_for_one_token(wire: responses.RequestsMock, credentials: ClientCredentials) -> None:
    asked = threading.Event()

    def grant_slowly(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked.wait(0.1)
        return 200, {}, '{"access_token": "token-1", "expires_in": "3600"}'

    wire.add_callback(responses.POST, TOKEN_URL, callback=grant_slowly)
    source = TokenSource(credentials)

    with ThreadPoolExecutor(8) as threads:
        tokens = {future.result() for future in [threads.submit(source.get_token) for _ in range(8)]}

    assert tokens == {"token-1"}
    assert len(wire.calls) == 1


def test_token_another_thread_renewed_is_not_forgotten(
    wire: responses.RequestsMock, credentials: ClientCredentials
) -> None:
    wire.post(TOKEN_URL, json=GRANT)
    wire.post(TOKEN_URL, json={**GRANT, "access_token": "token-2"})
    source = TokenSource(credentials)
    old = source.get_token()

    source.invalidate(old)
    new = source.get_token()
    source.invalidate(old)

    assert source.get_token() == new == "token-2"
    assert len(wire.calls) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refused_log_in_is_not_repeated_by_every_thread(
    wire: responses.RequestsMock, credentials: ClientCredentials, status: int
) -> None:
    body = {"error": "invalid_grant", "error_description": "No such certificate."}
    wire.post(TOKEN_URL, status=status, json=body)
    source = TokenSource(credentials)

    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(6):
            with pytest.raises(ConfigurationError, match="No such certificate"):
                source.get_token()
        assert len(wire.calls) == 1

        clock.shift(61)
        with pytest.raises(ConfigurationError):
            source.get_token()
    assert len(wire.calls) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, "{}"),
        (503, "<html>"),
        (302, ""),
        (200, "<html>"),
        (200, "{}"),
        (200, '{"expires_in": 3600}'),
    ],
)
def test_token_endpoint_in_trouble_is_temporary(
    wire: responses.RequestsMock, credentials: ClientCredentials, status: int, body: str
) -> None:
    wire.post(TOKEN_URL, status=status, body=body)

    with pytest.raises(TemporaryError):
        TokenSource(credentials).get_token()


@pytest.mark.parametrize("told", ["null", '"soon"', "0", "-5", '"NaN"', "1e30", "[]"])
def test_token_without_a_life_that_makes_sense_is_kept_for_an_hour(
    wire: responses.RequestsMock, credentials: ClientCredentials, told: str
) -> None:
    wire.post(TOKEN_URL, body=f'{{"access_token": "t", "expires_in": {told}}}')
    source = TokenSource(credentials)

    with time_machine.travel(NOON, tick=False) as clock:
        assert source.get_token() == "t"
        clock.shift(TOKEN_TTL_DEFAULT_S - RENEW_BEFORE_S - 1)
        assert source.get_token() == "t"
        assert len(wire.calls) == 1
        clock.shift(1)
        source.get_token()
    assert len(wire.calls) == 2


def test_account_is_back_after_a_refusal(wire: responses.RequestsMock, credentials: ClientCredentials) -> None:
    wire.post(TOKEN_URL, status=401, json={})
    wire.post(TOKEN_URL, json=GRANT)
    source = TokenSource(credentials)

    with time_machine.travel(NOON, tick=False) as clock:
        with pytest.raises(ConfigurationError):
            source.get_token()
        clock.shift(61)
        tokens: list[str] = [source.get_token(), source.get_token()]

    assert tokens == ["token-1", "token-1"]
