"""Ship, write tracking numbers, take a shipment back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from orders.admin.work.base import Steps
from orders.admin.work.forms import ReasonForm, ShipForm, TrackingForm
from orders.choices import OrderStatus
from orders.in_shop import version_of
from orders.models import Order, OrderLine, Shipment
from orders.work import shipping

SHIP, UNDO = "orders.add_shipment", "orders.change_shipment"


class ShipSteps(Steps[Order]):
    """On the page of an order."""

    def ship_routes(self) -> Sequence[Route]:
        return [("<int:pk>/ship/", self.ship, "ship")]

    @guarded(SHIP)
    def ship(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = self.row(request, pk)
        form = ShipForm(list(order.lines.all()), request.POST, prefix="ship")

        def act(values: dict[str, Any]) -> Shipment:
            return shipping.ship(
                order.pk,
                form.units,
                carrier=values["carrier"],
                tracking_number=values["tracking_number"],
                seen=values["seen"],
                actor_id=request.user.pk,
                looked=form.seen_in_shop,
            )

        return self.step(request, order, "ship_form", form, act, _shipped)


def _shipped(shipment: Shipment) -> str:
    return _("Shipment %(code)s is made; its packing slip is among the documents.") % {"code": shipment.code}


def ship_form(order: Order, lines: Sequence[OrderLine]) -> ShipForm | None:
    """None while nothing can leave."""
    if order.status != OrderStatus.PROCESSING:
        return None
    initial = {"seen": order.version, "shop_version": version_of(order), "carrier": order.shipping_title}
    form = ShipForm(lines, initial=initial, prefix="ship")
    return form if form.lines else None


class ShipmentSteps(Steps[Shipment]):
    """On the page of a shipment."""

    def shipment_routes(self) -> Sequence[Route]:
        return [("<int:pk>/tracking/", self.tracking, "tracking"), ("<int:pk>/cancel/", self.cancel, "cancel")]

    @guarded(UNDO)
    def tracking(self, request: HttpRequest, pk: int) -> HttpResponse:
        shipment, form = self.row(request, pk), TrackingForm(request.POST, prefix="tracking")

        def act(values: dict[str, Any]) -> None:
            shipping.set_tracking(
                shipment.pk,
                values["carrier"],
                values["tracking_number"],
                seen=values["seen"],
                actor_id=request.user.pk,
            )

        return self.step(request, shipment, "tracking_form", form, act, _("It is saved."))

    @guarded(UNDO)
    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        shipment, form = self.row(request, pk), ReasonForm(request.POST, prefix="cancel")

        def act(values: dict[str, Any]) -> None:
            shipping.take_shipment_back(
                shipment.pk, seen=values["seen"], actor_id=request.user.pk, reason=values["reason"]
            )

        done = _("The shipment is cancelled; its goods are on hand again and serve the orders that wait.")
        return self.step(request, shipment, "cancel_form", form, act, done)

    def shipment_forms(self, request: HttpRequest, shipment: Shipment) -> dict[str, Any]:
        if shipment.cancelled_at or not request.user.has_perm(UNDO):
            return {}
        seen = {"seen": shipment.order.version}
        written = {"carrier": shipment.carrier, "tracking_number": shipment.tracking_number}
        return {
            "tracking_form": TrackingForm(initial=seen | written, prefix="tracking"),
            "cancel_form": ReasonForm(initial=seen, prefix="cancel"),
        }
