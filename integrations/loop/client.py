"""Loop Returns over HTTP, one client per shop key.

Loop refuses with HTTP 200 as often as not: an action is done only when the body itself says true.
"""

from integrations.loop.acting import ReturnActions
from integrations.loop.inspecting import Inspections
from integrations.loop.reading import ReturnReading
from integrations.loop.subscribing import WebhookSubscribing
from integrations.loop.surroundings import Surroundings


class LoopClient(ReturnReading, ReturnActions, Inspections, WebhookSubscribing, Surroundings):
    """Everything we ask of Loop; how calls get there is `integrations.loop.transport`."""
