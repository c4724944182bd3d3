"""Postings and their tries, as they go out."""

from typing import Any

from rest_framework import serializers

from returnsops.api.serializers.fields import OfReturn, Word
from returnsops.posting.models import Posting, PostingAttempt


class PostingRowOut(OfReturn):
    id = serializers.IntegerField()
    shop = serializers.CharField(source="shop.code")
    external_id = serializers.CharField()
    system = Word(choices=Posting.System.choices)
    kind = serializers.CharField()
    number = serializers.IntegerField()
    status = Word(choices=Posting.Status.choices)
    attempts = serializers.IntegerField()
    their_id = serializers.CharField(help_text="NetSuite's internal id, once it is there")
    adopted = serializers.BooleanField(help_text="It was there already; we took it over")
    adopted_from = serializers.CharField(help_text="Who had made it: ours, connector, person, foreign; empty: nobody")
    looked_at = serializers.DateTimeField(allow_null=True, help_text="When NetSuite was last asked for it before a try")
    refusal = serializers.JSONField(allow_null=True, help_text="{family, status, code, detail, path}")
    differences = serializers.ListField(
        child=serializers.CharField(), help_text="What NetSuite holds otherwise than we sent"
    )
    created_at = serializers.DateTimeField()
    not_before = serializers.DateTimeField()
    posted_at = serializers.DateTimeField(allow_null=True)
    read_back_at = serializers.DateTimeField(allow_null=True, help_text="When it was compared with what was sent")
    trusted_at = serializers.DateTimeField(
        allow_null=True, help_text="By the shop's rules it is not compared, as was decided then"
    )


class TryOut(serializers.Serializer[PostingAttempt]):
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_s = serializers.FloatField()
    outcome = serializers.CharField()
    answer = serializers.CharField()
    request = serializers.JSONField()


class PostingOut(PostingRowOut):
    request = serializers.JSONField(help_text="What is sent, without the external id")
    covers = serializers.SerializerMethodField()
    tries = TryOut(many=True, source="last_tries", help_text="The latest, newest first")

    def get_covers(self, posting: Any) -> list[str]:
        return sorted(cover.unit for cover in posting.covers.all())
