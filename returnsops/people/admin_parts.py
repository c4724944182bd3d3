"""What the admin pages of all floors share: rights by role, rows of one's own shops, and an audit row for each save."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from returnsops.people import access, audit
from returnsops.people.models import User, VisibleQuerySet

if TYPE_CHECKING:  # Django's classes take no parameters when the program runs
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin, TabularInline, ModelForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm


class RightsAdmin(ModelAdmin):
    """Seen by staff who hold `right` in some shop, for the rows of those shops; Django's permissions play no part."""

    right = "read the mirrors"
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        is_of_shops = isinstance(rows, VisibleQuerySet)
        return access.rows_where(person_of(request), self.right, rows=rows) if is_of_shops else rows

    def is_right_held(self, request: HttpRequest) -> bool:
        """Asked for every page listed, so the answer is kept with the request."""
        if not hasattr(request, "rights_held"):
            request.rights_held = access.rights_somewhere(person_of(request))  # type: ignore[attr-defined]
        return self.right in request.rights_held  # type: ignore[attr-defined]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_right_held(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(RightsAdmin):
    """Mirrors and history: written by one function each, looked at here."""


class ReadOnlyInline(TabularInline):
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # as the page it is on

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AuditedAdmin(ModelAdmin):
    """Plain editing, each save with its audit row. `secrets`: fields of which only the name is kept."""

    secrets: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # history hangs on these rows; people are switched off instead

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Called once for each save, after it: the last moment of the transaction, which the audit chain asks for."""
        before, after = changes_of(form, secrets=self.secrets)
        for formset in formsets or []:
            after |= inline_changes(formset)
        action = f"{'added' if add else 'changed'} {self.opts.verbose_name}"
        if add or after:
            row = form.instance if hasattr(form, "instance") else form.user  # the password form has no instance
            audit.record_event(person_of(request), action, row, before=None if add else before, after=after)
        return super().construct_change_message(request, form, formsets, add)


def changes_of(form: ModelForm, *, secrets: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a form changed: {field: value before}, {field: value after}."""
    before, after = {}, {}
    for name in form.changed_data:
        if name in secrets or "password" in name:
            after[name] = "set anew"
        else:
            before[name], after[name] = plain_text(form.initial.get(name)), plain_text(form.cleaned_data.get(name))
    return before, after


def inline_changes(formset: Any) -> dict[str, Any]:
    name = str(formset.model._meta.verbose_name)
    found = {
        f"{name} added": [str(row) for row in formset.new_objects],
        f"{name} changed": [str(row) for row, _ in formset.changed_objects],
        f"{name} removed": [str(row) for row in formset.deleted_objects],
    }
    return {label: rows for label, rows in found.items() if rows}


def plain_text(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    return value if value is None or isinstance(value, bool | int) else str(value)


def person_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
