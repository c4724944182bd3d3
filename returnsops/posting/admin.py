"""The outbox and its history, to look at. What may be done about a posting is done on its case."""

from django.contrib import admin

from returnsops.people.admin_parts import ReadOnlyAdmin, ReadOnlyInline
from returnsops.posting.models import Pause, Posting, PostingAttempt, PostingCover


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
