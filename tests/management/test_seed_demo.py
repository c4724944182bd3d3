"""Demo people and a sandbox have no place beside a real shop."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from integrations.models import Shop
from returnsops.people.models import User
from tests.builders import make_shop

pytestmark = pytest.mark.django_db(transaction=True)
NOBODY_ANSWERS = "http://127.0.0.1:9"


def test_beside_a_real_shop_nothing_is_connected_and_nobody_made() -> None:
    make_shop("fern", base_url="https://api.loopreturns.com")

    with pytest.raises(CommandError, match="is a real shop"):  # and not: no sandbox answers
        call_command("seed_demo", sandbox=NOBODY_ANSWERS)

    assert [shop.code for shop in Shop.objects.all()] == ["fern"]
    assert not User.objects.filter(username="ada").exists()
