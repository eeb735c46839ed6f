"""What people type when they work on an order. `seen` is the order's version they had before their eyes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.postal import address_lines
from orders.intake.incoming import IncomingAddress
from orders.models import OrderLine
from orders.work.attachments import LARGEST
from orders.work.changing import open_units
from orders.work.crediting_plan import Creditable
from orders.work.lifecycle import LONGEST_REASON
from orders.work.moving import destinations, shippable
from stock.warehouses import Warehouses


class SeenForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)


class LookedForm(SeenForm):
    """For steps that ask for a look first, where the shop has changed the order."""

    looked = forms.BooleanField(label=gettext_lazy("I have looked at what the shop says"), required=False)
    shop_version = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    """What the page showed of the shop (`in_shop.version_of`)."""

    @property
    def seen_in_shop(self) -> str:
        """What somebody says they have looked at; "" for nothing."""
        return str(self.cleaned_data["shop_version"]) if self.cleaned_data["looked"] else ""


class ReasonForm(SeenForm):
    reason = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=LONGEST_REASON)


class WarehouseForm(ReasonForm):
    """Another warehouse for an order."""

    warehouse = forms.TypedChoiceField(label=gettext_lazy("Warehouse"), coerce=int)

    def __init__(self, here: Warehouses, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        asked: Any = self.fields["warehouse"]
        asked.choices = [(row.pk, row.name) for row in here.active]


class AddressForm(SeenForm):
    first_name = forms.CharField(label=gettext_lazy("First name"), required=False, max_length=100)
    last_name = forms.CharField(label=gettext_lazy("Last name"), required=False, max_length=100)
    company = forms.CharField(label=gettext_lazy("Company"), required=False, max_length=200)
    line_1 = forms.CharField(label=gettext_lazy("Street and number"), required=False, max_length=255)
    line_2 = forms.CharField(label=gettext_lazy("Second line"), required=False, max_length=255)
    postal_code = forms.CharField(label=gettext_lazy("Postal code"), required=False, max_length=30)
    city = forms.CharField(label=gettext_lazy("City"), required=False, max_length=100)
    state = forms.CharField(label=gettext_lazy("State or region"), required=False, max_length=100)
    country = forms.RegexField(
        "^[A-Za-z]{2}$",
        label=gettext_lazy("Country"),
        required=False,
        help_text=gettext_lazy("Two letters, e.g. CZ."),
        error_messages={"invalid": gettext_lazy("Enter the country as two letters, e.g. CZ.")},
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), required=False, max_length=40)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)

    @property
    def address(self) -> IncomingAddress:
        values = {name: self.cleaned_data[name] for name in IncomingAddress.__struct_fields__}
        return IncomingAddress(**values | {"country": values["country"].upper()})


class BuyersNoteForm(SeenForm):
    note = forms.CharField(
        label=gettext_lazy("Note of the buyer"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True)
class Row:
    """A row of a form that has one per line."""

    line: Any
    most: int
    fields: tuple[forms.BoundField, ...]


class ItemsForm(ReasonForm):
    """Units to cancel and another SKU, per line that has open units."""

    def __init__(self, lines: Sequence[OrderLine], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = [line for line in lines if open_units(line)]
        for line in self.lines:
            named = line.sku or line.name
            self.fields[f"cancel_{line.pk}"] = units(open_units(line), _("Cancel units of %(line)s") % {"line": named})
            self.fields[f"sku_{line.pk}"] = forms.CharField(
                required=False,
                max_length=100,
                widget=forms.TextInput(attrs={"aria-label": _("Another SKU for %(line)s") % {"line": named}}),
            )
            self.fields[f"sku_{line.pk}"].disabled = bool(line.shipped)

    @property
    def rows(self) -> list[Row]:
        return [Row(line, open_units(line), (self[f"cancel_{line.pk}"], self[f"sku_{line.pk}"])) for line in self.lines]

    @property
    def cancel(self) -> dict[int, int]:
        return {line.pk: self.cleaned_data[f"cancel_{line.pk}"] or 0 for line in self.lines}

    @property
    def skus(self) -> dict[int, str]:
        return {line.pk: self.cleaned_data[f"sku_{line.pk}"] or "" for line in self.lines}


class ShipForm(LookedForm):
    """Units that leave, per line of which some can; all of them unless somebody types fewer.

    Of an order to several addresses, those to the first: a shipment goes to one.
    """

    carrier = forms.CharField(label=gettext_lazy("Carrier"), required=False, max_length=200)
    tracking_number = forms.CharField(label=gettext_lazy("Tracking number"), required=False, max_length=100)

    def __init__(self, lines: Sequence[OrderLine], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = [line for line in lines if shippable(line)]
        first = next(iter(destinations(self.lines)), {})
        for line in self.lines:
            label = _("Ship units of %(line)s") % {"line": line.sku or line.name}
            goes = line.shipping == first or (line.product_id is None and not line.shipping)
            initial = shippable(line) if goes else 0
            self.fields[f"units_{line.pk}"] = units(shippable(line), label, initial=initial)

    @property
    def parcels(self) -> list[tuple[str, list[Row]]]:
        """(where to, rows), "" where all goes to the address of the order."""
        found: dict[str, list[Row]] = {}
        several = any(line.shipping for line in self.lines)
        for line in self.lines:
            place = ", ".join(address_lines(line.shipping or line.order.shipping)) if several else ""
            found.setdefault(place, []).append(Row(line, shippable(line), (self[f"units_{line.pk}"],)))
        return list(found.items())

    @property
    def units(self) -> dict[int, int]:
        return {line.pk: self.cleaned_data[f"units_{line.pk}"] or 0 for line in self.lines}


class TrackingForm(SeenForm):
    carrier = forms.CharField(label=gettext_lazy("Carrier"), required=False, max_length=200)
    tracking_number = forms.CharField(label=gettext_lazy("Tracking number"), required=False, max_length=100)


class CreditForm(ReasonForm):
    """A credit note: for units of lines, for an amount, or for all that is left. What is typed decides."""

    ALL, LINES, AMOUNT = "all", "lines", "amount"
    what = forms.ChoiceField(
        label=gettext_lazy("Credit"),
        choices=[
            (LINES, gettext_lazy("the units entered below")),
            (AMOUNT, gettext_lazy("the amount entered below")),
            (ALL, gettext_lazy("all that is left of the invoice")),
        ],
        initial=LINES,
        required=False,
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount with tax"), required=False, max_digits=15, decimal_places=4, min_value=Decimal(0)
    )
    return_stock = forms.BooleanField(
        label=gettext_lazy("The goods come back to stock"),
        required=False,
        help_text=gettext_lazy("Shipped units are on hand again; units that are not shipped yet are cancelled."),
    )

    def __init__(self, lines: Sequence[Creditable], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = [line for line in lines if line.left > 0]
        for line in self.lines:
            label = _("Credit units of %(line)s") % {"line": line.sku or line.name}
            self.fields[f"units_{line.place}"] = units(line.left, label)

    @property
    def rows(self) -> list[Row]:
        return [Row(line, line.left, (self[f"units_{line.place}"],)) for line in self.lines]

    @property
    def units(self) -> dict[int, int]:
        return {line.place: self.cleaned_data.get(f"units_{line.place}") or 0 for line in self.lines}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        typed, amount = any(self.units.values()), values.get("amount")
        values["what"] = values["what"] or (self.LINES if typed else self.AMOUNT)
        if typed and values["what"] != self.LINES:
            sentence = _(
                "You entered units, and chose “%(what)s”. Choose “%(lines)s”, or take the units out: only one of both"
                " can be credited."
            )
            named = dict(self.fields["what"].choices)  # type: ignore[attr-defined]
            told = {"what": named[values["what"]], "lines": named[self.LINES]}
            self.add_error("what", sentence % told)
        elif amount and values["what"] != self.AMOUNT:
            self.add_error("amount", _("Choose “the amount entered below” to credit an amount, or take it out."))
        elif values["what"] == self.AMOUNT:
            if amount is None:
                self.add_error("amount", _("Enter the amount to credit."))
            if values.get("return_stock"):
                self.add_error("return_stock", _("An amount says nothing about goods: credit units to take them back."))
        return values


class NoteForm(forms.Form):
    """An internal note. `seen` is the newest note the person saw."""

    text = forms.CharField(label=gettext_lazy("New note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    seen = forms.IntegerField(widget=forms.HiddenInput)


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=500,
        help_text=gettext_lazy("PDF, picture or plain text, at most 5 MB. Buyers do not see it."),
    )

    def read(self) -> bytes:
        """At most a little more than is allowed; the service refuses what is too large."""
        sent: Any = self.cleaned_data["file"]
        content: bytes = sent.read(LARGEST + 1)
        return content


def units(most: int, label: str, **options: Any) -> forms.IntegerField:
    """A number of units between none and `most`; the label is for those who cannot see the table's head."""
    return forms.IntegerField(
        required=False,
        min_value=0,
        max_value=most,
        label=label,
        widget=forms.NumberInput(attrs={"aria-label": label, "inputmode": "numeric"}),
        **options,
    )
