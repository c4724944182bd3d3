"""What waits for a mapping, on the screens that lie in a warehouse."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from tests.builders import NOW, make_return, unit_payload
from tests.windows import Cookies, log_in_as, open_page

pytestmark = pytest.mark.browser
LONG_SKU = "MEADOW-LINEN-DRESS-EMBROIDERED-XXL-TALL-FOREST-GREEN-2026"


@pytest.fixture
def cookies(live_server: LiveServer, shop: Shop, dana: User) -> Cookies:
    Shop.objects.filter(pk=shop.pk).update(name="Northwind Outfitters and Sons of Portland")
    row = make_return(shop, lines=1, line_items=[unit_payload(sku=LONG_SKU, price="12345.00", discount="0.00")])
    LoopReturn.objects.filter(pk=row.pk).update(records_fetched_at=NOW, look_again_at=None)
    User.objects.filter(pk=dana.pk).update(is_staff=True)
    return log_in_as(dana, live_server)


@pytest.mark.parametrize("width", [390, 800])
def test_button_that_maps_a_sku_is_on_the_screen(live_server: LiveServer, cookies: Cookies, width: int) -> None:
    look = {"width": width, "height": 800}
    with open_page(live_server, cookies, "/admin/returns/skumapping/", viewport=look) as page:
        blocked = page.locator(".blocked")
        expect(blocked.get_by_role("link", name=LONG_SKU)).to_be_in_viewport(ratio=1)
        assert blocked.evaluate("e => e.scrollWidth <= e.clientWidth")
