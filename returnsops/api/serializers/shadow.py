"""Shadow: verdicts on single records, and what they come to per kind."""

from datetime import datetime

from rest_framework import serializers

from returnsops.api.serializers.fields import OfReturn, Word
from returnsops.lib import clock
from returnsops.returns.agreements import Score, is_ready, readiness_words
from returnsops.returns.models import ShadowVerdict


class DifferenceOut(serializers.Serializer[dict[str, str]]):
    aspect = serializers.CharField(help_text="`units`, `amount` or `place`")
    ours = serializers.CharField()
    theirs = serializers.CharField()


class VerdictOut(OfReturn):
    id = serializers.IntegerField()
    shop = serializers.CharField(source="shop.code")
    loop_id = serializers.CharField(source="loop_return.loop_id")
    kind = Word(choices=ShadowVerdict.Kind.choices)
    verdict = Word(choices=ShadowVerdict.Verdict.choices)
    wanted = serializers.CharField(help_text="What ReturnsOps would have posted, in words; or why it could not say")
    differences = DifferenceOut(many=True)
    records = serializers.ListField(
        child=serializers.CharField(), help_text="Internal ids of the other system's records"
    )
    judged_at = serializers.DateTimeField(help_text="Since when the verdict is this one")


class ScoreOut(serializers.Serializer[Score]):
    kind = Word(choices=ShadowVerdict.Kind.choices)
    in_shadow = serializers.BooleanField()
    alike = serializers.IntegerField(source="counts.alike")
    differs = serializers.IntegerField(source="counts.differs")
    nobody = serializers.IntegerField(source="counts.nobody")
    unable = serializers.IntegerField(source="counts.unable")
    since = serializers.DateTimeField(allow_null=True, help_text="The oldest verdict that compares")
    differed_at = serializers.DateTimeField(allow_null=True, help_text="The last difference")
    is_ready = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField(help_text="Whether to switch to «write», for people")

    def get_is_ready(self, score: Score) -> bool:
        return is_ready(score, now=self._now)

    def get_words(self, score: Score) -> str:
        return readiness_words(score, now=self._now)

    @property
    def _now(self) -> datetime:
        return clock.now()
