"""Cases, to look at. Deciding them happens in the queue."""

from django.contrib import admin

from exceptions.models import Case
from returnsops.people.admin_parts import ReadOnlyAdmin


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("id", "code", "subject", "shop", "status", "assignee", "opened_at", "closed_at", "times_before")
    list_select_related = ("shop", "assignee")
    list_filter = ("status", "code", "shop")
    search_fields = ("=id", "^subject", "=code")
