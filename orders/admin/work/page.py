"""The forms an order's page shows: those the person may use and the order allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from config.kit.admin.model_admins import Route
from integrations.admin.open_project import warehouses_of
from orders.admin.work.bills import ISSUE, InvoiceSteps, invoice_form, invoice_sum
from orders.admin.work.goods import SHIP, ShipSteps, ship_form
from orders.admin.work.papers import PaperSteps, papers
from orders.admin.work.status import CHANGE, StatusSteps, status_forms
from orders.documents.paper.legibility import missing_of
from orders.models import Order


class OrderSteps(StatusSteps, ShipSteps, InvoiceSteps, PaperSteps):
    """All that can be done on the page of an order."""

    def step_routes(self) -> Sequence[Route]:
        return [*self.status_routes(), *self.ship_routes(), *self.invoice_routes(), *self.paper_routes()]

    def step_context(self, request: HttpRequest, order: Order) -> dict[str, Any]:
        lines = list(order.lines.all())
        shown = papers(request, order)
        if request.user.has_perm(CHANGE):
            shown |= status_forms(order, lines, warehouses_of(request))
        if request.user.has_perm(SHIP):
            shown["ship_form"] = ship_form(order, lines)
        if request.user.has_perm(ISSUE):
            shown["invoice_form"] = invoice_form(order)
            shown["invoice_sum"] = invoice_sum(order, lines)
        shown["illegible"] = missing_of(order, lines)
        return shown
