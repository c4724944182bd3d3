"""Where an account answers, and that it is this account's address."""

import pytest
from django.core.exceptions import ValidationError

from integrations.connections import netsuite_client
from integrations.errors import ConfigurationError
from integrations.models import NetSuiteAccount
from integrations.netsuite.addresses import account_realm, default_base_url, require_fitting_url
from integrations.netsuite.options import AccountOptions
from tests.builders import make_account


@pytest.mark.parametrize(
    ("account_id", "host"), [("1234567", "1234567"), ("1234567_SB1", "1234567-sb1"), ("TSTDRV12", "tstdrv12")]
)
def test_usual_address_and_realm_of_an_account(account_id: str, host: str) -> None:
    assert default_base_url(account_id) == f"https://{host}.suitetalk.api.netsuite.com"
    assert account_realm(account_id) == account_id


@pytest.mark.parametrize(
    "url",
    [
        "https://1234567-sb1.suitetalk.api.netsuite.com",
        "https://1234567-SB1.suitetalk.api.netsuite.com/",
        "http://127.0.0.1:8100",
        "http://localhost:8100",
    ],
)
def test_own_address_and_this_machine_are_let_through(url: str) -> None:
    require_fitting_url("1234567_SB1", url)


@pytest.mark.parametrize(
    "url",
    [
        "https://1234567.suitetalk.api.netsuite.com",  # production, for the sandbox's account
        "http://1234567-sb1.suitetalk.api.netsuite.com",
        "https://1234567-sb1.example.com",
        "https://1234567-sb1.netsuite.com.example.com",
        "https://x.1234567-sb1.suitetalk.api.netsuite.com",
        "",
    ],
)
def test_address_of_others_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="1234567-sb1.suitetalk.api.netsuite.com"):
        require_fitting_url("1234567_SB1", url)


@pytest.mark.django_db
def test_account_takes_the_usual_address_when_none_is_given() -> None:
    assert make_account(base_url="").base_url == "https://1234567-sb1.suitetalk.api.netsuite.com"


@pytest.mark.django_db
def test_account_with_the_address_of_another_is_neither_saved_nor_called() -> None:
    account = make_account(base_url="https://7654321.suitetalk.api.netsuite.com")

    with pytest.raises(ValidationError, match="not an address of account 1234567_SB1"):
        account.full_clean()
    with pytest.raises(ConfigurationError):
        netsuite_client(account)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"certificate_id": ""}, "certificate_id"),
        ({"sku_field": "itemid; DROP"}, "sku_field"),
        ({"category_field": "class) FROM x"}, "category_field"),
    ],
)
def test_setting_no_account_could_have_is_refused(change: dict[str, str], field: str) -> None:
    account = NetSuiteAccount(account_id="1", base_url="http://127.0.0.1:9", client_id="c", certificate_id="k")
    for name, value in change.items():
        setattr(account, name, value)

    with pytest.raises(ValidationError) as raised:
        account.full_clean()
    assert list(raised.value.error_dict) == [field]


def test_field_that_holds_no_sku_is_no_option() -> None:
    assert AccountOptions(sku_field="custitem_shop_sku").sku_field == "custitem_shop_sku"
    with pytest.raises(ConfigurationError, match="not a field of items"):
        AccountOptions(sku_field="itemid) OR (1=1")
    with pytest.raises(ConfigurationError, match="category"):
        AccountOptions(category_field="class) FROM item i --")
