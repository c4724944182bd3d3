"""The form of the admin that changes what plans follow."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet

from integrations.models import Shop
from returnsops.people.admin_parts import ModelForm
from returnsops.returns.models import Item, KitMember, SkuMapping


class ItemSelect(AutocompleteSelect):
    """Searches the items of one shop's account. shop_hint: the shop's key, empty while none is chosen."""

    shop_hint = ""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        """With words in the empty box: they are also its name for a screen reader."""
        return super().build_attrs(base_attrs, extra_attrs) | {"data-placeholder": "Search NetSuite items"}

    def get_url(self) -> str:
        address = super().get_url()
        return f"{address}?shop={self.shop_hint}" if self.shop_hint.isdecimal() else address


class KitMemberForm(ModelForm):
    class Meta:
        model = KitMember
        fields = ("item", "quantity")

    def clean_item(self) -> Item:
        item: Item = self.cleaned_data["item"]
        kit = self.instance.kit
        if item.account_id != kit.account_id:
            raise forms.ValidationError(f"{item} is an item of {item.account}; {kit} is one of {kit.account}.")
        if item.item_type == Item.KIT:
            raise forms.ValidationError(f"{item} is a kit itself. Name what lies in it.")
        return item


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
