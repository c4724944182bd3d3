"""Shops, accounts and their secrets, for superusers; what came in, to look at. A secret goes in and never comes out."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations import inbox
from integrations.connections import NO_FORMS
from integrations.credentials import find_shop_with_key, open_secrets, store_secret
from integrations.discovery.admin_checks import CheckedAdmin, FittingAccountForm
from integrations.errors import ConfigurationError, UnreadableRecordError
from integrations.loop.webhooks import describe_webhook, parse_webhook
from integrations.models import Credential, InboundEvent, LaneHours, LaneLimit, NetSuiteAccount, Shop
from integrations.netsuite.certificates import read_expiry
from integrations.netsuite.lane_hours import WEEKDAYS, find_overlap
from integrations.netsuite.lanes import set_lanes
from integrations.netsuite.tba import ENDS_NOTE
from returnsops.lib.words import count_words
from returnsops.people import access
from returnsops.people.admin_parts import ModelForm, ReadOnlyAdmin, TabularInline, person_of

HEALTH = ("last_ok_at", "failing_since", "failure", "paused_at", "paused_reason")
WEBHOOKS = ("webhooks_checked_at", "webhooks_problem")
BODY_CHARS_MAX = 10_000
EVENTS_MAX = 50
HTTPS: Any = {models.URLField: {"assume_scheme": "https"}}
# The names of the form's fields are the kinds of the credentials.
ACCOUNT_SECRETS = (
    Credential.Kind.NETSUITE_PRIVATE_KEY,
    Credential.Kind.NETSUITE_CONSUMER_SECRET,
    Credential.Kind.NETSUITE_TOKEN_ID,
    Credential.Kind.NETSUITE_TOKEN_SECRET,
)
KEEPS = "Leave empty to keep the one that is stored; it is never shown."


def secret_input() -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False)


class ShopForm(ModelForm):
    loop_api_key = forms.CharField(label="Loop API key", required=False, widget=secret_input(), help_text=KEEPS)
    loop_webhook_secret = forms.CharField(
        label="Loop webhook secret", required=False, widget=secret_input(), help_text=KEEPS
    )
    keep_old = forms.BooleanField(
        label="Accept the former webhook secret too", required=False, help_text="While Loop changes over to the new one"
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        key = values.get("loop_api_key")
        other = find_shop_with_key(key, besides=self.instance) if key else None
        if other:
            words = f"{other} has this key: its returns would come in a second time, and be booked a second time."
            self.add_error("loop_api_key", words)
        return values


class AccountForm(FittingAccountForm):
    netsuite_private_key = forms.CharField(
        label="Private key (PEM)", required=False, strip=False, help_text=KEEPS,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    public_certificate = forms.CharField(
        label="Public certificate (PEM)", required=False,
        help_text="Optional: its end is read from it, and whether it belongs to the private key. It is not kept.",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    netsuite_consumer_secret = forms.CharField(
        label="Consumer secret", required=False, widget=secret_input(), help_text=KEEPS
    )
    netsuite_token_id = forms.CharField(label="Token id", required=False, widget=secret_input(), help_text=KEEPS)
    netsuite_token_secret = forms.CharField(
        label="Token secret", required=False, widget=secret_input(), help_text=KEEPS
    )
    lane_count = forms.IntegerField(
        label="Calls in flight at most", min_value=1, max_value=50, help_text="Of the account's concurrency limit"
    )
    lanes_kept = forms.IntegerField(
        label="Kept for people and reading", min_value=0, max_value=10, required=False,
        help_text="Of these; the sender borrows them while nobody reads",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = LaneLimit.objects.filter(pk=self.instance.pk).first() or LaneLimit()
        self.initial.setdefault("lane_count", limit.count)
        self.initial.setdefault("lanes_kept", limit.kept_for_reading)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        public = values.get("public_certificate")
        if public:
            values["certificate_expires_at"] = self._read_expiry(public, values.get("netsuite_private_key", ""))
        return values

    def _read_expiry(self, public: str, entered_key: str) -> datetime | None:
        kept = open_secrets(self.instance, Credential.Kind.NETSUITE_PRIVATE_KEY) if self.instance.pk else []
        try:
            return read_expiry(public, private_pem=entered_key or next(iter(kept), ""))
        except ConfigurationError as error:
            self.add_error("public_certificate", error.detail)
            return None


@admin.register(Shop)
class ShopAdmin(CheckedAdmin):
    form = ShopForm
    secrets = ("loop_api_key", "loop_webhook_secret")
    formfield_overrides = HTTPS
    list_display = ("name", "code", "account", "currency", "last_ok_at", "failing_since", "paused_at")
    list_select_related = ("account",)
    search_fields = ("^name", "^code")
    readonly_fields = (*HEALTH, *WEBHOOKS)
    fieldsets = (
        (None, {"fields": ("code", "name", "currency", "time_zone", "start_from", "account")}),
        ("Loop", {"fields": ("base_url", "api_version", "loop_api_key", "calls_per_minute", "loop_shop_id")}),
        ("Loop's webhooks", {"fields": ("loop_webhook_secret", "keep_old", "more_webhooks", *WEBHOOKS)}),
        ("Connection", {"fields": HEALTH}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        always = (*HEALTH, *WEBHOOKS)
        if obj is None:
            return always
        # The code is part of every external id there is; records of its returns are named by ids of the account.
        return (*always, "code", "account") if obj.returns.exists() else (*always, "code")

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        key, secret = form.cleaned_data["loop_api_key"], form.cleaned_data["loop_webhook_secret"]
        if key:
            store_secret(obj, Credential.Kind.LOOP_API_KEY, key)
        if secret:
            store_secret(obj, Credential.Kind.LOOP_WEBHOOK_SECRET, secret, keep_old=form.cleaned_data["keep_old"])


class LaneHoursForm(ModelForm):
    weekdays = forms.TypedMultipleChoiceField(
        choices=list(enumerate(WEEKDAYS)), coerce=int, widget=forms.CheckboxSelectMultiple,
        help_text="The day on which the hours begin",
    )  # fmt: skip


class LaneHoursSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        super().clean()
        filled = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if any(form.errors for form in filled):
            return
        overlap = find_overlap([form.instance for form in filled])
        if overlap:
            one, other = overlap
            raise forms.ValidationError(f"Two rows hold at the same time: «{one.why}» and «{other.why}».")


class LaneHoursInline(TabularInline):
    """Quiet hours and peaks, in the account's time zone; they overrule the number above while they last."""

    model = LaneHours
    form = LaneHoursForm
    formset = LaneHoursSet
    extra = 0


@admin.register(NetSuiteAccount)
class NetSuiteAccountAdmin(CheckedAdmin):
    form = AccountForm
    inlines = (LaneHoursInline,)
    secrets = (*ACCOUNT_SECRETS, "public_certificate")
    formfield_overrides = HTTPS
    list_display = ("account_id", "base_url", "certificate_expires_at", "last_ok_at", "failing_since", "paused_at")
    search_fields = ("^account_id",)
    readonly_fields = HEALTH
    fieldsets = (
        (None, {"fields": ("account_id", "base_url", "time_zone", "subsidiary_id", "lane_count", "lanes_kept")}),
        ("Access", {"fields": ("auth", "client_id")}),
        (
            "OAuth 2.0",
            {"fields": ("certificate_id", "netsuite_private_key", "public_certificate", "certificate_expires_at")},
        ),
        (
            "Token-based access",
            {
                "description": ENDS_NOTE,
                "classes": ("collapse",),
                "fields": ("netsuite_consumer_secret", "netsuite_token_id", "netsuite_token_secret"),
            },
        ),
        ("Fields", {"fields": ("line_reference_field", "sku_field", "category_field", "stock_table")}),
        (
            "How this account behaves",
            {
                "description": "Answered by a check of the connection or a trial in a NetSuite sandbox.",
                "fields": (
                    "receipt_key", "refund_apply_line", "sends_order_doc", "has_forms", "write_mode",
                    "memo_chars_max", "database_time_zone",
                ),
            },
        ),
        ("Connection", {"fields": HEALTH}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        has_returns = obj is not None and obj.shops.exclude(returns=None).exists()
        return (*HEALTH, "account_id") if has_returns else HEALTH

    def save_model(self, request: HttpRequest, obj: NetSuiteAccount, form: Any, change: bool) -> None:
        obj.certificate_expires_at = form.cleaned_data.get("certificate_expires_at")
        if "has_forms" in form.changed_data:
            obj.profile.pop(NO_FORMS, None)  # switched by hand: ask the account once more
        super().save_model(request, obj, form, change)
        for kind in ACCOUNT_SECRETS:
            if form.cleaned_data[kind]:
                store_secret(obj, kind, form.cleaned_data[kind])
        kept = form.cleaned_data["lanes_kept"]
        set_lanes(obj, form.cleaned_data["lane_count"], by=person_of(request), kept_for_reading=kept)


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "shop", "verdict", "trigger", "loop_return_id", "times_received")
    list_select_related = ("shop",)
    list_filter = ("verdict", "shop", "trigger")
    search_fields = ("=loop_return_id", "^digest")
    ordering = ("-pk",)
    fields = (
        "shop", "received_at", "last_received_at", "times_received", "signed", "verdict", "failure", "topic",
        "trigger", "loop_return_id", "says", "acknowledged_at", "digest", "body",
    )  # fmt: skip
    readonly_fields = ("body", "says")
    actions = ("mark_seen",)

    @admin.action(description="Mark as seen: its case closes by itself", permissions=["view"])
    def mark_seen(self, request: HttpRequest, events: QuerySet[InboundEvent]) -> None:
        by = person_of(request)
        seen = sum(inbox.acknowledge_event(event, by=by) for event in events.select_related("shop")[:EVENTS_MAX])
        self.message_user(request, f"{count_words(seen, 'unreadable message')} marked as seen.", messages.SUCCESS)

    @admin.display(description="What it says", empty_value="–")
    def says(self, event: InboundEvent) -> str | None:
        if event.verdict != InboundEvent.Verdict.READ:
            return None
        try:
            return describe_webhook(parse_webhook(bytes(event.raw))) or None
        except UnreadableRecordError as error:
            return error.detail

    @admin.display(description="Body as received")
    def body(self, event: InboundEvent) -> str:
        return bytes(event.raw)[:BODY_CHARS_MAX].decode(errors="replace")


def accounts_where(request: HttpRequest, right: str) -> QuerySet[NetSuiteAccount]:
    """Accounts in which shops keep their books where this person holds `right`."""
    shops = access.rows_where(person_of(request), right, rows=Shop.objects.all())
    return NetSuiteAccount.objects.filter(pk__in=shops.values("account_id"))
