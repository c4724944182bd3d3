from typing import Any

from rest_framework import serializers


class ErrorOut(serializers.Serializer[Any]):
    """The shape of every failure."""

    message = serializers.CharField(help_text="A sentence for people: what happened and what to do")
    code = serializers.CharField(help_text="A word for machines, e.g. invalid, not_found, not_possible, throttled")
    extra = serializers.DictField(help_text="What belongs to the code, e.g. `fields` for invalid; often empty")
