import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from integrations.loop.client import LoopClient
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions

FIXTURES = Path(__file__).parent.parent / "fixtures"
TOKEN_URL = "https://acct.example.com/services/rest/auth/oauth2/v1/token"
NETSUITE = "https://acct.example.com"
LOOP = "https://loop.example.com"
PACIFIC_WINTER = timedelta(hours=-8)


@pytest.fixture
def fixture_json() -> Callable[[str], Any]:
    """A fixture's body, parsed the way the clients parse an answer."""

    def read(name: str) -> Any:
        return json.loads((FIXTURES / name).read_text(), parse_float=Decimal)

    return read


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture(scope="session")
def ec_private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def credentials(ec_private_key: ec.EllipticCurvePrivateKey) -> ClientCredentials:
    pem = ec_private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return ClientCredentials(
        account_id="1234567_SB1",
        client_id="client-1",
        certificate_id="cert-1",
        private_key_pem=pem,
        token_url=TOKEN_URL,
    )


@pytest.fixture
def loop() -> Iterator[LoopClient]:
    client = LoopClient(LOOP, "loop-key")
    yield client
    client.close()


@pytest.fixture
def netsuite(wire: responses.RequestsMock, credentials: ClientCredentials) -> Iterator[NetSuiteClient]:
    """A client whose database runs eight hours behind UTC, as NetSuite's own do in winter."""
    wire.post(TOKEN_URL, json={"access_token": "token-1", "expires_in": "3600", "token_type": "Bearer"})
    client = NetSuiteClient(
        NETSUITE, TokenSource(credentials), options=AccountOptions(database_utc_offset=PACIFIC_WINTER)
    )
    yield client
    client.close()
