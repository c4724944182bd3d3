"""What every connection to an outside system has."""

from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models

from integrations.errors import ConfigurationError
from integrations.netsuite.addresses import LOOPBACK_HOSTS
from integrations.netsuite.database_clock import read_zone


def validate_time_zone(name: str) -> None:
    """The nights of all shops and accounts are reckoned together: a zone nobody knows would stop every one of them."""
    try:
        read_zone(name)
    except ConfigurationError as error:
        raise ValidationError(error.detail) from error


class Connection(models.Model):
    """How the connection to one outside system is doing. Written by `integrations.connections` only."""

    last_ok_at = models.DateTimeField("last answer", null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField("calls without an answer in a row", default=0)
    failure = models.TextField(blank=True)
    # A dead endpoint is asked again at this time, one call at a time.
    next_probe_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField("stopped at", null=True, blank=True)
    paused_reason = models.TextField("stopped because", blank=True)

    class Meta:
        abstract = True

    @property
    def is_sandbox(self) -> bool:
        return urlsplit(self.base_url).hostname in LOOPBACK_HOSTS

    @property
    def down_since(self) -> datetime | None:
        """Since when no call was answered, if that is an outage and not bad luck."""
        return self.failing_since if self.next_probe_at else None

    def may_be_called(self, now: datetime) -> bool:
        """Not stopped, and not down; or down, and somebody may see whether it is back."""
        return self.paused_at is None and (self.next_probe_at is None or self.next_probe_at <= now)

    base_url: str
