"""What went out to shops and what waits: one row for each thing, with the shop's answer, and sending again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.admin.undo import Undo, say_done
from integrations.admin.open_project import shops_of
from integrations.admin.tones import CROSSING_TONES
from integrations.choices import CrossingKind, CrossingState
from integrations.filters import CROSSINGS
from integrations.models import Crossing
from integrations.pushes import going_live
from orders.models import Order

SEND = "integrations.send_crossing"
# The page of what is told, by kind; the subject is its primary key.
PAGES = {
    CrossingKind.SHIPMENT: "orders_shipment",
    CrossingKind.PAPER: "orders_invoice",
    CrossingKind.PAYMENT: "orders_order",
    CrossingKind.ORDER: "integrations_remoteorder",
}


class CrossingShopFilter(ChoiceFilter):
    title = gettext_lazy("shop")
    parameter_name = "integration"
    filters = CROSSINGS

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))


class CrossingStateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    filters = CROSSINGS


class CrossingKindFilter(ChoiceFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"
    filters = CROSSINGS


class CrossingRange(DateRange):
    title = gettext_lazy("written")
    filters, span = CROSSINGS, "created"


@admin.register(Crossing)
class CrossingAdmin(PageAdmin[Crossing]):
    project_path = "integration__project"
    list_display = ("label", "what", "shop", "state_shown", "answer_shown", "tries_shown", "created_at")
    list_filter = (CrossingShopFilter, CrossingStateFilter, CrossingKindFilter, CrossingRange)
    ordering = ("-id",)
    actions = ("send_chosen", "leave_chosen_out")
    page_template = "admin/integrations/crossing/page.html"
    empty_sentence = gettext_lazy(
        "Nothing here. What shops are to be told – shipments, payments, documents – is listed as soon as it happens."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("export/", self.export, "export"),
            ("<int:pk>/send/", self.send, "send"),
            ("send/", self.send_several, "send_several"),
            ("<int:pk>/leave/", self.leave, "leave"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Crossing]:
        return super().get_queryset(request).select_related("integration").defer("integration__credentials")

    def page_context(self, request: HttpRequest, obj: Crossing) -> dict[str, Any]:
        of_order = obj.kind != CrossingKind.ORDER
        orders = Order.objects.filter(project=obj.integration.project_id, pk=obj.order_id if of_order else 0)
        return {
            "tone": CROSSING_TONES[obj.state],
            "subject_url": reverse(f"admin:{PAGES[CrossingKind(obj.kind)]}_change", args=[obj.subject]),
            "order": orders.only("number").first(),
            "may_send": request.user.has_perm(SEND) and obj.state != CrossingState.SENT,
            "may_leave": request.user.has_perm(SEND) and obj.state in {CrossingState.WAITING, CrossingState.FAILED},
        }

    @guarded(SEND)
    def send(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Tell the shop now, whatever came of it before."""
        self._send(request, self._one(request, pk))
        return self._back(request, pk)

    @guarded(SEND)
    def send_several(self, request: HttpRequest) -> HttpResponse:
        """The same for those whose ids are sent: the way back from “Do not send”."""
        ids = [int(pk) for pk in request.POST.getlist("crossing") if pk.isdecimal() and len(pk) < 19]
        self._send(request, self.get_queryset(request).filter(pk__in=ids))
        return HttpResponseRedirect(self.url("changelist"))

    @guarded(SEND)
    def leave(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do not tell the shop."""
        self._leave_out(request, self._one(request, pk))
        return self._back(request, pk)

    def _one(self, request: HttpRequest, pk: int) -> QuerySet[Crossing]:
        if self.get_object(request, str(pk)) is None:
            raise Http404
        return Crossing.objects.filter(pk=pk)

    def _back(self, request: HttpRequest, pk: int) -> HttpResponse:
        order_id = request.POST.get("order", "")
        if order_id.isdecimal():
            return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order_id]) + "#told")
        return HttpResponseRedirect(self.url("change", pk))

    @guarded_action(SEND, description=gettext_lazy("Send again"))
    def send_chosen(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> None:
        self._send(request, queryset)

    @guarded_action(SEND, description=gettext_lazy("Do not send"))
    def leave_chosen_out(self, request: HttpRequest, queryset: QuerySet[Crossing]) -> None:
        self._leave_out(request, queryset)

    def _send(self, request: HttpRequest, rows: QuerySet[Crossing]) -> None:
        found = list(rows.select_related("integration").defer("integration__credentials"))
        count = sum(going_live.send_again(row.integration, [row.pk]) for row in found)
        off = sorted({row.integration.title for row in found if not row.integration.live})
        if off:
            text = _("It waits: %(shops)s is not live. Switch it live on the page “What goes out”.")
            messages.warning(request, text % {"shops": ", ".join(off)})
        elif count:
            text = ngettext("%(number)s is sent now.", "%(number)s are sent now.", count)
            messages.success(request, text % {"number": count})
        else:
            messages.info(request, _("Nothing was sent again: the shop has it already."))

    def _leave_out(self, request: HttpRequest, rows: QuerySet[Crossing]) -> None:
        found = rows.select_related("integration").defer("integration__credentials")
        left = [row.pk for row in found if going_live.leave_out(row.integration, [row.pk])]
        if left:
            text = ngettext(
                "%(number)s is not sent. “Send again” takes that back.",
                "%(number)s are not sent. “Send again” takes that back.",
                len(left),
            )
            undo = Undo(self.url("send_several"), {"crossing": left})
            say_done(request, text % {"number": f"{len(left):,}"}, undo)
        else:
            messages.info(request, _("Nothing was left out: it is sent already, or is being sent."))

    @guarded("integrations.view_crossing", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        columns = ("what", "number", "shop", "state", "answer", "tries", "written", "sent", "seen in the shop")
        return csv_of_list(self, request, "outgoing", columns, _cells)

    @admin.display(description=gettext_lazy("what"))
    def what(self, row: Crossing) -> str:
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("shop"))
    def shop(self, row: Crossing) -> str:
        return row.integration.title

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: Crossing) -> str:
        return badge(row.get_state_display(), CROSSING_TONES[row.state])

    @admin.display(description=gettext_lazy("answer"))
    def answer_shown(self, row: Crossing) -> str:
        if row.state == CrossingState.FAILED and row.next_try_at is None:
            return format_html("{} <strong>{}</strong>", row.answer, _("Waits for you."))
        return row.answer

    @admin.display(description=gettext_lazy("failed tries"))
    def tries_shown(self, row: Crossing) -> str:
        return str(row.tries)


def _cells(row: Crossing) -> Sequence[Cell]:
    return (
        str(row.get_kind_display()), row.label, row.integration.title, str(row.get_state_display()), row.answer,
        str(row.tries), row.created_at, row.sent_at, row.checked_at,
    )  # fmt: skip
