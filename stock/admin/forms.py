"""What people type about products and stock."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.intake.transferring import LONGEST_NOTE
from stock.barcodes import canonical
from stock.catalogue import LONGEST_LOCATION
from stock.warehouses import LONGEST_NAME, MOST_PRIORITY, Place, Warehouses

MOST_UNITS = 10_000_000


class PlaceForm(forms.Form):
    """Asks for a warehouse where there are several that take goods."""

    warehouse = forms.TypedChoiceField(label=_("Warehouse"), coerce=int)

    def __init__(self, *args: Any, here: Warehouses, **options: Any) -> None:
        super().__init__(*args, **options)
        self.here = here
        if not here.several:
            del self.fields["warehouse"]
            return
        asked: Any = self.fields["warehouse"]
        asked.choices = [(row.pk, row.name) for row in here.active]
        default = here.at(here.default)
        asked.initial = default.pk if default else None

    @property
    def place(self) -> Place:
        """What was chosen; the only one where nothing was asked."""
        return self.here.place(self.cleaned_data.get("warehouse", self.here.first))


class ReceiveForm(PlaceForm):
    """Goods that came in. `seen` is the last booking the person had before their eyes."""

    quantity = forms.IntegerField(
        label=_("Units received"),
        min_value=1,
        max_value=MOST_UNITS,
        error_messages={"min_value": _("Enter one unit or more; to take units away, use “Adjust”.")},
    )
    note = forms.CharField(label=_("Note"), max_length=300, help_text=_("For example the delivery note's number."))
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AdjustForm(PlaceForm):
    """A count that found another number."""

    quantity = forms.IntegerField(
        label=_("Units (negative takes off)"),
        min_value=-MOST_UNITS,
        max_value=MOST_UNITS,
        help_text=_("For example -2 when two units are missing."),
    )
    note = forms.CharField(label=_("Why"), max_length=300)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_quantity(self) -> int:
        quantity: int = self.cleaned_data["quantity"]
        if quantity == 0:
            raise forms.ValidationError(_("Zero units change nothing: enter how many more or fewer there are."))
        return quantity


class LocationForm(PlaceForm):
    """Where a product lies in a warehouse."""

    location = forms.CharField(
        label=_("Location"),
        max_length=LONGEST_LOCATION,
        required=False,
        help_text=_("As the labels on the shelves say it, e.g. A-03-2. Pick lists are sorted by it."),
    )


class TransferForm(forms.Form):
    """Goods for another warehouse."""

    quantity = forms.IntegerField(label=_("Units"), min_value=1, max_value=MOST_UNITS)
    source = forms.TypedChoiceField(label=_("From"), coerce=int)
    target = forms.TypedChoiceField(label=_("To"), coerce=int)
    note = forms.CharField(label=_("Note"), max_length=LONGEST_NOTE, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, here: Warehouses, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = {"source": here.rows, "target": here.active}
        for name, rows in offered.items():
            asked: Any = self.fields[name]
            asked.choices = [(row.pk, row.name) for row in rows]
        others = [row.pk for row in here.active if here.rows and row.pk != here.rows[0].pk]
        self.fields["target"].initial = next(iter(others), None)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if "source" in values and values["source"] == values.get("target"):
            self.add_error("target", _("The goods are there already: choose another warehouse."))
        return values


class EanForm(forms.Form):
    ean = forms.CharField(
        label=_("EAN"),
        max_length=60,
        required=False,
        help_text=_("Or UPC, GTIN, a number of your own. Shops may be told to find their articles by it."),
    )

    def clean_ean(self) -> str:
        typed: str = self.cleaned_data["ean"]
        ean = canonical(typed)
        if typed and not ean:
            raise forms.ValidationError(_("This is no EAN: it is empty, all zeros, or longer than 50 characters."))
        return ean


class ProductForm(EanForm):
    """A new product."""

    field_order = ("sku", "name", "ean")

    sku = forms.CharField(label=_("SKU"), max_length=100, help_text=_("As the shops write it; it cannot be changed."))
    name = forms.CharField(label=_("Name"), max_length=300)


class WarehouseForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)


class WarehouseSettingsForm(WarehouseForm):
    priority = forms.IntegerField(
        label=_("Priority"),
        min_value=0,
        max_value=MOST_PRIORITY,
        help_text=_("Where a rule asks for a warehouse that has everything, smaller numbers are asked first."),
    )


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=300)
