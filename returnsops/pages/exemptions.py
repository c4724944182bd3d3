"""What everybody should see: units become sellable uninspected in a shop, why, and how many did (requirement C01)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from integrations.models import Shop
from returnsops.posting.models import PostingCover
from returnsops.returns.models import PolicyVersion
from returnsops.returns.policy import ReceiptTrigger
from returnsops.returns.policy_reading import read_exemption

# To be asked together with the shops, as every page shows them.
EXEMPTION_OF_SHOP = Subquery(
    PolicyVersion.objects.filter(
        shop=OuterRef("pk"), active=True, rules__receipt_trigger=ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE
    ).values("rules__restock_exemption")[:1]
)


def exemption_banners(shops: Iterable[Any], *, now: datetime) -> list[dict[str, str]]:
    """shops: annotated with `exemption`. One that has ended lets nothing through, so it is not shown."""
    found = []
    for shop in shops:
        exemption = read_exemption(shop.exemption or {})
        if exemption.until and exemption.is_live(now.astimezone(ZoneInfo(shop.account.time_zone)).date()):
            text = (
                f"{', '.join(exemption.skus)}, up to {exemption.until:%-d %b %Y}: {exemption.reason.rstrip('.')}. "
                f"{_units(count_exempt(shop))} so far."
            )
            found.append(
                {
                    "tone": "warn",
                    "icon": "triangle-alert",
                    "title": f"In {shop} Loop restocks become sellable without inspection.",
                    "text": text,
                    "href": reverse("policy", args=[shop.code]),
                    "action": "See the policy",
                }
            )
    return found


def count_exempt(shop: Shop) -> int:
    """Units that were received as sellable by an exemption, ever."""
    return PostingCover.objects.filter(
        shop=shop, kind="receipt", unit__startswith="exempt:", live=True, posting__status="posted"
    ).count()


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"
