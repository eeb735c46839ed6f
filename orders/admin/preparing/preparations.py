"""Preparations: the list, and the page on which the orders of one get carriers and tracking numbers and leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Upper
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import Route
from config.kit.pasted_rows import LARGEST, text_of
from integrations.access.tenancy import project_of
from integrations.admin.open_project import warehouses_of
from orders.admin.preparing.packing_page import PackSteps
from orders.admin.preparing.preparation_page import SHIP, preparation_page, result
from orders.admin.printing import SHOP_VERSION, look_first, one_pdf
from orders.admin.work.bulk import seen_of, versions_of
from orders.documents.paper.prepared_slips import of_preparation
from orders.labels import label_providers
from orders.labels.label_providers import LabelRefused
from orders.models import Order, Preparation, PreparedOrder, Shipment
from orders.models.orders import NUMBER_KEY
from orders.preparing import gathering, leaving, parcel_rows, pick_list
from orders.work.changing import ChangeRefused

VIEW = "orders.view_preparation"
# Orders that the list names, of each preparation.
SHOWN = 4
# Orders of one number, of several shops, that are looked for.
MOST_SHOPS = 100


@admin.register(Preparation)
class PreparationAdmin(PackSteps):
    list_display = ("named", "started", "author", "numbers", "counted", "state")
    list_display_links = ("named",)
    list_select_related = ("author",)
    search_fields = ("orders",)  # shows the box; `get_search_results` asks for numbers
    search_help_text = gettext_lazy("The number of an order, in full.")
    sortable_by = ()
    page_template = "admin/orders/preparation/page.html"
    empty_sentence = gettext_lazy(
        "No preparations yet. Choose orders on the list of orders, tab In stock, then “Prepare …”."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/save/", self.save_parcels, "save_parcels"),
            ("<int:pk>/ship/", self.ship, "ship"),
            ("<int:pk>/tracking/", self.tracking, "tracking"),
            ("<int:pk>/slips/", self.slips, "slips"),
            ("<int:pk>/pick/", self.pick, "pick"),
            ("<int:pk>/labels/", self.labels, "labels"),
            ("<int:pk>/close/", self.close, "close"),
            ("<int:pk>/out/<int:row_id>/", self.take_out, "take_out"),
            ("<int:pk>/anew/<int:row_id>/", self.prepare_anew, "prepare_anew"),
            *self.packing_routes(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preparation]:
        rows = PreparedOrder.objects.filter(preparation=OuterRef("pk"))
        named = ArraySubquery(rows.order_by("position").values("order__number")[:SHOWN])
        shipped = _counted(rows.exclude(shipment=None))
        return super().get_queryset(request).annotate(count=_counted(rows), left=shipped, order_numbers=named)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Preparation], search_term: str
    ) -> tuple[QuerySet[Preparation], bool]:
        term = search_term.strip()
        if term:
            mine = Order.objects.alias(key=NUMBER_KEY).filter(project=project_of(request), key=Upper(Value(term)))
            ids = list(mine.values_list("pk", flat=True)[:MOST_SHOPS])
            queryset = queryset.filter(pk__in=PreparedOrder.objects.filter(order__in=ids).values("preparation"))
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Preparation"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("preparation"))
    def named(self, preparation: Preparation) -> str:
        return str(preparation)

    @admin.display(description=gettext_lazy("started"))
    def started(self, preparation: Preparation) -> Any:
        return preparation.created_at

    @admin.display(description=gettext_lazy("orders"))
    def numbers(self, preparation: Preparation) -> str:
        named: list[str] = preparation.order_numbers  # type: ignore[attr-defined]
        more = preparation.count - len(named)  # type: ignore[attr-defined]
        return (", ".join(named) or "–") + (f" +{more}" if more else "")

    @admin.display(description=gettext_lazy("shipped"))
    def counted(self, preparation: Preparation) -> str:
        numbers = {"left": preparation.left, "count": preparation.count}  # type: ignore[attr-defined]
        return _("%(left)s of %(count)s orders") % numbers

    @admin.display(description=gettext_lazy("status"))
    def state(self, preparation: Preparation) -> str:
        return badge(_("Done"), "good") if preparation.closed_at else badge(_("Open"), "info")

    def page_context(self, request: HttpRequest, obj: Preparation) -> dict[str, Any]:
        return preparation_page(request, obj)

    @guarded(SHIP)
    def save_parcels(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what was typed; then, where a button asks for it, on to the packing of an order."""
        preparation = self.row(request, pk)
        self._keep(request, preparation)
        then = request.POST.get("then", "")
        if then.isdecimal() and len(then) < 18:
            return HttpResponseRedirect(self.url("pack", pk, int(then)))
        messages.success(request, _("Carriers and tracking numbers are saved."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded(SHIP)
    def ship(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A shipment for each order that the page showed, at the version it showed; a result for each."""
        preparation = self.row(request, pk)
        self._keep(request, preparation)
        seen = seen_of(request.POST.getlist("row"))
        looked = versions_of(request.POST.getlist(SHOP_VERSION)) if "looked" in request.POST else {}
        refused: dict[int, str] = {}
        done = 0
        for row in PreparedOrder.objects.filter(preparation=preparation, pk__in=seen).order_by("position"):
            try:
                leaving.ship_prepared(
                    row.pk, seen=seen[row.pk], actor_id=request.user.pk, looked=looked.get(row.order_id, "")
                )
            except ChangeRefused as refusal:
                refused[row.pk] = str(refusal)
            else:
                done += 1
        say = messages.warning if refused or not done else messages.success
        say(request, result(done, len(refused)))
        if not refused:
            return HttpResponseRedirect(self.url("change", pk))
        fresh = self.row(request, pk)
        return self.render_page(request, fresh, **preparation_page(request, fresh, refused))

    @guarded(SHIP)
    def tracking(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take tracking numbers over that were pasted, or sent as a file."""
        preparation = self.row(request, pk)
        text = request.POST.get("pasted", "")
        file = request.FILES.get("file")
        if file is not None:
            if file.size is None or file.size > LARGEST:
                messages.error(request, _("The file is larger than 1 MB: send the rows of this preparation alone."))
                return HttpResponseRedirect(self.url("change", pk))
            text += "\n" + text_of(file.read())
        done = parcel_rows.take_over(preparation, text[:LARGEST])
        if done.count:
            told = ngettext(
                "Tracking number of %(n)s order is taken over.", "Tracking numbers of %(n)s orders are taken over.",
                done.count,
            )  # fmt: skip
            messages.success(request, told % {"n": done.count})
        if not done.count and not done.errors:
            done.errors.append(_("Paste at least one row, or choose a file."))
        if not done.errors:
            return HttpResponseRedirect(self.url("change", pk))
        extra = {"row_errors": done.errors, "pasted": "\n".join(done.left)}
        return self.render_page(request, preparation, status=422, **extra)

    @guarded(VIEW, methods=("GET",))
    def slips(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Packing slips of all its orders as one PDF, by position."""
        preparation = self.row(request, pk)
        asked = look_first(request, self.admin_site, preparation.orders.values_list("order_id", flat=True))
        answer = asked or one_pdf(request, of_preparation(preparation), f"packing-slips-{pk}")
        return answer or HttpResponseRedirect(self.url("change", pk))

    @guarded(VIEW, methods=("GET",))
    def pick(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The pick list, summed by article or order by order."""
        preparation, here = self.row(request, pk), warehouses_of(request)
        lines = pick_list.lines_of(preparation)
        by_order = request.GET.get("by") == "order"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": preparation,
            "title": _("Pick list of preparation %(pk)s") % {"pk": pk},
            "by_order": by_order,
            "several": here.several,
            "orders": pick_list.by_order(lines, here) if by_order else [],
            "picks": [] if by_order else pick_list.by_article(lines, here),
            "order_count": len({line.prepared_id for line in lines}),
            "unit_count": sum(line.units for line in lines),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/orders/preparation/pick.html", context)

    @guarded(SHIP)
    def labels(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Labels of the parcels that have left, as one PDF; tracking numbers that come along are kept."""
        preparation = self.row(request, pk)
        provider = label_providers.providers().get(request.POST.get("provider", ""))
        rows = Shipment.objects.filter(prepared__preparation=preparation).select_related("letterhead")
        try:
            if provider is None:
                raise LabelRefused(_("Choose one of the kinds of labels."))
            data = label_providers.print_labels(
                provider, list(rows.order_by("prepared__position")), actor_id=request.user.pk
            )
        except LabelRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.url("change", pk))
        answer = HttpResponse(data, content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="labels-{pk}.pdf"'
        return answer

    @guarded(SHIP)
    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put all orders back that are not shipped; they can be prepared again."""
        count = gathering.take_out(self.row(request, pk))
        told = ngettext(
            "%(n)s order is back on the list of orders.", "%(n)s orders are back on the list of orders.", count
        )
        messages.success(request, told % {"n": count})
        return HttpResponseRedirect(self.url("changelist"))

    @guarded(SHIP)
    def take_out(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        preparation = self.row(request, pk)
        self._keep(request, preparation)
        if gathering.take_out(preparation, [row_id]):
            messages.success(request, _("The order is back on the list of orders."))
        else:
            messages.warning(request, _("That order is not waiting in this preparation any more."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded(SHIP)
    def prepare_anew(self, request: HttpRequest, pk: int, row_id: int) -> HttpResponse:
        """Take an order as it is by now."""
        preparation = self.row(request, pk)
        self._keep(request, preparation)
        row = self.prepared(preparation, row_id)
        try:
            messages.success(request, gathering.renew(row.pk))
        except ChangeRefused as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(self.url("change", pk))

    @staticmethod
    def _keep(request: HttpRequest, preparation: Preparation) -> None:
        """Keep carriers and tracking numbers as the table has them."""
        for row in preparation.orders.filter(shipment=None).annotate(method=F("order__shipping_title")):
            carrier, tracking = (request.POST.get(f"{name}-{row.pk}") for name in ("carrier", "tracking"))
            if carrier is None or tracking is None:
                continue
            kept = (clean(carrier, 200), clean(tracking, 100))
            if kept != (row.carrier or row.method, row.tracking_number):
                leaving.set_parcel(row.pk, *kept)


def _counted(rows: QuerySet[PreparedOrder]) -> Coalesce:
    """Counted for each row that is shown, not for all there are."""
    counts = rows.order_by().values("preparation").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counts), 0)


def clean(text: str, longest: int) -> str:
    return text.replace("\x00", "").strip()[:longest]
