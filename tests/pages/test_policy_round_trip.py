"""The form of the rules shows whatever is stored, and sent back as it came it changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnsops.pages.policies.form import RulesForm
from returnsops.returns.policy_reading import parse_policy
from tests.builders import policy

IDS = st.one_of(st.integers(1, 99_999).map(str), st.text(alphabet=",:\"' -9x", min_size=1, max_size=6))
LETTERS = st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])
NAMES = st.one_of(
    st.text(LETTERS, max_size=12),
    st.text(alphabet=',:"* 1a', max_size=8),
    st.sampled_from(["destination 41001", "Destination", 'Pay, "later": 30 days', "SOCKS-*", " at the edge "]),
)


def rule_of(sku: str, destination: str, category: str, place: str) -> dict[str, str]:
    return {"outcome": "sellable", "sku": sku, "destination": destination, "category": category, "place": place}


def condition_of(rule: dict[str, str]) -> tuple[str, str, str]:
    return rule["sku"].casefold(), rule["destination"], rule["category"].casefold()


PLACES = IDS.filter(lambda one: "/" not in one)  # of one in a status there is a test of its own
ANY_RULE = st.builds(rule_of, NAMES, st.one_of(st.just(""), IDS), st.one_of(st.just(""), NAMES), PLACES)
PLACE_RULES = ANY_RULE.filter(
    lambda one: bool(one["sku"].rstrip("*") or one["destination"] or one["category"].rstrip("*"))
)
TENDERS = st.fixed_dictionaries({"account_id": IDS}, optional={"payment_option_id": IDS})
RULES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "place_rules": st.lists(PLACE_RULES, unique_by=condition_of, max_size=3),
        "tenders": st.dictionaries(NAMES, TENDERS, max_size=3),
        "currencies": st.dictionaries(NAMES, st.sampled_from(["USD", "eur"]), max_size=3),
        "deadlines": st.dictionaries(st.sampled_from(["rma", "parcel"]), st.integers(1, 10**7), max_size=2),
    }
)
OWNERSHIP = {kind: value.value for kind, value in policy().ownership.items()}
LOCATIONS = {"holding": "h31", "sellable": "h14", "damaged": "h33"}  # of no rule


def sent_back(rules: dict[str, Any]) -> RulesForm:
    """As a browser sends what it was shown."""
    shown = {name: piece.field.initial for name, piece in RulesForm(rules=rules).pieces.items()}
    sent = {name: "" if value is None else str(value) for name, value in shown.items() if value is not False}
    return RulesForm({name: value.replace("\n", "\r\n") for name, value in sent.items()}, rules=rules)


@given(RULES)
def test_stored_rules_come_back_from_the_form_as_they_are(told: dict[str, Any]) -> None:
    rules = told | {"ownership": OWNERSHIP, "locations": LOCATIONS}
    form = sent_back(rules)

    assert form.is_valid(), form.errors
    assert parse_policy(form.new_rules) == parse_policy(rules)


def test_name_with_a_comma_or_a_colon_stands_in_quotes() -> None:
    tenders = {'Pay, "later": 30 days': {"account_id": "217"}, "shopify_payments": {"account_id": "218"}}

    form = RulesForm(rules={"tenders": tenders})

    assert form["tenders"].initial == '"Pay, ""later"": 30 days": 217\nshopify_payments: 218'


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("tenders", '"Pay, later: 217'),
        ("place_rules", "sellable, a, b: 35"),
        ("place_rules", "sellable, destination EU: 35"),
        ("currencies", '"Dollar": house: USD'),
    ],
)
def test_line_that_may_mean_two_things_is_not_guessed(field: str, typed: str) -> None:
    form = RulesForm({**sent_back({}).data, field: typed}, rules={})

    assert "stands in quotes" in str(form.errors[field])


@pytest.mark.parametrize(
    "rules",
    [
        {"tenders": {"pay\nlater": {"account_id": "217"}}},
        {"currencies": {"Dollar\r": "USD"}},
        {"place_rules": [{"outcome": "sellable", "sku": "A\n", "place": "15"}]},
    ],
)
def test_new_rules_name_nothing_over_two_lines(rules: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="line break"):
        parse_policy(rules)
