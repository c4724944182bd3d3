"""The two forms of the admin that change what plans follow."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet

from integrations.models import Shop
from returnsops.people.admin_parts import ModelForm
from returnsops.returns.models import Item, PolicyVersion, SkuMapping
from returnsops.returns.policies import refuse_misfits
from returnsops.returns.policy import parse_policy


class ItemSelect(AutocompleteSelect):
    """Searches the items of one shop's account. shop_hint: the shop's key, empty while none is chosen."""

    shop_hint = ""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """With words in the empty box: they are also its name for a screen reader."""
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": "Search NetSuite items"}

    def get_url(self) -> str:
        address = super().get_url()
        return f"{address}?shop={self.shop_hint}" if self.shop_hint.isdecimal() else address


class SkuMappingForm(ModelForm):
    shops: QuerySet[Shop] = Shop.objects.none()  # set by the admin for the person who asks
    shop_hint = ""

    item = forms.ModelChoiceField(
        label="NetSuite item", queryset=Item.objects.select_related("account"),
        help_text="Search by name or number, display name or UPC.",
        widget=ItemSelect(SkuMapping._meta.get_field("item"), admin.site),
    )  # fmt: skip
    reason = forms.CharField(
        max_length=300, help_text="Why these two are the same thing. Kept with the mapping.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )  # fmt: skip

    class Meta:
        model = SkuMapping
        fields = ("shop", "sku", "item", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "shop" not in self.fields:  # a former mapping, only looked at
            return
        self.fields["item"].widget.shop_hint = self.shop_hint
        self.fields["shop"].queryset = self.shops  # type: ignore[attr-defined]
        if self.instance.pk:  # what is mapped stays; only what it means can be chosen anew
            self.initial["reason"] = ""
            self.fields["shop"].disabled = self.fields["sku"].disabled = True

    def clean_sku(self) -> str:
        return str(self.cleaned_data["sku"]).strip()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        shop, item, sku = data.get("shop"), data.get("item"), data.get("sku")
        if shop and item and item.account_id != shop.account_id:
            self.add_error("item", f"{item} is an item of {item.account}; the books of {shop} are in {shop.account}.")
        elif item and item.is_inactive:
            self.add_error("item", f"{item} is inactive in NetSuite. Activate it there, or choose another.")
        elif shop and SkuMapping.objects.filter(shop=shop, sku=sku, item=item, active=True).exists():
            self.add_error("item", f"{sku} means this item already. Nothing would change.")
        return data

    def validate_constraints(self) -> None:
        """Not asked: a mapping that is active now is superseded by `map_sku`, not in the way."""


class PolicyForm(ModelForm):
    shops: QuerySet[Shop] = Shop.objects.none()

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), help_text="What changes, and why")
    override = forms.BooleanField(
        label="Follow these rules although another program writes the same documents", required=False,
        help_text="Only for what the message above calls two writers. The reason says why it is right.",
    )  # fmt: skip

    class Meta:
        model = PolicyVersion
        fields = ("shop", "rules", "reason")
        widgets = {"rules": forms.Textarea(attrs={"rows": 26, "cols": 90, "spellcheck": "false"})}
        help_texts = {"rules": "All settings of the shop as JSON. What is left out follows the default."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "shop" in self.fields:
            self.fields["shop"].queryset = self.shops  # type: ignore[attr-defined]

    def clean_rules(self) -> dict[str, Any]:
        """Every setting that is wrong is named, each with the way out."""
        rules = self.cleaned_data["rules"]
        if not isinstance(rules, dict):
            raise forms.ValidationError('The rules are an object: {"setting": value, …}.')
        parse_policy(rules)
        return rules

    def clean(self) -> dict[str, Any]:
        """Rules that the last check of the account contradicts are refused here, with the words beside the rules."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        shop, rules = data.get("shop"), data.get("rules")
        if shop is not None and rules is not None:
            try:
                refuse_misfits(shop, parse_policy(rules), override=data.get("override", False))
            except forms.ValidationError as refusal:
                self.add_error("rules", refusal)
        return data

    def validate_constraints(self) -> None:
        """Not asked: `activate_policy` numbers the version and switches the former one off."""
