"""How many calls at once an account may have, seen and set by a person."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from integrations.models import LaneHours, NetSuiteAccount, Shop
from integrations.netsuite.lane_hours import WEEKDAYS
from integrations.netsuite.lanes import LaneUse, lanes_in_use, set_lanes
from returnsops.lib import clock
from returnsops.pages.connection_page import find_connection, seen_connections
from returnsops.people import access
from returnsops.people.models import User

LANES_MAX = 500  # more than any NetSuite account is sold with
REASON_CHARS_MAX = 200
RIGHT = "set lanes"
Card = dict[str, Any]


class LanesForm(forms.Form):
    count = forms.IntegerField(
        label="Calls at once", min_value=1, max_value=LANES_MAX,
        help_text="All senders, workers and screens together. Other integrations need their part of the account.",
    )  # fmt: skip
    kept_for_reading = forms.IntegerField(
        label="Kept for reading", min_value=0, max_value=LANES_MAX,
        help_text="Of these, for people and mirrors. Senders borrow them while nobody reads.",
    )  # fmt: skip
    reason = forms.CharField(label="Reason", max_length=REASON_CHARS_MAX, help_text="For the audit.")

    def clean(self) -> Card:
        cleaned: Card = super().clean() or {}
        count, kept = cleaned.get("count"), cleaned.get("kept_for_reading")
        if count is not None and kept is not None and kept >= max(count, 2):
            self.add_error("kept_for_reading", "At least one has to be left for sending.")
        return cleaned


def describe_lanes(user: User, pk: int, *, form: LanesForm | None = None) -> Card:
    """The context of pages/lanes.html. Raises Http404 for an account this person does not see."""
    account = _find_account(user, pk)
    use = lanes_in_use(account.pk)
    initial = {"count": use.count, "kept_for_reading": use.kept_for_reading}
    return {
        "now": clock.now(),
        "name": str(account),
        "url": reverse("lanes", args=[account.pk]),
        "rows": _rows(use),
        "hours": [_hours_row(row) for row in account.lane_hours.all()],
        "form": (form or LanesForm(initial=initial)) if may_set(user, account) else None,
    }


def set_lanes_by(user: User, pk: int, form: LanesForm) -> str:
    """Gives the account's name. Raises PermissionDenied without the right in every shop of the account."""
    assert form.is_valid(), "only a form that was checked sets lanes"
    account = _find_account(user, pk)
    if not may_set(user, account):
        raise PermissionDenied(f"To set the lanes of {account} you need the role Administrator in each of its shops.")
    values = form.cleaned_data
    set_lanes(account, values["count"], by=user, kept_for_reading=values["kept_for_reading"], reason=values["reason"])
    return str(account)


def may_set(user: User, account: NetSuiteAccount) -> bool:
    """Lanes are shared by all shops of the account, also by those this person does not see."""
    shops = Shop.objects.filter(account=account)
    return shops.count() == access.rows_where(user, RIGHT, rows=shops).count()


def _find_account(user: User, pk: int) -> NetSuiteAccount:
    account = find_connection(seen_connections(user), kind="netsuite", pk=pk)
    assert isinstance(account, NetSuiteAccount), "lanes are an account's"
    return account


def _rows(use: LaneUse) -> list[Card]:
    by_hour = "" if use.planned == use.count else "by the hour"
    fewer = "since NetSuite refused calls as too many; more are tried until all are back"
    rows = [
        {"label": "Set", "value": str(use.count)},
        {"label": "Holds now", "value": str(use.planned), "note": by_hour},
        {"label": "Usable now", "value": str(use.allowed), "note": fewer if use.allowed < use.planned else ""},
        {"label": "In use", "value": f"{use.in_use_by_senders} sending, {use.in_use_for_reading} reading"},
        {"label": "Refused as too many", "value": f"{use.refused:,}", "note": "ever"},
    ]
    if use.held_because:
        rows.append({"label": "NetSuite's words", "value": use.held_because, "note": ""})
    return rows


def _hours_row(row: LaneHours) -> Card:
    days = ", ".join(WEEKDAYS[day][:3] for day in row.weekdays)
    return {"days": days, "from": row.starts, "to": row.ends, "lanes": row.lanes, "why": row.why}
