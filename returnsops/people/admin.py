"""People, their roles, and what they did."""

import django_q.admin  # registers its pages; imported first, so that they can be taken away below
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from returnsops.people import access
from returnsops.people.admin_parts import AuditedAdmin, ReadOnlyAdmin, TabularInline, person_of
from returnsops.people.audit import find_broken_link
from returnsops.people.models import ApiKey, AuditEvent, Membership, User

QUEUE_TABLES = (django_q.admin.Schedule, django_q.admin.Success, django_q.admin.Failure, django_q.admin.OrmQ)

admin.site.site_header = "ReturnsOps"
admin.site.site_title = "ReturnsOps"
admin.site.index_title = "Data and settings"
admin.site.site_url = None  # the way back stands in templates/admin/base_site.html
admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]  # one log-in page for all

# Rights come from memberships, so groups would be a second truth; the queue's rows are pickles and never edited.
admin.site.unregister([Group, *QUEUE_TABLES])


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("shop",)


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # takes no parameter when running
    """Staff may open the admin; what they can do there follows from their roles."""

    inlines = (MembershipInline,)
    list_display = ("username", "name", "is_active", "is_staff", "is_superuser", "is_tool", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_tool", "memberships__role")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        ("What it is", {"fields": ("is_active", "is_staff", "is_superuser", "is_tool")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "user", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("=prefix", "=user__username")
    fields = ("prefix", "user", "created_at", "last_used_at", "revoked_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """A tool is of the shop that it acts in."""
        tools = access.rows_where(person_of(request), self.right, rows=Membership.objects.all())
        return super().get_queryset(request).filter(user__in=tools.values("user"))


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "at", "actor", "action", "object_type", "object_id", "shop", "reason")
    list_select_related = ("actor", "shop")
    list_filter = ("action", "shop")
    search_fields = ("=object_id", "=actor__username", "^action")
    ordering = ("-id",)
    actions = ("verify_chain",)

    @admin.action(description="Verify the whole chain, whatever is ticked", permissions=["view"])
    def verify_chain(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> None:
        broken = find_broken_link()
        if broken is None:
            count = AuditEvent.objects.count()
            self.message_user(request, f"The chain is whole: {count} events, each follows from the one before it.")
        else:
            text = f"The chain breaks at event {broken}: it, or one before it, is not what was written. Tell security."
            self.message_user(request, text, level=messages.ERROR)
