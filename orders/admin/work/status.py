"""Hold, release, cancel, reopen; edit addresses, the buyer's note and the items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from config.kit.admin.undo import Undo
from integrations.admin.open_project import warehouses_of
from orders.admin.work.base import Steps
from orders.admin.work.forms import AddressForm, BuyersNoteForm, ItemsForm, ReasonForm, WarehouseForm
from orders.choices import ORDER_OPEN, OrderStatus, Part
from orders.models import Order, OrderLine
from orders.work import editing, lifecycle, paying, rerouting
from stock.warehouses import Warehouses

CHANGE = "orders.change_order"
# What takes each of these steps back.
INVERSE = {"hold": "release", "release": "hold", "cancel": "reopen", "paid": "unpaid", "unpaid": "paid"}


class StatusSteps(Steps[Order]):
    def status_routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/hold/", self.hold, "hold"),
            ("<int:pk>/release/", self.release, "release"),
            ("<int:pk>/cancel/", self.cancel, "cancel"),
            ("<int:pk>/reopen/", self.reopen, "reopen"),
            ("<int:pk>/paid/", self.paid, "paid"),
            ("<int:pk>/unpaid/", self.unpaid, "unpaid"),
            ("<int:pk>/billing/", self.billing, "billing"),
            ("<int:pk>/shipping/", self.shipping, "shipping"),
            ("<int:pk>/note/", self.note, "note"),
            ("<int:pk>/items/", self.items, "items"),
            ("<int:pk>/warehouse/", self.warehouse, "warehouse"),
        ]

    @guarded(CHANGE)
    def hold(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._set(request, pk, "hold", lifecycle.hold, _("The order is on hold."))

    @guarded(CHANGE)
    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._set(request, pk, "release", lifecycle.release, _("The order is released."))

    @guarded(CHANGE)
    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        done = _("The order is cancelled; its stock serves the orders that wait.")
        return self._set(request, pk, "cancel", lifecycle.cancel, done)

    @guarded(CHANGE)
    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._set(request, pk, "reopen", lifecycle.reopen, _("The order is open again."))

    @guarded(CHANGE)
    def paid(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._set(request, pk, "paid", paying.mark_paid, _("The order is marked as paid."))

    @guarded(CHANGE)
    def unpaid(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._set(request, pk, "unpaid", paying.unmark_paid, _("The order is marked as not paid."))

    def _set(self, request: HttpRequest, pk: int, name: str, service: Callable[..., object], done: str) -> HttpResponse:
        form = ReasonForm(request.POST, prefix=name)
        order = self.row(request, pk)

        def act(values: dict[str, Any]) -> object:
            return service(order.pk, seen=values["seen"], actor_id=request.user.pk, reason=values["reason"])

        def undo() -> Undo | None:
            if name not in INVERSE:
                return None
            back, seen = INVERSE[name], Order.objects.values_list("version", flat=True).get(pk=order.pk)
            return Undo(self.url(back, order.pk), {f"{back}-seen": seen})

        return self.step(request, order, f"{name}_form", form, act, done, undo=undo)

    @guarded(CHANGE)
    def billing(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._address(request, pk, Part.BILLING)

    @guarded(CHANGE)
    def shipping(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._address(request, pk, Part.SHIPPING)

    def _address(self, request: HttpRequest, pk: int, part: Part) -> HttpResponse:
        order, form = self.row(request, pk), AddressForm(request.POST, prefix=part.value)

        def act(values: dict[str, Any]) -> bool:
            return editing.edit_address(order.pk, part, form.address, seen=values["seen"], actor_id=request.user.pk)

        return self.step(request, order, f"{part.value}_form", form, act, _said)

    @guarded(CHANGE)
    def note(self, request: HttpRequest, pk: int) -> HttpResponse:
        order, form = self.row(request, pk), BuyersNoteForm(request.POST, prefix="note")

        def act(values: dict[str, Any]) -> bool:
            return editing.edit_note(order.pk, values["note"], seen=values["seen"], actor_id=request.user.pk)

        return self.step(request, order, "note_form", form, act, _said)

    @guarded(CHANGE)
    def items(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = self.row(request, pk)
        form = ItemsForm(list(order.lines.all()), request.POST, prefix="items")

        def act(values: dict[str, Any]) -> None:
            editing.edit_items(
                order.pk,
                cancel=form.cancel,
                skus=form.skus,
                seen=values["seen"],
                actor_id=request.user.pk,
                reason=values["reason"],
            )

        return self.step(request, order, "items_form", form, act, _("The items are changed."))

    @guarded(CHANGE)
    def warehouse(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = self.row(request, pk)
        form = WarehouseForm(warehouses_of(request), request.POST, prefix="warehouse")

        def act(values: dict[str, Any]) -> object:
            return rerouting.serve_from(
                order.pk,
                values["warehouse"],
                seen=values["seen"],
                actor_id=request.user.pk,
                reason=values["reason"],
            )

        done = _("The order is served from the other warehouse; its goods wait there, oldest order first.")
        return self.step(request, order, "warehouse_form", form, act, done)


def _said(was_different: bool) -> str:
    return _("It is saved.") if was_different else _("Nothing was different.")


def status_forms(order: Order, lines: Sequence[OrderLine], here: Warehouses) -> dict[str, Any]:
    """The forms that make sense for the order as it is; their names are those of the views above."""
    seen = {"seen": order.version}
    shown: dict[str, Any] = {
        "billing_form": AddressForm(initial={**order.billing, **seen}, prefix="billing"),
        "shipping_form": AddressForm(initial={**order.shipping, **seen}, prefix="shipping"),
        "note_form": BuyersNoteForm(initial={"note": order.note, **seen}, prefix="note"),
    }
    names = {
        OrderStatus.PROCESSING: ("hold", "cancel"),
        OrderStatus.ON_HOLD: ("release", "cancel"),
        OrderStatus.CANCELLED: ("reopen",),
        OrderStatus.COMPLETE: (),
    }[OrderStatus(order.status)]
    shipped = any(line.shipped for line in lines)
    if shipped:
        names = tuple(name for name in names if name != "cancel")
    if order.paid_at is None and order.status != OrderStatus.CANCELLED:
        names = (*names, "paid")
    elif order.paid_at is not None and paying.is_marked_here(order):
        names = (*names, "unpaid")
    shown |= {f"{name}_form": ReasonForm(initial=seen, prefix=name) for name in names}
    if order.status in ORDER_OPEN:
        shown["items_form"] = ItemsForm(lines, initial=seen, prefix="items")
        if here.several and not shipped:
            chosen = {"warehouse": order.warehouse_id or here.first}
            shown["warehouse_form"] = WarehouseForm(here, initial=seen | chosen, prefix="warehouse")
    return shown
