"""What the station asks. Plain forms: they check shape; `returnsops.returns.inspection` holds the rules."""

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet

from integrations.models import Shop
from returnsops.returns.found import COUNT_MAX
from returnsops.returns.models import InspectedUnit
from returnsops.returns.parcels import SCAN_CHARS_MAX

NOTE_CHARS_MAX = 500
# Outcomes that cost somebody something: the words are what finance and the customer are shown.
NOTE_NEEDED = (
    InspectedUnit.Outcome.DAMAGED,
    InspectedUnit.Outcome.REFUSED,
    InspectedUnit.Outcome.HOLD,
    InspectedUnit.Outcome.SCRAPPED,
)


class JudgeForm(forms.Form):
    """One press on an outcome. `word` is a note chosen from the list, `note` one that was typed."""

    unit = forms.CharField(max_length=40)
    outcome = forms.ChoiceField(choices=InspectedUnit.Outcome.choices)
    client_id = forms.UUIDField()
    word = forms.CharField(max_length=80, required=False)
    note = forms.CharField(max_length=NOTE_CHARS_MAX, required=False)

    @property
    def full_note(self) -> str:
        return ". ".join(filter(None, [self.cleaned_data["word"], self.cleaned_data["note"].strip()]))

    @property
    def wants_note(self) -> bool:
        return self.cleaned_data["outcome"] in NOTE_NEEDED and not self.full_note


class FoundForm(forms.Form):
    """Goods that are not on the return. `unit`: in place of which one; `as_typed`: it is none of the items offered."""

    sku = forms.CharField(
        label="Scan it, or type its SKU or name", max_length=SCAN_CHARS_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "autofocus": True}),
    )  # fmt: skip
    count = forms.IntegerField(
        label="How many", min_value=1, max_value=COUNT_MAX, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    note = forms.CharField(label="Anything that helps", max_length=NOTE_CHARS_MAX, required=False)
    unit = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    client_id = forms.UUIDField(widget=forms.HiddenInput)
    as_typed = forms.BooleanField(required=False, widget=forms.HiddenInput)


class BlindParcelForm(forms.Form):
    """A parcel nobody can place. The shop is asked only when there are several."""

    scanned = forms.CharField(label="What the label says", max_length=SCAN_CHARS_MAX)
    shop = forms.ModelChoiceField(label="Shop", queryset=Shop.objects.none(), empty_label="Choose the shop")
    note = forms.CharField(
        label="What is in it", max_length=NOTE_CHARS_MAX, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Anything that helps to find its return: a name, an order number, the goods.",
    )  # fmt: skip
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, shops: QuerySet[Shop], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["shop"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = shops
        if shops.count() == 1:
            field.widget, field.initial = forms.HiddenInput(), shops.first()
