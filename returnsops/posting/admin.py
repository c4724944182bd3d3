"""The outbox and its history, to look at. What may be done about a posting is done on its case."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from integrations.admin import accounts_where
from integrations.models import RefusalRule, Shop
from returnsops.people import access, audit
from returnsops.people.admin_parts import ReadOnlyAdmin, ReadOnlyInline, RightsAdmin, person_of
from returnsops.posting.models import Pause, Posting, PostingAttempt, PostingCover
from returnsops.posting.teaching import reclassify, would_fit

SHOWN_MAX = 20


class AttemptInline(ReadOnlyInline):
    model = PostingAttempt
    fields = ("number", "started_at", "duration_s", "outcome", "request", "answer")


class CoverInline(ReadOnlyInline):
    model = PostingCover
    fields = ("kind", "unit", "live")


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ("external_id", "kind", "status", "loop_return", "their_id", "attempts", "not_before", "posted_at")
    list_select_related = ("loop_return",)
    list_filter = ("status", "kind", "system", "shop")
    search_fields = ("^external_id", "=their_id", "=loop_return__loop_id")
    ordering = ("-pk",)
    inlines = (AttemptInline, CoverInline)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    list_display = ("key", "account", "shop", "code", "opened_at", "opened_by", "probe", "ended_at", "ended_by")
    list_select_related = ("account", "shop", "opened_by", "ended_by", "probe")
    list_filter = ("code", "account", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("=key", "reason", "words")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pause]:
        return Pause.objects.of_shops(access.rows_where(person_of(request), self.right, rows=Shop.objects.all()))


@admin.register(RefusalRule)
class RefusalRuleAdmin(RightsAdmin):
    """What an answer of NetSuite means. Saving gives the standing refusals that it fits their new meaning."""

    right = "teach refusals"
    fields = ("words", "account", "record_type", "meaning", "note", "active")
    list_display = ("words", "meaning", "account", "record_type", "active", "made_by", "made_at")
    list_select_related = ("account", "made_by")
    list_filter = ("meaning", "active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefusalRule]:
        seen = Q(account=None) | Q(account__in=accounts_where(request, self.right))
        return RefusalRule.objects.filter(seen)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_right_held(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_right_held(request) and (
            obj is None or obj.account_id is not None or person_of(request).is_superuser
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Every account at once is the administrator's word; others teach the accounts they see."""
        if db_field.name == "account":
            kwargs["queryset"] = accounts_where(request, self.right)
            kwargs["required"] = not person_of(request).is_superuser
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {name: request.GET[name] for name in ("words", "account", "record_type") if name in request.GET}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Beside the form: which of the standing refusals it would fit, as it is now."""
        rule = self._as_asked(context["original"] or RefusalRule(), request)
        seen = {account.pk for account in accounts_where(request, self.right)}
        found = would_fit(rule) if rule.words else []
        context["fitting"] = [one for one in found if one.account_id in seen][:SHOWN_MAX]
        return super().render_change_form(request, context, *args, **kwargs)

    def _as_asked(self, rule: RefusalRule, request: HttpRequest) -> RefusalRule:
        given = request.POST or request.GET
        account = given.get("account", "")
        rule.words = given.get("words", rule.words)
        rule.record_type = given.get("record_type", rule.record_type)
        rule.account_id = int(account) if account.isdecimal() else rule.account_id
        return rule

    def save_model(self, request: HttpRequest, obj: RefusalRule, form: Any, change: bool) -> None:
        person = person_of(request)
        obj.made_by = person
        with transaction.atomic():
            obj.save()
            audit.record_event(person, "taught refusal", obj, after=str(obj), reason=obj.note)
        count = reclassify(obj)
        self.message_user(request, f"{count} standing refusals have this meaning now, and are looked at anew.")
