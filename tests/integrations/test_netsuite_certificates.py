"""Certificates: when they end, whose key they hold, and making one."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.management import CommandError, call_command
from django.test import Client

from exceptions.models import Case
from integrations.credentials import open_secret, store_secret
from integrations.errors import ConfigurationError
from integrations.models import Credential, NetSuiteAccount, Shop
from integrations.netsuite.assertion import ClientCredentials, load_signing_key
from integrations.netsuite.certificates import days_warned, make_certificate, read_expiry
from integrations.netsuite.endings import find_endings
from returnsops import tick
from returnsops.people.models import User
from tests.builders import make_account

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = Credential.Kind.NETSUITE_PRIVATE_KEY


def test_made_certificate_is_what_netsuite_takes() -> None:
    made = make_certificate("ReturnsOps 1234567", now=NOW, kind="rsa")

    certificate = x509.load_pem_x509_certificate(made.public_pem.encode())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 4096
    assert certificate.not_valid_after_utc - NOW <= timedelta(days=730)
    assert made.private_pem not in repr(made)


def test_key_of_a_made_certificate_signs() -> None:
    made = make_certificate("ReturnsOps 1234567", now=NOW, kind="ec")

    credentials = ClientCredentials(
        account_id="1", client_id="c", certificate_id="k", private_key_pem=made.private_pem, token_url="https://x"
    )
    assert isinstance(load_signing_key(made.private_pem), ec.EllipticCurvePrivateKey)
    assert credentials.sign_assertion().count(".") == 2


def test_end_is_read_from_the_public_certificate() -> None:
    made, other = (make_certificate("x", now=NOW, kind="ec") for _ in range(2))

    assert read_expiry(f"\n{made.public_pem}\n", private_pem=made.private_pem) == made.expires_at
    with pytest.raises(ConfigurationError, match="does not belong"):
        read_expiry(made.public_pem, private_pem=other.private_pem)
    with pytest.raises(ConfigurationError, match="BEGIN CERTIFICATE"):
        read_expiry("no certificate")


@pytest.mark.parametrize(
    ("left", "warned"), [(61, None), (60, 60), (31, 60), (30, 30), (14, 14), (1, 14), (0, 0), (-5, 0)]
)
def test_end_is_warned_about_in_steps(left: int, warned: int | None) -> None:
    assert days_warned(NOW + timedelta(days=left), now=NOW) == warned


@pytest.mark.django_db
def test_end_becomes_one_case_and_a_new_certificate_closes_it(shop: Shop) -> None:
    NetSuiteAccount.objects.update(certificate_expires_at=datetime.now(UTC) + timedelta(days=20, hours=1))
    tick.sweep_connections()
    tick.sweep_connections()

    case = Case.objects.get(code="certificate_ending")
    assert case.status == "open"

    NetSuiteAccount.objects.update(certificate_expires_at=datetime.now(UTC) + timedelta(days=700))
    tick.sweep_connections()
    case.refresh_from_db()
    assert case.status == "closed"


@pytest.mark.django_db
def test_token_based_access_is_a_note_and_no_case(shop: Shop, client: Client, finn: User) -> None:
    NetSuiteAccount.objects.update(auth="tba")
    tick.sweep_connections()

    (ending,) = find_endings(NetSuiteAccount.objects.get(), now=NOW)
    client.force_login(finn)
    assert not Case.objects.exists()
    assert "2027.1" in ending.words
    assert "2028.1" in client.get("/connections/").content.decode()


@pytest.mark.django_db
def test_command_seals_the_key_and_prints_the_certificate() -> None:
    account, out = make_account(), StringIO()

    call_command("make_certificate", account.account_id, kind="ec", stdout=out)

    private = open_secret(account, KEY)
    account.refresh_from_db()
    assert read_expiry(out.getvalue(), private_pem=private) == account.certificate_expires_at
    assert private not in out.getvalue()
    assert "PRIVATE KEY" not in out.getvalue()


@pytest.mark.django_db
def test_command_gives_up_no_key_unasked() -> None:
    account = make_account()
    store_secret(account, KEY, "the one in use")

    with pytest.raises(CommandError, match="--replace"):
        call_command("make_certificate", account.account_id)
    with pytest.raises(CommandError, match="There are: 1234567_SB1"):
        call_command("make_certificate", "9")
    assert open_secret(account, KEY) == "the one in use"
