"""Warehouses: which there are, in which order they are asked, which is the default, which are switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge, number
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from orders.intake.closing import close
from orders.models import Order
from stock import warehouses
from stock.admin.forms import WarehouseForm, WarehouseSettingsForm
from stock.models import StockLevel, Warehouse
from stock.warehouses import WarehouseRefused

ADD, CHANGE = "stock.add_warehouse", "stock.change_warehouse"


@admin.register(Warehouse)
class WarehouseAdmin(PageAdmin[Warehouse]):
    list_display = ("name", "asked", "products", "on_hand", "available", "state")
    ordering = ("priority", "pk")
    page_template = "admin/stock/warehouse/page.html"
    empty_sentence = gettext_lazy("No warehouse here yet. The first one comes with the first product.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("new/", self.create, "create"),
            ("<int:pk>/settings/", self.edit, "edit"),
            ("<int:pk>/default/", self.make_default, "default"),
            ("<int:pk>/off/", self.switch_off, "off"),
            ("<int:pk>/on/", self.switch_on, "on"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Warehouse]:
        levels = StockLevel.objects.filter(warehouse=OuterRef("pk")).order_by().values("warehouse")

        # All of them at once: a warehouse has as many levels as there are products.
        figures = JSONObject(
            products=Count("pk", filter=Q(on_hand__gt=0)),
            on_hand=Sum("on_hand"),
            available=Sum(F("on_hand") - F("reserved")),
        )
        return super().get_queryset(request).annotate(figures=Subquery(levels.annotate(told=figures).values("told")))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = [(_("Add warehouse"), self.url("create"))] if request.user.has_perm(ADD) else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    @admin.display(description=gettext_lazy("priority"))
    def asked(self, warehouse: Warehouse) -> str:
        return number(str(warehouse.priority))

    @admin.display(description=gettext_lazy("products"))
    def products(self, warehouse: Warehouse) -> str:
        return self._figure(warehouse, "products")

    @admin.display(description=gettext_lazy("on hand"))
    def on_hand(self, warehouse: Warehouse) -> str:
        return self._figure(warehouse, "on_hand")

    @admin.display(description=gettext_lazy("available"))
    def available(self, warehouse: Warehouse) -> str:
        return self._figure(warehouse, "available")

    @staticmethod
    def _figure(warehouse: Warehouse, name: str) -> str:
        figures = warehouse.figures or {}  # type: ignore[attr-defined]
        return number(f"{figures.get(name, 0):,}")

    @admin.display(description=gettext_lazy("state"))
    def state(self, warehouse: Warehouse) -> str:
        return state(warehouse)

    def page_context(self, request: HttpRequest, obj: Warehouse) -> dict[str, Any]:
        here = warehouses.of(obj.project_id)
        orders = Order.objects.filter(project=obj.project_id, warehouse=here.place(obj.pk)).exclude(tab="")
        may_change = request.user.has_perm(CHANGE)
        written = {"name": obj.name, "priority": obj.priority}
        return {
            "state": state(obj),
            "open_orders": orders.count(),
            "several": here.several,
            "may_change": may_change,
            "settings_form": WarehouseSettingsForm(initial=written, prefix="settings") if may_change else None,
        }

    @guarded(ADD, methods=("GET", "POST"))
    def create(self, request: HttpRequest) -> HttpResponse:
        """A new warehouse."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = WarehouseForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                new = warehouses.add(project.pk, form.cleaned_data["name"])
            except WarehouseRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                self.log_addition(request, new, "Added by hand.")
                done = _("%(name)s is added. Receive goods there, or transfer some.")
                messages.success(request, done % {"name": new})
                return HttpResponseRedirect(self.url("change", new.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Add warehouse"),
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/stock/warehouse/new.html", context, status=422 if form.errors else 200)

    @guarded(CHANGE)
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another name or priority."""
        row, form = self._row(request, pk), WarehouseSettingsForm(request.POST, prefix="settings")
        if form.is_valid():
            name, priority = form.cleaned_data["name"], form.cleaned_data["priority"]
            try:
                new = warehouses.change(row, name, priority)
            except WarehouseRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                told = f"Changed from “{row.name}”, priority {row.priority}, to “{new.name}”, priority {new.priority}."
                self.log_change(request, new, told)
                messages.success(request, _("It is saved."))
                return HttpResponseRedirect(self.url("change", pk))
        return self.render_page(request, row, status=422, settings_form=form)

    @guarded(CHANGE)
    def make_default(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let it take the orders that no rule sends elsewhere."""
        return self._set(request, pk, warehouses.make_default, _("%(name)s is the default from now on."))

    @guarded(CHANGE)
    def switch_off(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let no order go there any more."""
        return self._set(request, pk, close, _("%(name)s is switched off: no order goes there."))

    @guarded(CHANGE)
    def switch_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let orders go there again."""
        return self._set(request, pk, warehouses.switch_on, _("%(name)s is switched on."))

    def _set(self, request: HttpRequest, pk: int, service: Callable[[Warehouse], Warehouse], done: str) -> HttpResponse:
        row = self._row(request, pk)
        try:
            row = service(row)
        except WarehouseRefused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, done % {"name": row})
            messages.success(request, done % {"name": row})
        return HttpResponseRedirect(self.url("change", pk))

    def _row(self, request: HttpRequest, pk: int) -> Warehouse:
        row: Warehouse | None = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        return row


def state(warehouse: Warehouse) -> str:
    if warehouse.is_default:
        return badge(_("Default"), "info")
    return badge(_("On"), "good") if warehouse.active else badge(_("Off"))
