"""Whose key it is. A key opens one shop of Loop and does not say which, but in the subscriptions it shows (loop.md
§1.2, §2.10). With a key of another shop its returns would come in as this one's, and be booked.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.errors import ConfigurationError, RejectedError
from integrations.loop.client import LoopClient
from integrations.loop.records import WebhookSubscription
from integrations.models import Shop

logger = logging.getLogger(__name__)

LOOK_EVERY = timedelta(days=1)
ANOTHER_SHOPS = "another_shops_key"  # code of the error
LACKS_SCOPE = 401  # a missing scope is answered like a wrong key, which the next call for returns would find


def look_whose_key(shop: Shop) -> None:
    """Before news is read: at once after a key was entered, then once a day. What Loop does not tell is taken on trust.

    Raises ConfigurationError if the key is another shop's, TemporaryError if Loop does not answer.
    """
    now = timezone.now()
    if shop.key_looked_at and now - shop.key_looked_at < LOOK_EVERY:
        return
    with watched(shop):
        try:
            list_own_webhooks(shop, loop_client(shop, in_background=True))
        except (RejectedError, ConfigurationError) as error:
            if isinstance(error, ConfigurationError) and error.status != LACKS_SCOPE:
                raise
            logger.info("Loop does not tell whose key %s has: %s", shop, error)
    shop.key_looked_at = now
    shop.save(update_fields=["key_looked_at"])


def list_own_webhooks(shop: Shop, client: LoopClient) -> tuple[WebhookSubscription, ...]:
    """Raises ConfigurationError if they are another shop's."""
    found = client.list_webhooks()
    require_own(shop, found)
    return found


def require_own(shop: Shop, found: Sequence[WebhookSubscription]) -> None:
    """Learns whose they are where that is not known yet. Raises ConfigurationError if they are another shop's."""
    told = sorted({one.shop_id for one in found if one.shop_id})
    if told and not shop.loop_shop_id:
        Shop.objects.filter(pk=shop.pk, loop_shop_id="").update(loop_shop_id=told[0])
        shop.refresh_from_db(fields=["loop_shop_id"])
    if told and shop.loop_shop_id not in told:
        Shop.objects.filter(pk=shop.pk).update(key_looked_at=None)  # whoever resumes it is told again
        raise ConfigurationError(
            system="loop",
            operation="look whose key it is",
            code=ANOTHER_SHOPS,
            detail=f"The API key opens shop {', '.join(told)} of Loop, and {shop} is shop {shop.loop_shop_id}. "
            f"Enter a key of this shop. If the key is right, {_learn_anew(shop)}",
        )


def explain_another_shop(shop: Shop, told: str) -> str:
    """What to say of a webhook that came in for this shop and names another; empty where it does not."""
    if not told or not shop.loop_shop_id or told == shop.loop_shop_id:
        return ""
    return (
        f"It is of shop {told} of Loop, and {shop} is shop {shop.loop_shop_id}. Have the webhook taken out in the "
        f"admin of that shop. If {told} is right, {_learn_anew(shop)}"
    )


def _learn_anew(shop: Shop) -> str:
    """The first key may have been the wrong one."""
    return f"empty the number at Loop in the settings of {shop}: the next look at its key tells it."
