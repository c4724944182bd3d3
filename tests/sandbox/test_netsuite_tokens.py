"""Token-based authentication, as netsuite.md 1.3 describes it, spoken by a library that knows nothing of us."""

import pytest
import requests

from tests.sandbox.strangers import Director, Json, NetSuiteStranger
from tests.sandbox.strangers_netsuite import TokenStranger, challenge_of

SELECT = "SELECT count(*) AS n FROM item WHERE isinactive = 'F'"


@pytest.fixture
def signer(netsuite: NetSuiteStranger) -> TokenStranger:
    return TokenStranger(netsuite.url, netsuite.account["tba"], netsuite.session)


def test_a_signed_call_is_served(signer: TokenStranger) -> None:
    answer = signer.call(
        "POST", "query/v1/suiteql?limit=10&offset=0", json={"q": SELECT}, headers={"Prefer": "transient"}
    )

    assert answer.status_code == 200, answer.text
    assert int(answer.json()["items"][0]["n"]) > 0


def test_parameters_with_spaces_and_signs_are_part_of_the_signature(signer: TokenStranger) -> None:
    answer = signer.call(
        "GET", "record/v1/customer", params={"q": 'email IS "a+b@example.com" OR entityId IS "é/!*()"'}
    )

    assert answer.status_code == 200, answer.text


def test_a_transform_is_signed_with_its_exclamation_mark(signer: TokenStranger, director: Director) -> None:
    invoice = director.make_return("refund")["netsuite"]["invoice_id"]

    made = signer.call("POST", f"record/v1/invoice/{invoice}/!transform/returnAuthorization?replace=item", json={})

    assert made.status_code in (204, 400), made.text  # understood, whatever the rules say to an empty one


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_secret": "other"}, "signature_invalid"),
        ({"client_key": "other"}, "consumer_key_unknown"),
        ({"resource_owner_key": "other"}, "token_rejected"),
        ({"signature_method": "HMAC-SHA1"}, "signature_method_rejected"),
        ({"timestamp": "1700000000"}, "timestamp_refused"),
        ({"nonce": "12345"}, "nonce_rejected"),
        ({"realm": "7400001-sb1"}, "consumer_key_unknown"),
    ],
)
def test_a_bad_login_is_refused_with_its_reason(signer: TokenStranger, changes: Json, word: str) -> None:
    assert signer.reason(**changes) == word


def test_a_nonce_is_good_once(signer: TokenStranger) -> None:
    url = f"{signer.url}/services/rest/system/v1/serverTime"
    sent = requests.Request("GET", url, auth=signer.auth()).prepare()

    assert signer.session.send(sent, timeout=60).status_code == 200
    again = signer.session.send(sent, timeout=60)

    assert again.status_code == 401
    assert challenge_of(again) == "nonce_used"


def test_a_signature_of_another_address_is_refused(signer: TokenStranger) -> None:
    sent = requests.Request("GET", f"{signer.url}/services/rest/system/v1/serverTime", auth=signer.auth()).prepare()
    sent.url = f"{signer.url}/services/rest/record/v1/customer"

    assert challenge_of(signer.session.send(sent, timeout=60)) == "signature_invalid"


def test_five_bad_signatures_lock_the_user(signer: TokenStranger, director: Director, account: Json) -> None:
    for _ in range(5):
        assert signer.reason(client_secret="other") == "signature_invalid"

    assert signer.reason() == "temporary_locked"
    trail = director.act(account, "login_audit")
    assert trail["locked"] is True
    assert [line["reason"] for line in trail["trail"]] == ["InvalidSignature"] * 5 + ["temporary_locked"]

    director.act(account, "unlock_user")
    assert signer.call("GET", "system/v1/serverTime").status_code == 200


def test_a_good_login_takes_back_the_count(signer: TokenStranger) -> None:
    for _ in range(4):
        signer.reason(client_secret="other")
    signer.call("GET", "system/v1/serverTime")

    assert signer.reason(client_secret="other") == "signature_invalid"
    assert signer.call("GET", "system/v1/serverTime").status_code == 200


def test_a_blocked_integration_and_a_revoked_token_are_refused(
    signer: TokenStranger, director: Director, account: Json
) -> None:
    director.act(account, "block_integration")
    assert signer.reason() == "consumer_key_refused"

    director.act(account, "enable_integration")
    director.act(account, "revoke_token")
    assert signer.reason() == "token_rejected"


def test_tokens_end_with_a_later_release(signer: TokenStranger, director: Director) -> None:
    director.post("settings", {"profile": "tokens_ended"})

    assert signer.reason() == "FeatureDisabled"


def test_half_a_header_is_refused(signer: TokenStranger) -> None:
    url = f"{signer.url}/services/rest/system/v1/serverTime"
    header = f'OAuth realm="{signer.tba["realm"]}", oauth_consumer_key="{signer.tba["consumer_key"]}"'

    answer = signer.session.get(url, headers={"Authorization": header}, timeout=60)

    assert answer.status_code == 401
    assert answer.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"


def test_a_token_signs_for_its_own_account_only(signer: TokenStranger, world: Json) -> None:
    other: Json = world["netsuite_accounts"][1]["tba"]

    assert signer.reason(realm=other["realm"]) == "consumer_key_unknown"
    assert TokenStranger(signer.url, other, signer.session).call("GET", "system/v1/serverTime").status_code == 200


def test_an_empty_header_is_no_login(signer: TokenStranger) -> None:
    answer = signer.session.get(
        f"{signer.url}/services/rest/system/v1/serverTime", headers={"Authorization": "OAuth"}, timeout=60
    )
    assert answer.status_code == 401
