"""Packing by scan: one order of a preparation at a time, by keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from config.kit.postal import address_lines
from integrations.admin.open_project import warehouses_of
from orders.admin.looking import looks
from orders.admin.preparing.preparation_page import SHIP
from orders.admin.printing import SHOP_VERSION
from orders.admin.work.base import Steps
from orders.admin.work.bulk import versions_of
from orders.models import Order, Preparation, PreparedOrder
from orders.preparing import leaving, packing, pick_list
from orders.preparing.packing import PackedMeanwhile, PackingRefused
from orders.work.changing import ChangeRefused

LONGEST_CODE = 120


class PackSteps(Steps[Preparation]):
    """The packing of one order: a page, and what is done there."""

    def packing_routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/find/", self.find, "find"),
            ("<int:pk>/pack/<int:row_id>/", self.pack, "pack"),
            ("<int:pk>/pack/<int:row_id>/scan/", self.scan, "scan"),
            ("<int:pk>/pack/<int:row_id>/line/<int:line_id>/", self.pack_line, "pack_line"),
            ("<int:pk>/pack/<int:row_id>/undo/", self.undo, "undo"),
            ("<int:pk>/pack/<int:row_id>/over/", self.start_over, "start_over"),
            ("<int:pk>/pack/<int:row_id>/ship/", self.ship_one, "ship_one"),
        ]

    @staticmethod
    def prepared(preparation: Preparation, row_id: int) -> PreparedOrder:
        """An order of the preparation, or 404."""
        found = preparation.orders.select_related("order", "shipment").filter(pk=row_id).first()
        if found is None:
            raise Http404
        return found

    @guarded(SHIP)
    def find(self, request: HttpRequest, pk: int) -> HttpResponse:
        """On to the order whose number was scanned; without one to the first that is not packed."""
        preparation = self.row(request, pk)
        number = request.POST.get("number", "").strip()[:LONGEST_CODE]
        row = _of_number(preparation, number) if number else following(preparation, 0)
        if row is None:
            sentence = _("There is no order “%(number)s” in this preparation.") % {"number": number}
            messages.error(request, sentence if number else _("All orders of this preparation are shipped."))
            return HttpResponseRedirect(self.url("change", pk))
        return HttpResponseRedirect(self.url("pack", pk, row.pk))

    @guarded(SHIP, methods=("GET",))
    def pack(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        preparation = self.row(request, pk)
        return self._packing(request, preparation, self.prepared(preparation, row_id))

    @guarded(SHIP)
    def scan(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        """Count what was scanned; the number of another order of the preparation leads to that one."""
        preparation = self.row(request, pk)
        row = self.prepared(preparation, row_id)
        code = request.POST.get("code", "").replace("\x00", "").strip()[:LONGEST_CODE]
        try:
            done = packing.scan(row.pk, code, seen=_seen(request))
        except PackingRefused as refusal:
            other = _of_number(preparation, code) if code and not isinstance(refusal, PackedMeanwhile) else None
            if other is not None:
                return HttpResponseRedirect(self.url("pack", pk, other.pk))
            return self._packing(request, preparation, row, refused=str(refusal))
        return self._packing(request, preparation, row, said=done.sentence, newest=done.line.pk)

    @guarded(SHIP)
    def pack_line(self, request: HttpRequest, pk: int, row_id: int, line_id: int) -> HttpResponse:
        preparation = self.row(request, pk)
        row = self.prepared(preparation, row_id)
        try:
            done = packing.pack_line(row.pk, line_id, seen=_seen(request))
        except PackingRefused as refusal:
            return self._packing(request, preparation, row, refused=str(refusal))
        return self._packing(request, preparation, row, said=done.sentence, newest=done.line.pk)

    @guarded(SHIP)
    def undo(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        preparation = self.row(request, pk)
        row = self.prepared(preparation, row_id)
        try:
            said = packing.undo(row.pk, seen=_seen(request))
        except PackingRefused as refusal:
            return self._packing(request, preparation, row, refused=str(refusal))
        return self._packing(request, preparation, row, said=said)

    @guarded(SHIP)
    def start_over(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        preparation = self.row(request, pk)
        row = self.prepared(preparation, row_id)
        try:
            packing.start_over(row.pk, seen=_seen(request))
        except PackingRefused as refusal:
            return self._packing(request, preparation, row, refused=str(refusal))
        return self._packing(request, preparation, row, said=_("Nothing of this order is packed."))

    @guarded(SHIP)
    def ship_one(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        """Ship the order, then on to the next one of the preparation."""
        preparation = self.row(request, pk)
        row = self.prepared(preparation, row_id)
        carrier, tracking = (request.POST.get(name, "").replace("\x00", "").strip() for name in ("carrier", "tracking"))
        if tracking and packing.is_item(row, tracking):
            sentence = _("%(code)s is an item of this order: scan the label of the parcel.") % {"code": tracking[:60]}
            return self._packing(request, preparation, row, refused=sentence)
        leaving.set_parcel(row.pk, carrier[:200], tracking[:100])
        looked = versions_of(request.POST.getlist(SHOP_VERSION)) if "looked" in request.POST else {}
        seen = request.POST.get("version", "")
        try:
            shipment = leaving.ship_prepared(
                row.pk,
                seen=int(seen) if seen.isdecimal() and len(seen) < 10 else -1,
                actor_id=request.user.pk,
                looked=looked.get(row.order_id, ""),
            )
        except ChangeRefused as refusal:
            return self._packing(request, preparation, self.prepared(preparation, row_id), refused=str(refusal))
        numbers = {"order": row.order.number, "code": shipment.code}
        messages.success(request, _("Order %(order)s is shipped: %(code)s.") % numbers)
        after = following(preparation, row.position)
        return HttpResponseRedirect(self.url("pack", pk, after.pk) if after else self.url("change", pk))

    def _packing(
        self,
        request: HttpRequest,
        preparation: Preparation,
        row: PreparedOrder,
        *,
        said: str = "",
        refused: str = "",
        newest: int = 0,
    ) -> HttpResponse:
        """The page. `said`, `refused`: what came of the last scan; `newest`: the line it counted."""
        row.refresh_from_db()
        here = warehouses_of(request)
        lines = list(row.lines.select_related("order_line__product", "prepared__order"))
        order = row.order
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": preparation,
            "row": row,
            "title": _("Pack order %(number)s") % {"number": order.number or f"#{order.pk}"},
            "lines": list(pick_list.picks(lines, here)),
            "units": sum(line.units for line in lines),
            "packed": sum(line.packed for line in lines),
            "complete": bool(lines) and not any(line.left for line in lines),
            "count": preparation.orders.count(),
            "seen": packing.scans_of(row),
            "address": address_lines(order.shipping or order.billing),
            "is_changed": row.version != order.version,
            "looks": looks(Order.objects.filter(pk=order.pk)),
            "method": row.carrier or order.shipping_title,
            "after": following(preparation, row.position, but=row.pk),
            "said": said,
            "refused": refused,
            "newest": newest,
            "media": self.media,
        }
        status = 422 if refused else 200
        return TemplateResponse(request, "admin/orders/preparation/pack.html", context, status=status)


def following(preparation: Preparation, position: int, but: int = 0) -> PreparedOrder | None:
    """The next order that is not shipped, from a position on and then from the first."""
    waiting = preparation.orders.filter(shipment=None).exclude(pk=but).order_by("position")
    return waiting.filter(position__gt=position).first() or waiting.first()


def _of_number(preparation: Preparation, number: str) -> PreparedOrder | None:
    rows = preparation.orders.filter(order__number__iexact=number).order_by("shipment_id", "position")
    return rows.first()


def _seen(request: HttpRequest) -> int | None:
    """How many scans the page has shown; one that does not say is out of date."""
    typed = request.POST.get("seen", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else -1
