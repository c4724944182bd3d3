"""What all answers have in common: money as text, and a return under the name `return`."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from returnsops.lib.money import round_money

AMOUNT_SCHEMA = {"type": "string", "format": "decimal", "example": "129.00"}


class Word(serializers.CharField):
    """One word of a list. The description gives the list in place, not under a name that two lists would share."""

    def __init__(self, *, choices: Iterable[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        words = {word: str(meaning) for word, meaning in choices}
        meanings = " · ".join(f"`{word}` {meaning}" for word, meaning in words.items())
        set_override(self, "field", {"allOf": [{"type": "string", "enum": list(words)}], "description": meanings})


@extend_schema_field(AMOUNT_SCHEMA)
class Amount(serializers.Field[Any, Any, str, Any]):
    """Money as text in the digits of its currency; the answer carries that currency beside it."""

    def __init__(self, amount: str, *, currency: str = "currency") -> None:
        super().__init__(source="*", read_only=True)
        self.amount_of, self.currency_of = attrgetter(amount), attrgetter(currency)

    def to_representation(self, value: Any) -> str:
        return str(round_money(self.amount_of(value), self.currency_of(value)))


@extend_schema_field({**AMOUNT_SCHEMA, "nullable": True})
class AmountIfKnown(Amount):
    """The other side does not always say."""

    def to_representation(self, value: Any) -> Any:
        return None if self.amount_of(value) is None else super().to_representation(value)


class OfReturn(serializers.Serializer[Any]):
    """Adds `return`, which Python does not let us declare."""

    return_source = "loop_return_id"

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        of_return = serializers.IntegerField(source=self.return_source, min_value=1, help_text="Id of the return")
        return {"return": of_return, **super().get_fields()}


class Person(serializers.Serializer[Any]):
    username = serializers.CharField()
    name = serializers.CharField()
