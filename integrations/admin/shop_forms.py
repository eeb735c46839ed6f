"""The settings of a shop as a form; credential fields come from its connector and are write-only."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.choices import BaseChoiceIterator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import true_time
from config.kit.admin.long_select import LongSelect
from integrations.choices import UnknownProducts
from integrations.client.addresses import check_shop_url
from integrations.connectors.contract import Connector
from integrations.models import Integration
from integrations.shops.settings import ShopSettings

LONGEST_SECRET = 4_000
CREDENTIAL = "credential_"
MOST_OVERLAP = 24 * 60
FIRST_YEAR = 2000


@cache
def zones() -> list[tuple[str, str]]:
    """Of the files that this Python has; they are looked through once."""
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones()) if name != "localtime"]


class ZoneChoices(BaseChoiceIterator):
    """As a choice has them. Of a function Django would look into each of six hundred, several times a page."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(zones())


class SecretField(forms.CharField):
    """Entered once, never shown again; left empty it stays what it is."""

    def __init__(self, *, stored: bool, required: bool = True, **options: Any) -> None:
        hint = _("unchanged") if stored else ""
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password", "placeholder": hint}, render_value=False)
        super().__init__(
            required=required and not stored, widget=widget, max_length=LONGEST_SECRET, strip=False, **options
        )

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        inner = text.strip(" ")
        if any(ord(char) < 32 or ord(char) == 127 for char in inner):
            raise ValidationError(_("There is a line break or a tab inside: copy the value again, without it."))
        return inner


class AddressForm(forms.Form):
    """Where a shop is, and its keys."""

    base_url = forms.CharField(
        label=gettext_lazy("Website"),
        max_length=2000,
        help_text=gettext_lazy("The shop's address, e.g. https://shop.example"),
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )

    def add_keys(self, connector: Connector, stored: Mapping[str, str]) -> None:
        """The fields of the platform's credentials; those that are `stored` need not be entered."""
        for field in connector.credential_fields:
            self.fields[CREDENTIAL + field.key] = SecretField(
                label=field.label,
                help_text=field.help_text,
                stored=bool(stored.get(field.key)),
                required=field.required,
            )

    def clean_base_url(self) -> str:
        try:
            return check_shop_url(self.cleaned_data["base_url"], settings.ALLOWED_SHOP_ADDRESSES)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ShopForm(AddressForm):
    """The settings of a shop that is connected."""

    field_order = ("title", "base_url")

    title = forms.CharField(
        label=gettext_lazy("Title"), max_length=100, help_text=gettext_lazy("What your people call this shop.")
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=ZoneChoices(),
        widget=LongSelect,
        help_text=gettext_lazy("The zone the shop itself is set to."),
    )
    enabled = forms.BooleanField(
        label=gettext_lazy("Switched on"),
        required=False,
        help_text=gettext_lazy("Off: nothing is read from this shop, by hand or automatically."),
    )
    start_at = forms.DateTimeField(
        label=gettext_lazy("Orders since"),
        help_text=gettext_lazy("The first load starts here; automatic loads never go before it."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    unknown_products = forms.ChoiceField(
        label=gettext_lazy("Unknown products"),
        choices=UnknownProducts.choices,
        help_text=gettext_lazy("What happens when an order has a SKU that is not among the products."),
    )
    overlap = forms.IntegerField(
        label=gettext_lazy("Overlap in minutes"),
        min_value=0,
        max_value=MOST_OVERLAP,
        help_text=gettext_lazy("How far each load reaches back into the one before it."),
    )

    def __init__(self, data: Any = None, *, integration: Integration) -> None:
        initial = {
            "title": integration.title,
            "base_url": integration.base_url,
            "time_zone": integration.time_zone,
            "enabled": integration.enabled,
            "start_at": integration.start_at,
            "unknown_products": integration.unknown_products,
            "overlap": round(integration.overlap.total_seconds() / 60),
        }
        super().__init__(data, initial=initial)
        self.label_suffix = ""
        self.add_keys(integration.connector, integration.credentials)

    def clean_start_at(self) -> datetime:
        start: datetime = self.cleaned_data["start_at"]
        if not FIRST_YEAR <= start.year <= true_time.now().year + 1:
            raise ValidationError(_("Choose a day between %(year)s and a year from now.") % {"year": FIRST_YEAR})
        return start

    def settings(self) -> ShopSettings:
        values = self.cleaned_data
        return ShopSettings(
            title=values["title"],
            base_url=values["base_url"],
            time_zone=values["time_zone"],
            enabled=values["enabled"],
            start_at=values["start_at"],
            unknown_products=UnknownProducts(values["unknown_products"]),
            overlap=timedelta(minutes=values["overlap"]),
        )

    def credentials(self) -> dict[str, str]:
        return {
            name.removeprefix(CREDENTIAL): value
            for name, value in self.cleaned_data.items()
            if name.startswith(CREDENTIAL)
        }
