"""The page on which a shop's quantities are compared with the stock here, taken over, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.admin.open_project import warehouses_of
from integrations.admin.shop_facts import ShopFacts
from integrations.admin.shop_steps import ShopSteps
from integrations.admin.tones import RUN_TONES
from integrations.models import Integration, TakeOver
from integrations.shop_stock import comparison, taking_over
from integrations.shop_stock.taking_over import TakeOverRefused
from stock.admin.forms import PlaceForm
from stock.warehouses import Warehouses

STOCK = "stock.receive_stock"
PER_PAGE = 100
# Seconds after which the page looks again while a run is at work.
LOOK_AGAIN = 3
# Before the first order of a new project asks for stock.
NO_STOCK = gettext_lazy(
    "There is no stock here yet: every order that asks for some becomes a backorder until units are received,"
    " or taken over from the shop."
)


class ShopStock(ShopSteps):
    def steps(self) -> Sequence[Route]:
        return [
            ("<int:pk>/stock/", self.stock, "stock"),
            ("<int:pk>/stock/compare/", self.compare_stock, "compare_stock"),
            ("<int:pk>/stock/<int:take_over_id>/take/", self.take_stock, "take_stock"),
            ("<int:pk>/stock/<int:take_over_id>/back/", self.take_stock_back, "take_stock_back"),
            *super().steps(),
        ]

    @guarded(STOCK, methods=("GET",))
    def stock(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the shop's quantities would change, and what was taken over."""
        shop = self.shop(request, pk)
        here = warehouses_of(request)
        looked_at, confirmed = taking_over.looked_at(shop), taking_over.confirmed(shop)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Stock of %(shop)s") % {"shop": shop},
            "object": shop,
            "media": self.media,
            "lists_products": shop.connector.products is not None,
            "nothing_loaded": shop.complete_until is None,
            "no_stock": "" if taking_over.has_stock(shop.project_id) else NO_STOCK,
            "looked_at": _looked_at(shop, looked_at, request.GET.get("page"), here),
            "taken": _taken(shop, confirmed, here),
            "place_form": PlaceForm(here=here),
            "busy": any(each is not None and each.is_busy for each in (looked_at, confirmed)),
        }
        answer = TemplateResponse(request, "admin/integrations/integration/stock.html", context)
        if context["busy"]:
            answer["Refresh"] = str(LOOK_AGAIN)
        return answer

    @guarded(STOCK)
    def compare_stock(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the shop's quantities; nothing is booked."""
        shop, form = self.shop(request, pk), PlaceForm(request.POST, here=warehouses_of(request))
        if not form.is_valid():
            messages.error(request, _("Nothing was read: choose the warehouse first."))
            return self._back_to_stock(shop)
        try:
            taking_over.compare(shop, user_id=request.user.pk or 0, place=form.place)
        except TakeOverRefused as refusal:
            messages.error(request, str(refusal))
        return self._back_to_stock(shop)

    @guarded(STOCK)
    def take_stock(self, request: HttpRequest, pk: int, take_over_id: int) -> HttpResponse:
        """Book what the comparison shows."""
        shop = self.shop(request, pk)
        if request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was booked: look at the differences, and tick that you did."))
            return self._back_to_stock(shop)
        try:
            taking_over.confirm(shop, take_over_id, user_id=request.user.pk or 0)
        except TakeOverRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, shop, "Quantities of the shop taken over as stock.")
        return self._back_to_stock(shop)

    @guarded(STOCK)
    def take_stock_back(self, request: HttpRequest, pk: int, take_over_id: int) -> HttpResponse:
        """Book the opposite of a take-over."""
        shop = self.shop(request, pk)
        if request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was taken back: tick that you are sure first."))
            return self._back_to_stock(shop)
        try:
            taking_over.take_back(shop, take_over_id, user_id=request.user.pk or 0)
        except TakeOverRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, shop, "Quantities of the shop taken back from the stock.")
        return self._back_to_stock(shop)

    def _back_to_stock(self, shop: Integration) -> HttpResponse:
        return HttpResponseRedirect(self.url("stock", shop.pk))


def stock_card(shop: Integration, facts: ShopFacts, may_take: bool) -> dict[str, Any]:
    """What the shop's own page says of it."""
    return {
        "no_stock": "" if facts.has_stock else NO_STOCK,
        "lists_products": shop.connector.products is not None,
        "taken_at": facts.taken_at,
        "may_take": may_take,
    }


def _looked_at(
    shop: Integration, take_over: TakeOver | None, page: str | None, here: Warehouses
) -> dict[str, Any] | None:
    if take_over is None:
        return None
    take_over.integration = shop
    shown: dict[str, Any] = {"row": take_over, "warehouse": _named(take_over, here), **_run(take_over)}
    if take_over.read_at is not None:
        compared = comparison.whole(take_over)
        shown |= {"compared": compared, "rows": Paginator(compared.differing, PER_PAGE).get_page(page or 1)}
    return shown


def _taken(shop: Integration, take_over: TakeOver | None, here: Warehouses) -> dict[str, Any] | None:
    if take_over is None:
        return None
    take_over.integration = shop
    units = taking_over.left(take_over)
    return {
        "row": take_over,
        "warehouse": _named(take_over, here),
        **_run(take_over),
        "left": units,
        "total_rows": take_over.quantities.count(),
        "may_go_on": take_over.booked_at is None and take_over.back_asked_at is None,
    }


def _named(take_over: TakeOver, here: Warehouses) -> str:
    """Its warehouse, where there are several."""
    return here.name(take_over.place) if here.several else ""


def _run(take_over: TakeOver) -> dict[str, Any]:
    run = take_over.run
    if run is None:
        return {}
    # Products that are counted as listed may have variants, which are listed beside them.
    total = max(run.total or 0, run.fetched) or None
    return {"run": run, "tone": RUN_TONES[run.state], "total": total}
