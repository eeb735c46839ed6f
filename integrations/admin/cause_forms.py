"""The forms that put a root cause right, each a few fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.admin.shop_forms import CREDENTIAL, SecretField
from integrations.choices import ImportAction
from integrations.models import Integration
from integrations.shops.rule_settings import selectable
from stock.admin.forms import MOST_UNITS


class CauseForm(forms.Form):
    """Which cause: hidden fields of every form."""

    shop = forms.IntegerField(min_value=1, max_value=2**62)
    code = forms.CharField(max_length=50)
    subject = forms.CharField(max_length=255, required=False, strip=False)


class AddProductForm(forms.Form):
    """The name as the shop's line has it; units already on the shelf, where the person may book stock."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=300)
    units = forms.IntegerField(
        label=gettext_lazy("Units on hand"),
        required=False,
        min_value=0,
        max_value=MOST_UNITS,
        help_text=gettext_lazy("Empty: none yet."),
    )

    def __init__(self, *args: Any, may_book: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_book:
            del self.fields["units"]


class MapSkuForm(forms.Form):
    """A SKU typed, or one of the suggestions clicked."""

    sku = forms.CharField(label=gettext_lazy("SKU of your product"), max_length=100, required=False)
    suggested = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        chosen = values.get("suggested") or values.get("sku")
        if not chosen and not self.errors:
            self.add_error("sku", _("Enter the SKU of one of your products, or choose a suggestion."))
        return values | {"sku": chosen}


class DismissForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why they shall never be imported"), max_length=300)


class NameCodeForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name here"), max_length=200)


class ChooseRuleForm(forms.Form):
    """What becomes of a status; `seen` is what the page showed of its rule."""

    action = forms.ChoiceField(
        label=gettext_lazy("Import"), choices=[choice for choice in ImportAction.choices if selectable(choice[0])]
    )
    retry = forms.BooleanField(
        label=gettext_lazy("Retry"),
        required=False,
        help_text=gettext_lazy("Look again hourly whether the status has become importable."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False, strip=False)


class CredentialsForm(forms.Form):
    """The credentials of a shop alone; what is left empty stays as it is."""

    def __init__(self, *args: Any, integration: Integration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in integration.connector.credential_fields:
            self.fields[CREDENTIAL + field.key] = SecretField(
                label=field.label, help_text=field.help_text, stored=True, required=False
            )

    def credentials(self) -> dict[str, str]:
        return {name.removeprefix(CREDENTIAL): value for name, value in self.cleaned_data.items()}
