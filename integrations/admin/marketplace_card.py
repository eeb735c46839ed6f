"""The card of a shop's page that says where its new orders go: into the book here, or into another shop first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.admin.going_out import GoingOut
from integrations.admin.open_project import shops_of
from integrations.marketplaces import handing_on
from integrations.marketplaces.handing_on import HandOnRefused
from integrations.models import Integration

CHANGE = "integrations.change_integration"
PART = "marketplace"


class MarketplaceForm(forms.Form):
    into_shop = forms.TypedChoiceField(
        label=gettext_lazy("New orders"), required=False, coerce=int, empty_value=None, choices=()
    )
    invoice_after_import = forms.BooleanField(
        label=gettext_lazy("Issue an invoice once they have come back from there"), required=False
    )
    takes_stock = forms.BooleanField(label=gettext_lazy("The shop takes them off its own stock"), required=False)

    def __init__(self, data: Any = None, *, marketplace: Integration, shops: Sequence[Integration]) -> None:
        """`shops`: all of its project."""
        initial = {
            "into_shop": marketplace.into_shop_id or "",
            "invoice_after_import": marketplace.invoice_after_import,
            "takes_stock": marketplace.takes_stock,
        }
        super().__init__(data, initial=initial)
        here: tuple[str, Any] = ("", _("come into the book here"))
        able = handing_on.choices_among(marketplace, shops)
        into = [(str(shop.pk), _("go into %(shop)s") % {"shop": shop}) for shop in able]
        field: Any = self.fields["into_shop"]
        field.choices = [here, *into]
        self.is_choice = bool(into)


class MarketplaceSteps(GoingOut):
    def steps(self) -> Sequence[Route]:
        return [("<int:pk>/marketplace/", self.set_marketplace, "set_marketplace"), *super().steps()]

    @guarded(CHANGE)
    def set_marketplace(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose where new orders of this shop go."""
        shop = self.shop(request, pk)
        form = MarketplaceForm(request.POST, marketplace=shop, shops=shops_of(request))
        if not form.is_valid():
            return self.render_page(request, shop, status=422, marketplace_form=form)
        values = form.cleaned_data
        try:
            changed = handing_on.set_target(
                shop,
                values["into_shop"],
                invoice_after_import=values["invoice_after_import"],
                takes_stock=values["takes_stock"],
            )
        except HandOnRefused as refusal:
            messages.error(request, str(refusal))
            return self.back(shop, PART)
        if not changed:
            messages.info(request, _("Nothing was changed."))
        elif shop.into_shop is None:
            self.log_change(request, shop, "New orders come into the book here.")
            messages.success(request, _("New orders come into the book here; those handed on before stay there."))
        else:
            self.log_change(request, shop, f"New orders go into {shop.into_shop}.")
            text = _("New orders go into %(shop)s, and come into the book from there.") % {"shop": shop.into_shop}
            if not shop.into_shop.live:
                text += " " + _("They wait until %(shop)s is switched live.") % {"shop": shop.into_shop}
            messages.success(request, text)
        return self.back(shop, PART)


def marketplace_card(shop: Integration, shops: Sequence[Integration], may_change: bool) -> dict[str, Any]:
    """What the shop's own page shows of it; `shops` are all of its project."""
    into = next((each for each in shops if each.pk == shop.into_shop_id), None)
    if into is not None:
        shop.into_shop = into
    form = MarketplaceForm(marketplace=shop, shops=shops) if may_change else None
    may_choose = form is not None and (shop.into_shop_id is not None or form.is_choice)
    return {
        "marketplace_form": form if may_choose else None,
        "handed_on_by": [each for each in shops if each.into_shop_id == shop.pk],
    }
