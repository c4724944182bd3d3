"""Pauses, in and out."""

from typing import Any

from rest_framework import serializers

from returnsops.api.serializers.fields import Person, Word
from returnsops.api.serializers.inputs import TEXT_CHARS_MAX
from returnsops.posting.models import Pause
from returnsops.posting.pause_words import FLOW_NAMES, what_stands_still
from returnsops.posting.resuming import waiting_behind


class PauseOut(serializers.Serializer[Pause]):
    id = serializers.IntegerField()
    account = serializers.CharField(source="account.account_id", help_text="NetSuite account")
    shop = serializers.SerializerMethodField(help_text="Code of the one shop it is about; null: all of the account")
    key = serializers.CharField(
        help_text="`account`, `shop:<code>`, `flow:<flow>`, `type:<type>` or `period:<yyyy-mm>`"
    )
    what = serializers.SerializerMethodField(help_text="What stands still, in words")
    code = Word(choices=Pause.Code.choices)
    reason = serializers.CharField()
    words = serializers.CharField(help_text="NetSuite's own words, if a refusal made it")
    opened_at = serializers.DateTimeField()
    opened_by = Person(allow_null=True, help_text="Null: a refusal made it")
    trying = serializers.SerializerMethodField(help_text="External id of the posting that goes first just now, or null")
    waiting = serializers.SerializerMethodField(help_text="How many postings wait behind it")
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = Person(allow_null=True)
    ended_because = serializers.CharField()

    def get_shop(self, pause: Pause) -> str | None:
        return pause.shop.code if pause.shop else None

    def get_what(self, pause: Pause) -> str:
        return what_stands_still(pause)

    def get_trying(self, pause: Pause) -> str | None:
        return pause.probe.external_id if pause.probe else None

    def get_waiting(self, pause: Pause) -> int:
        return 0 if pause.ended_at else waiting_behind(pause).count()


class PauseIn(serializers.Serializer[Any]):
    """Of a whole NetSuite account (`account`) or of one shop (`shop`): name one of both."""

    account = serializers.CharField(max_length=40, required=False, help_text="Account id, as NetSuite shows it")
    shop = serializers.CharField(max_length=50, required=False, help_text="Code of the shop")
    flow = serializers.ChoiceField(
        choices=sorted(FLOW_NAMES.items()), allow_blank=True, default="", help_text="Empty: everything"
    )
    reason = serializers.CharField(max_length=TEXT_CHARS_MAX)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if ("account" in given) == ("shop" in given):
            raise serializers.ValidationError("Name either the account or the shop.")
        return given


class EndPauseIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=TEXT_CHARS_MAX, allow_blank=True, default="")
