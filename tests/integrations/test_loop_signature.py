import pytest

from integrations.loop.signature import sign_body, signature_matches

SECRET = "0123456789abcdef"
PLAIN = b'{"topic":"return","trigger":"return.created","id":"1"}'
ESCAPED = rb'{"status_page_url":"https:\/\/exampleshop.loopreturns.com\/#\/return\/1","name":"Andr\u00e9"}'
PLAIN_SIGNATURE = "rf+R5e1xT7W1YcmBee4DUaTS2PnJM/Ru5zV2Ahi87wE="
ESCAPED_SIGNATURE = "t9Ug39qbWCoQZjb61DZRVA1y42BBWYHcgT6Kf/e0hdU="


@pytest.mark.parametrize(("raw", "signature"), [(PLAIN, PLAIN_SIGNATURE), (ESCAPED, ESCAPED_SIGNATURE)])
def test_check_values(raw: bytes, signature: str) -> None:
    assert sign_body(SECRET, raw) == signature
    assert signature_matches(raw, signature, [SECRET])


@pytest.mark.parametrize("secrets", [["new", SECRET], [SECRET, "old"]])
def test_either_secret_of_a_rotation_fits(secrets: list[str]) -> None:
    assert signature_matches(PLAIN, PLAIN_SIGNATURE, secrets)


@pytest.mark.parametrize("header", [None, "", "nonsense", PLAIN_SIGNATURE.lower(), "ünïcode", ESCAPED_SIGNATURE])
def test_missing_or_wrong_signature_does_not_match(header: str | None) -> None:
    assert not signature_matches(PLAIN, header, [SECRET])


def test_one_changed_byte_does_not_match() -> None:
    assert not signature_matches(PLAIN + b" ", PLAIN_SIGNATURE, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_nothing_matches(secrets: list[str]) -> None:
    assert not signature_matches(PLAIN, sign_body("", PLAIN), secrets)
