"""In the admin: each save of a connection has it checked, and an action does so for those that are chosen."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.discovery.account_fit import find_account_misfits
from integrations.discovery.check import request_check
from integrations.models import NetSuiteAccount
from integrations.profile import account_profile
from returnsops.lib.words import count_words
from returnsops.people import audit
from returnsops.people.admin_parts import AuditedAdmin, ModelForm, person_of

CHECKS_MAX = 20
WHERE = "What is missing, and whom to ask, is shown under Connections in about a minute."


class CheckedAdmin(AuditedAdmin):
    actions = ("check_connection",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if request_check(obj):
            self.message_user(request, f"{obj} is being checked. {WHERE}")

    @admin.action(description="Check connection", permissions=["change"])
    def check_connection(self, request: HttpRequest, connections: QuerySet[Any]) -> None:
        asked = [one for one in connections[:CHECKS_MAX] if request_check(one)]
        for one in asked:
            audit.record_event(person_of(request), "asked for a check", one)
        words = (
            f"Being checked: {count_words(len(asked), 'connection')}. {WHERE}" if asked else "Being checked already."
        )
        self.message_user(request, words, messages.SUCCESS)


class FittingAccountForm(ModelForm):
    """Refuses a setting that the last check of the account contradicts, where it is changed."""

    instance: NetSuiteAccount

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # puts the values into the instance
        profile = account_profile(self.instance) if self.instance.pk else None
        for misfit in find_account_misfits(self.instance, profile.facts) if profile else ():
            if misfit.field in self.changed_data:
                self.add_error(misfit.field, f"{misfit.words} {misfit.todo}")
