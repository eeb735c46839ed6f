"""The page of what a shop is told: what would go out, switching live, what is told, and carriers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.admin.shop_facts import ShopFacts
from integrations.admin.shop_stock import LOOK_AGAIN, ShopStock
from integrations.admin.tones import CROSSING_TONES, RUN_TONES
from integrations.choices import CrossingState, Outgoing, RunKind
from integrations.models import CarrierMapping, Integration, Run
from integrations.pushes import going_live, shop_articles
from integrations.pushes.going_live import LiveRefused, OutgoingSettings
from integrations.runs import control
from integrations.runs.control import RunRefused

CHANGE = "integrations.change_integration"
EDIT = "integrations.edit_mappings"
SHOWN = 20
KINDS = (RunKind.OUTGOING, RunKind.STOCK_EXPORT, RunKind.STOCK_CHECK)


class OutgoingForm(forms.Form):
    sends = forms.MultipleChoiceField(
        label=gettext_lazy("The shop is told of"), required=False, widget=forms.CheckboxSelectMultiple
    )
    safety_stock = forms.IntegerField(
        label=gettext_lazy("Safety stock"),
        min_value=0,
        max_value=1_000_000,
        help_text=gettext_lazy("Units of each article that the shop is not told of, against overselling."),
    )
    tells_buyers = forms.BooleanField(
        label=gettext_lazy("The shop writes to the buyer when it is told of a shipment"), required=False
    )

    def __init__(self, data: Any = None, *, shop: Integration) -> None:
        initial = {"sends": shop.sends, "safety_stock": shop.safety_stock, "tells_buyers": shop.tells_buyers}
        super().__init__(data, initial=initial)
        able = going_live.can_send(shop.connector)
        choices: Any = self.fields["sends"]
        choices.choices = [(kind.value, kind.label) for kind in able]
        if Outgoing.STOCK not in able:
            self.fields["safety_stock"].required = False
            self.fields["safety_stock"].widget = forms.HiddenInput()
        if Outgoing.SHIPMENTS not in able:
            self.fields["tells_buyers"].widget = forms.HiddenInput()

    @property
    def settings(self) -> OutgoingSettings:
        given = self.cleaned_data
        return OutgoingSettings(given["sends"], given["safety_stock"] or 0, given["tells_buyers"])


class CarrierForm(forms.Form):
    carrier = forms.CharField(
        label=gettext_lazy("Carrier here"),
        max_length=200,
        help_text=gettext_lazy("May hold *: DHL*, or * for all others."),
    )
    code = forms.CharField(label=gettext_lazy("Carrier in the shop"), max_length=100)

    def __init__(self, data: Any = None, *, shop: Integration) -> None:
        super().__init__(data)
        ways = shop.connector.outward.shipments
        if ways is not None and ways.carriers:
            self.fields["code"] = forms.ChoiceField(
                label=gettext_lazy("Carrier in the shop"),
                choices=[(carrier.code, carrier.label) for carrier in ways.carriers],
            )


class GoingOut(ShopStock):
    def steps(self) -> Sequence[Route]:
        return [
            ("<int:pk>/goes-out/", self.goes_out, "goes_out"),
            ("<int:pk>/goes-out/live/", self.switch_live, "switch_live"),
            ("<int:pk>/goes-out/stop/", self.stop_live, "stop_live"),
            ("<int:pk>/goes-out/settings/", self.set_outgoing, "set_outgoing"),
            ("<int:pk>/goes-out/look/", self.look_at_stock, "look_at_stock"),
            ("<int:pk>/goes-out/carriers/", self.map_carrier, "map_carrier"),
            ("<int:pk>/goes-out/carriers/<int:mapping_id>/remove/", self.remove_carrier, "remove_carrier"),
            *super().steps(),
        ]

    @guarded("integrations.view_integration", methods=("GET",))
    def goes_out(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the shop is told, or would be."""
        return self._page(request, self.shop(request, pk))

    def _page(self, request: HttpRequest, shop: Integration, status: int = 200, **forms_given: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What goes out to %(shop)s") % {"shop": shop},
            "object": shop,
            "media": self.media,
            **self._shown(request, shop),
            **forms_given,
        }
        answer = TemplateResponse(request, "admin/integrations/integration/goes_out.html", context, status=status)
        if any(run.is_open for run, _tone in context["runs"]):
            answer["Refresh"] = str(LOOK_AGAIN)
        return answer

    def _shown(self, request: HttpRequest, shop: Integration) -> dict[str, Any]:
        able = going_live.can_send(shop.connector)
        waiting = shop.crossings.filter(state__in=[CrossingState.WAITING, CrossingState.SENDING])
        failed = shop.crossings.filter(state=CrossingState.FAILED)
        newest = {kind: Run.objects.filter(integration=shop, kind=kind).order_by("-pk").first() for kind in KINDS}
        may_change = request.user.has_perm(CHANGE)
        may_map = request.user.has_perm(EDIT) and Outgoing.SHIPMENTS in able
        return {
            "able": able,
            "rights": shop.connector.outward.rights,
            "outlook": going_live.outlook(shop),
            "waiting": [(row, CROSSING_TONES[row.state]) for row in waiting.order_by("pk")[:SHOWN]],
            "failed": [(row, CROSSING_TONES[row.state]) for row in failed.order_by("-pk")[:SHOWN]],
            "to_tell": list(shop_articles.differing(shop).order_by("sku")[:SHOWN]),
            "adrift": shop_articles.adrift(shop).count(),
            "stock_told": Outgoing.STOCK in able and shop.connector.products is not None,
            "carriers": CarrierMapping.objects.filter(integration=shop),
            "runs": [(run, RUN_TONES[run.state]) for run in newest.values() if run is not None],
            "outgoing_form": OutgoingForm(shop=shop) if may_change and able else None,
            "carrier_form": CarrierForm(shop=shop) if may_map else None,
            "may_change": may_change,
            "may_map": may_map,
        }

    @guarded(CHANGE)
    def switch_live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """From now on the shop is told."""
        shop = self.shop(request, pk)
        if request.POST.get("sure") != "on":
            messages.error(request, _("It was not switched live: look at what would go out, and tick that you did."))
            return self._back_to_page(shop)
        try:
            going_live.go_live(shop, leave_out=request.POST.get("gathered") == "leave")
        except LiveRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, shop, "Switched live: it is told what happens here.")
            messages.success(request, _("%(shop)s is live: it is told from now on.") % {"shop": shop})
        return self._back_to_page(shop)

    @guarded(CHANGE)
    def stop_live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell the shop nothing any more."""
        shop = self.shop(request, pk)
        going_live.stop(shop)
        self.log_change(request, shop, "No longer live: it is told nothing any more.")
        messages.success(request, _("%(shop)s is told nothing any more; what waits keeps waiting.") % {"shop": shop})
        return self._back_to_page(shop)

    @guarded(CHANGE)
    def set_outgoing(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save what the shop is told."""
        shop = self.shop(request, pk)
        form = OutgoingForm(request.POST, shop=shop)
        if not form.is_valid():
            return self._page(request, shop, status=422, outgoing_form=form)
        changed = going_live.change_settings(shop, form.settings)
        if changed:
            self.log_change(request, shop, f"What it is told was changed: {', '.join(changed)}.")
            messages.success(request, _("The settings are saved."))
        else:
            messages.info(request, _("Nothing was changed."))
        return self._back_to_page(shop)

    @guarded(CHANGE)
    def look_at_stock(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the shop's quantities and lay them beside the stock; nothing is written there."""
        shop = self.shop(request, pk)
        try:
            control.request(RunKind.STOCK_CHECK, shop, user_id=request.user.pk)
        except RunRefused as refusal:
            messages.error(request, str(refusal))
        return self._back_to_page(shop)

    @guarded(EDIT)
    def map_carrier(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what a carrier of ours is called in the shop."""
        shop = self.shop(request, pk)
        form = CarrierForm(request.POST, shop=shop)
        if not form.is_valid():
            return self._page(request, shop, status=422, carrier_form=form)
        carrier, code = form.cleaned_data["carrier"], form.cleaned_data["code"]
        CarrierMapping.objects.update_or_create(integration=shop, carrier=carrier, defaults={"code": code})
        self.log_change(request, shop, f"Carrier {carrier} is {code} in the shop.")
        messages.success(request, _("%(carrier)s is %(code)s in the shop.") % {"carrier": carrier, "code": code})
        return self._back_to_page(shop, "carriers")

    @guarded(EDIT)
    def remove_carrier(self, request: HttpRequest, pk: int, mapping_id: int) -> HttpResponse:
        """Let a carrier have no name of its own in the shop."""
        shop = self.shop(request, pk)
        if CarrierMapping.objects.filter(integration=shop, pk=mapping_id).delete()[0]:
            self.log_change(request, shop, "A carrier's name in the shop was removed.")
            messages.success(request, _("The mapping is removed."))
        return self._back_to_page(shop, "carriers")

    def _back_to_page(self, shop: Integration, part: str = "") -> HttpResponse:
        return HttpResponseRedirect(self.url("goes_out", shop.pk) + (f"#{part}" if part else ""))


def outgoing_card(shop: Integration, facts: ShopFacts) -> dict[str, Any]:
    """What the shop's own page says of it."""
    able = going_live.can_send(shop.connector)
    return {"able": able, "waiting": facts.waiting, "failed": facts.failed, "adrift": facts.adrift}
