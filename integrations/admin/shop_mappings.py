"""The “Mappings” card of a shop's page: what its SKUs, payments, shipping methods, taxes and metadata mean here."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.admin.marketplace_card import MarketplaceSteps
from integrations.admin.shop_facts import MOST_SKUS, ShopFacts
from integrations.choices import ArticleKey, ListKind, MappedField, Transform, UnknownCodes, UnknownTaxes
from integrations.importing.mapping import UNMAPPED, Mapped
from integrations.importing.trying import try_out
from integrations.models import CodeListEntry, Integration, MetadataMapping, SkuMapping
from integrations.shops import mapping_settings
from integrations.shops.mapping_settings import MappingRefused, Named

EDIT = "integrations.edit_mappings"
# Two fields each in one form.
MOST_CODES = 500
PART = "mappings"


class SkuForm(forms.Form):
    shop_sku = forms.CharField(label=gettext_lazy("SKU in the shop, or EAN"), max_length=100)
    sku = forms.CharField(label=gettext_lazy("SKU here"), max_length=100)


class MetadataForm(forms.Form):
    source = forms.CharField(
        label=gettext_lazy("Key in the shop"),
        max_length=200,
        help_text=gettext_lazy(
            "A key of the metadata such as _billing_vat, a path such as gift.from, or after $. a path in the shop’s own"
            " document: $.billing.company"
        ),
    )
    field = forms.ChoiceField(
        label=gettext_lazy("Becomes"), choices=MappedField.choices, required=False, initial=MappedField.METADATA
    )
    name = forms.CharField(
        label=gettext_lazy("Name here"), max_length=100, required=False, help_text=gettext_lazy("Of metadata.")
    )
    transform = forms.ChoiceField(
        label=gettext_lazy("Taken over"), choices=Transform.choices, required=False, initial=Transform.NONE
    )
    number = forms.CharField(
        label=gettext_lazy("Try it on order"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Its number; empty: the five newest."),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        values["field"] = MappedField(values.get("field") or MappedField.METADATA)
        values["transform"] = Transform(values.get("transform") or Transform.NONE)
        if values["field"] == MappedField.METADATA and not values.get("name") and "name" not in self.errors:
            self.add_error("name", _("Metadata needs a name here."))
        return values


class CodeForm(forms.Form):
    """A payment, shipping method or tax the shop's own lists do not name."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=[(kind.value, kind.label) for kind in UNMAPPED])
    code = forms.CharField(
        label=gettext_lazy("Code in the shop"),
        max_length=100,
        help_text=gettext_lazy("A * stands for any letters: flat_rate:*, or * alone for all that have no name."),
    )
    name = forms.CharField(label=gettext_lazy("Name here"), max_length=200)


class ArticlesForm(forms.Form):
    by = forms.ChoiceField(
        label=gettext_lazy("An article of the shop is found by"),
        choices=ArticleKey.choices,
        help_text=gettext_lazy("An EAN that several of your products have is never guessed at: such an order fails."),
    )


class UnknownForm(forms.Form):
    payments = forms.ChoiceField(label=gettext_lazy("Payments without a name"), choices=UnknownCodes.choices)
    deliveries = forms.ChoiceField(label=gettext_lazy("Shipping methods without a name"), choices=UnknownCodes.choices)
    taxes = forms.ChoiceField(label=gettext_lazy("Taxes without a name"), choices=UnknownTaxes.choices)


def mappings_card(
    shop: Integration, facts: ShopFacts, entries: Sequence[CodeListEntry], may_edit: bool
) -> dict[str, Any]:
    """What the card shows; its forms only for those who may change it."""
    codes = sorted((entry for entry in entries if entry.kind in UNMAPPED), key=attrgetter("place"))
    card: dict[str, Any] = {
        "skus": facts.skus[:MOST_SKUS],
        "more_skus": shop.sku_mappings.count() - MOST_SKUS if len(facts.skus) > MOST_SKUS else 0,
        "codes": codes[:MOST_CODES],
        "metadata": facts.metadata,
    }
    if may_edit:
        unknown = {
            "payments": shop.unknown_payments,
            "deliveries": shop.unknown_deliveries,
            "taxes": shop.unknown_taxes,
        }
        card |= {
            "sku_form": SkuForm(prefix="sku"),
            "articles_form": ArticlesForm(initial={"by": shop.articles_by}, prefix="articles"),
            "metadata_form": MetadataForm(prefix="metadata"),
            "code_form": CodeForm(prefix="code"),
            "unknown_form": UnknownForm(initial=unknown, prefix="unknown"),
        }
    return card


class ShopMappings(MarketplaceSteps):
    def steps(self) -> Sequence[Route]:
        return [
            *super().steps(),
            ("<int:pk>/mappings/sku/", self.map_sku, "map_sku"),
            ("<int:pk>/mappings/articles/", self.set_articles, "set_articles"),
            ("<int:pk>/mappings/metadata/", self.map_metadata, "map_metadata"),
            ("<int:pk>/mappings/metadata/try/", self.try_metadata, "try_metadata"),
            ("<int:pk>/mappings/code/", self.name_code, "name_code"),
            ("<int:pk>/mappings/names/", self.save_names, "save_names"),
            ("<int:pk>/mappings/unknown/", self.set_unknown, "set_unknown"),
            ("<int:pk>/mappings/sku/<int:row>/remove/", self.remove_sku, "remove_sku"),
            ("<int:pk>/mappings/metadata/<int:row>/remove/", self.remove_metadata, "remove_metadata"),
        ]

    def _answer(self, request: HttpRequest, shop: Integration, changes: Sequence[str]) -> HttpResponse:
        """Tell and log what was changed, and show the card again."""
        if changes:
            self.log_change(request, shop, " ".join(changes))
            messages.success(request, " ".join(changes[:5]) + " " + _("It acts on orders imported from now on."))
        else:
            messages.info(request, _("Nothing was changed."))
        return self.back(shop, PART)

    def _refused(self, request: HttpRequest, shop: Integration, name: str, form: forms.Form) -> HttpResponse:
        """The page with the form and what is wrong with it."""
        return self._with_card(request, shop, {name: form}, status=422)

    def _with_card(
        self, request: HttpRequest, shop: Integration, changed: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        answer = self.render_page(request, shop, status=status)
        page: Any = answer
        page.context_data["mappings"] |= changed
        return answer

    @guarded(EDIT)
    def map_sku(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let a SKU of the shop stand for one of our products."""
        shop, form = self.shop(request, pk), SkuForm(request.POST, prefix="sku")
        if form.is_valid():
            values = form.cleaned_data
            try:
                new = mapping_settings.map_sku(shop, values["shop_sku"], values["sku"])
            except MappingRefused as refusal:
                form.add_error("sku", str(refusal))
            else:
                said = f"SKU {values['shop_sku']} stands for {values['sku']}."
                return self._answer(request, shop, [said] if new else [])
        return self._refused(request, shop, "sku_form", form)

    @guarded("integrations.change_integration")
    def set_articles(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the articles of the shop are found by."""
        shop, form = self.shop(request, pk), ArticlesForm(request.POST, prefix="articles")
        if not form.is_valid():
            return self._refused(request, shop, "articles_form", form)
        by = ArticleKey(form.cleaned_data["by"])
        changed = mapping_settings.set_articles(shop, by)
        return self._answer(request, shop, [f"Articles are found by: {by.label}."] if changed else [])

    @guarded(EDIT)
    def map_metadata(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what a value of the shop's orders becomes here."""
        shop, form = self.shop(request, pk), MetadataForm(request.POST, prefix="metadata")
        if form.is_valid():
            values = form.cleaned_data
            source, field = values["source"], values["field"]
            try:
                new = mapping_settings.map_metadata(shop, source, values["name"], field, values["transform"])
            except MappingRefused as refusal:
                form.add_error("field" if "becomes" in str(refusal) else "name", str(refusal))
            else:
                called = (
                    f"is called “{values['name']}”" if field == MappedField.METADATA else f"becomes “{field.label}”"
                )
                return self._answer(request, shop, [f"Metadata {source} {called}."] if new else [])
        return self._refused(request, shop, "metadata_form", form)

    @guarded(EDIT)
    def try_metadata(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what a value would become, in orders that are on record; nothing is saved."""
        shop, form = self.shop(request, pk), MetadataForm(request.POST, prefix="metadata")
        if not form.is_valid():
            return self._refused(request, shop, "metadata_form", form)
        values = form.cleaned_data
        mapped = Mapped(values["source"], values["name"], values["field"], values["transform"])
        tried = try_out(shop, mapped, values["number"])
        if not tried and values["number"]:
            form.add_error("number", _("No order of this shop with this number is on record."))
            return self._refused(request, shop, "metadata_form", form)
        return self._with_card(request, shop, {"metadata_form": form, "tried": tried, "is_tried": True})

    @guarded(EDIT)
    def name_code(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Name a payment, shipping method or tax that is in no list of the shop."""
        shop, form = self.shop(request, pk), CodeForm(request.POST, prefix="code")
        if form.is_valid():
            values = form.cleaned_data
            try:
                new = mapping_settings.name_code(shop, ListKind(values["kind"]), values["code"], values["name"])
            except MappingRefused as refusal:
                form.add_error("code", str(refusal))
            else:
                said = f"“{values['code']}” is called “{values['name']}”."
                return self._answer(request, shop, [said] if new else [])
        return self._refused(request, shop, "code_form", form)

    @guarded(EDIT)
    def save_names(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save the names of payments, shipping methods and taxes, all rows at once."""
        shop = self.shop(request, pk)
        wanted = []
        for entry in CodeListEntry.objects.filter(integration=shop, kind__in=UNMAPPED).order_by("pk"):
            name = request.POST.get(f"name-{entry.pk}")
            if name is None:
                continue
            if len(name) > 200 or "\x00" in name:
                messages.error(request, _("%(code)s: a name has at most 200 characters.") % {"code": entry.code})
                return self.back(shop, PART)
            wanted.append(Named(entry.pk, request.POST.get(f"seen-{entry.pk}", ""), name.strip()))
        try:
            changes = mapping_settings.save_names(shop, wanted)
        except MappingRefused as refusal:
            messages.error(request, str(refusal))
            return self.back(shop, PART)
        return self._answer(request, shop, changes)

    @guarded("integrations.change_integration")
    def set_unknown(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What happens to orders whose payment, shipping method or tax has no name."""
        shop, form = self.shop(request, pk), UnknownForm(request.POST, prefix="unknown")
        if not form.is_valid():
            return self._refused(request, shop, "unknown_form", form)
        payments, deliveries = (UnknownCodes(form.cleaned_data[name]) for name in ("payments", "deliveries"))
        taxes = UnknownTaxes(form.cleaned_data["taxes"])
        changed = mapping_settings.set_unknown(shop, payments, deliveries, taxes)
        found = f"payments “{payments.label}”, shipping methods “{deliveries.label}”, taxes “{taxes.label}”"
        return self._answer(request, shop, [f"Without a name: {found}."] if changed else [])

    @guarded(EDIT)
    def remove_sku(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        return self._remove(request, pk, SkuMapping, row)

    @guarded(EDIT)
    def remove_metadata(self, request: HttpRequest, pk: int, row: int) -> HttpResponse:
        return self._remove(request, pk, MetadataMapping, row)

    def _remove(
        self, request: HttpRequest, pk: int, what: type[SkuMapping] | type[MetadataMapping], row: int
    ) -> HttpResponse:
        shop = self.shop(request, pk)
        gone = mapping_settings.remove(shop, what, row)
        return self._answer(request, shop, [f"Removed: {gone}."] if gone else [])
