"""Cases, as they go out."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from exceptions.models import Case, CaseMember
from exceptions.offers import Offer
from returnsops.api.serializers.fields import AMOUNT_SCHEMA, Amount, OfReturn, Person, Word
from returnsops.lib.money import round_money


class StakeOut(serializers.Serializer[Any]):
    """Takes a row of `exceptions.queue.stakes_of`."""

    amount = serializers.SerializerMethodField()
    currency = serializers.CharField()
    returns = serializers.IntegerField()

    @extend_schema_field(AMOUNT_SCHEMA)
    def get_amount(self, stake: dict[str, Any]) -> str:
        return str(round_money(stake["amount"], stake["currency"]))


class CaseRowOut(serializers.Serializer[Any]):
    """Takes a `returnsops.api.readings.CaseRow`."""

    id = serializers.IntegerField(source="case.pk")
    shop = serializers.CharField(source="case.shop.code")
    code = serializers.CharField(source="case.code")
    title = serializers.CharField(source="kind.title")
    role = serializers.CharField(source="kind.role", help_text="Who settles it")
    subject = serializers.CharField(source="case.subject")
    status = Word(source="case.status", choices=Case.Status.choices)
    assignee = Person(source="case.assignee", allow_null=True)
    opened_at = serializers.DateTimeField(source="case.opened_at")
    closed_at = serializers.DateTimeField(source="case.closed_at", allow_null=True)
    times_before = serializers.IntegerField(source="case.times_before")
    returns = serializers.IntegerField(help_text="How many returns are in it; of a closed case, how many were")
    at_stake = StakeOut(many=True, help_text="Sum over these returns, one entry a currency")


class ProblemDetailOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    value = serializers.CharField()


class MemberOut(OfReturn):
    """One return in a case, and what stands in its way."""

    loop_id = serializers.CharField(source="loop_return.loop_id")
    order_name = serializers.CharField(source="loop_return.order_name")
    amount = Amount("amount")
    currency = serializers.CharField()
    joined_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
    cause = serializers.CharField(source="problem.cause")
    expected = serializers.CharField(source="problem.expected")
    found = serializers.CharField(source="problem.found")
    words = serializers.CharField(source="problem.words", help_text="The other side's own words")
    posting = serializers.CharField(source="problem.posting", help_text="External id of the posting it is about")
    seen_hash = serializers.CharField(source="problem.seen_hash", help_text="Send it back to approve exactly this")
    detail = serializers.SerializerMethodField()

    @extend_schema_field(ProblemDetailOut(many=True))
    def get_detail(self, member: CaseMember) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in member.problem["detail"]]


class EventOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    text = serializers.CharField()
    actor = Person(allow_null=True, help_text="Null: ReturnsOps itself")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        of_return = serializers.IntegerField(source="loop_return_id", allow_null=True)
        return {**super().get_fields(), "return": of_return}


class ActionOut(serializers.Serializer[Offer]):
    name = serializers.CharField()
    title = serializers.CharField(source="label")
    effect = serializers.CharField()
    allowed = serializers.SerializerMethodField()
    refused = serializers.CharField(help_text="Why you cannot take it now; empty if you can")

    def get_allowed(self, offer: Offer) -> bool:
        return not offer.refused


class OffersOut(serializers.Serializer[Any]):
    """What the caller may do now about one return of the case: the one asked for, else the first that waits."""

    actions = ActionOut(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        of_return = serializers.IntegerField(source="return_pk", allow_null=True)
        return {"return": of_return, **super().get_fields()}


class CaseOut(CaseRowOut):
    advice = serializers.CharField(source="kind.advice")
    cause = serializers.CharField(
        source="case.problem.cause", default="", help_text="Of a case without returns; else each return says its own"
    )
    words = serializers.CharField(
        source="case.problem.words", default="", help_text="The other side's own words, likewise"
    )
    offers = OffersOut()
    members = MemberOut(many=True, help_text="The first 50, waiting ones first; all under members/")
    events = EventOut(many=True, help_text="The latest 50, newest first; all under events/")
