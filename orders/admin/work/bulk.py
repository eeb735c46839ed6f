"""The same step for many chosen orders: a page that asks first and names counts, then a result per order.

Each order is a transaction of its own, at the version the asking page showed: a second click finds every order changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.model_admins import Route, TenantAdmin
from config.kit.admin.undo import Undo
from config.kit.money import money
from integrations.admin.open_project import warehouses_of
from orders.admin.looking import looks
from orders.admin.preparing.beginning_preparations import begin
from orders.admin.printing import SHOP_VERSION, look_first, one_pdf
from orders.admin.work.bills import ISSUE
from orders.admin.work.goods import SHIP
from orders.admin.work.status import CHANGE, INVERSE
from orders.choices import ORDER_OPEN, OrderStatus, Tab
from orders.documents.paper import contents
from orders.documents.paper.legibility import missing_of
from orders.intake.incoming import ZERO
from orders.models import Invoice, Order, OrderLine, Shipment
from orders.work import invoicing, lifecycle, rerouting, shipping
from orders.work.changing import ChangeRefused
from orders.work.lifecycle import LONGEST_REASON

# Orders of one step: a few seconds of work.
MOST = 100


@dataclass(frozen=True)
class Verb:
    """A step for many orders. `possible` says for which orders it is offered; the service has the last word."""

    key: str
    question: str | Promise
    button: str | Promise
    explained: str | Promise
    possible: Q | Combinable
    service: Callable[..., str]
    asks_reason: bool = False
    asks_look: bool = False
    """Whether orders that their shop has changed ask for a look first."""
    prints: bool = False
    """Whether it issues a document."""
    asks_warehouse: bool = False


def _hold(order_id: int, **named: Any) -> str:
    lifecycle.hold(order_id, **named)
    return _("On hold.")


def _release(order_id: int, **named: Any) -> str:
    lifecycle.release(order_id, **named)
    return _("Released.")


def _cancel(order_id: int, **named: Any) -> str:
    lifecycle.cancel(order_id, **named)
    return _("Cancelled.")


def _reopen(order_id: int, **named: Any) -> str:
    lifecycle.reopen(order_id, **named)
    return _("Open again.")


def _invoice(order_id: int, *, reason: str, **named: Any) -> str:
    return _("Invoice %(code)s.") % {"code": invoicing.issue(order_id, **named).code}


def _ship(order_id: int, *, reason: str, **named: Any) -> str:
    return _("Shipment %(code)s.") % {"code": shipping.ship(order_id, **named).code}


def _reroute(order_id: int, *, warehouse_id: int, **named: Any) -> str:
    rerouting.serve_from(order_id, warehouse_id, **named)
    return _("Served from the chosen warehouse.")


OPEN = Q(status__in=ORDER_OPEN)
SHIPPED = Exists(OrderLine.objects.filter(order=OuterRef("pk"), shipped__gt=0))
INVOICED = Exists(Invoice.objects.filter(order=OuterRef("pk"), corrects=None))
VERBS = {
    verb.key: verb
    for verb in (
        Verb(
            "hold",
            gettext_lazy("Put these orders on hold?"),
            gettext_lazy("Put on hold"),
            gettext_lazy("They keep what they have reserved and are not shipped until they are released."),
            Q(status=OrderStatus.PROCESSING),
            _hold,
            asks_reason=True,
        ),
        Verb(
            "release",
            gettext_lazy("Release these orders from hold?"),
            gettext_lazy("Release"),
            gettext_lazy("They go to the tab their stock allows."),
            Q(status=OrderStatus.ON_HOLD),
            _release,
            asks_reason=True,
        ),
        Verb(
            "warehouse",
            gettext_lazy("Serve these orders from another warehouse?"),
            gettext_lazy("Change the warehouse"),
            gettext_lazy(
                "What they have reserved goes to the orders that wait in the old warehouse; in the new one they are"
                " served by their age."
            ),
            OPEN & ~SHIPPED,
            _reroute,
            asks_reason=True,
            asks_warehouse=True,
        ),
        Verb(
            "cancel",
            gettext_lazy("Cancel these orders?"),
            gettext_lazy("Cancel orders"),
            gettext_lazy("Their stock goes to the orders that wait. Invoices stay: credit them one by one."),
            OPEN,
            _cancel,
            asks_reason=True,
        ),
        Verb(
            "reopen",
            gettext_lazy("Open these orders again?"),
            gettext_lazy("Open again"),
            gettext_lazy("Their units wait for stock like those of any other order."),
            Q(status=OrderStatus.CANCELLED),
            _reopen,
            asks_reason=True,
        ),
        Verb(
            "invoice",
            gettext_lazy("Issue an invoice for each of these orders?"),
            gettext_lazy("Issue invoices"),
            gettext_lazy("An invoice cannot be changed afterwards, only credited."),
            ~Q(status=OrderStatus.CANCELLED) & ~INVOICED,
            _invoice,
            asks_look=True,
            prints=True,
        ),
        Verb(
            "ship",
            gettext_lazy("Ship all that is in stock of these orders?"),
            gettext_lazy("Ship"),
            gettext_lazy("What they have reserved leaves the stock; an order of which all is shipped is complete."),
            Q(status=OrderStatus.PROCESSING, tab__in=[Tab.IN_STOCK, Tab.PARTIAL]),
            _ship,
            asks_look=True,
            prints=True,
        ),
    )
}


class BulkSteps(TenantAdmin[Order]):
    bulk_actions = (
        "prepare_chosen",
        "hold_chosen",
        "release_chosen",
        "cancel_chosen",
        "warehouse_chosen",
        "invoice_chosen",
        "ship_chosen",
        "slips_chosen",
        "bills_chosen",
    )

    def bulk_routes(self) -> Sequence[Route]:
        return [
            ("bulk/hold/", self.bulk_hold, "bulk_hold"),
            ("bulk/release/", self.bulk_release, "bulk_release"),
            ("bulk/cancel/", self.bulk_cancel, "bulk_cancel"),
            ("bulk/reopen/", self.bulk_reopen, "bulk_reopen"),
            ("bulk/warehouse/", self.bulk_warehouse, "bulk_warehouse"),
            ("bulk/invoice/", self.bulk_invoice, "bulk_invoice"),
            ("bulk/ship/", self.bulk_ship, "bulk_ship"),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if not warehouses_of(request).several:
            actions.pop("warehouse_chosen", None)
        return actions

    @guarded_action(SHIP, description=gettext_lazy("Prepare …"), limit=MOST)
    def prepare_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        """Pick, pack and ship them together, see `orders.preparing`."""
        return begin(request, queryset)

    @guarded_action(CHANGE, description=gettext_lazy("Put on hold …"), limit=MOST)
    def hold_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["hold"], queryset)

    @guarded_action(CHANGE, description=gettext_lazy("Release from hold …"), limit=MOST)
    def release_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["release"], queryset)

    @guarded_action(CHANGE, description=gettext_lazy("Cancel …"), limit=MOST)
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["cancel"], queryset)

    @guarded_action(CHANGE, description=gettext_lazy("Change the warehouse …"), limit=MOST)
    def warehouse_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["warehouse"], queryset)

    @guarded_action(ISSUE, description=gettext_lazy("Issue invoices …"), limit=MOST)
    def invoice_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["invoice"], queryset)

    @guarded_action(SHIP, description=gettext_lazy("Ship what is in stock …"), limit=MOST)
    def ship_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self._ask(request, VERBS["ship"], queryset)

    @guarded_action("orders.view_shipment", description=gettext_lazy("Packing slips as one PDF"), limit=MOST)
    def slips_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        rows = dict(Shipment.objects.filter(order__in=queryset, cancelled_at=None).values_list("pk", "order_id"))
        asked = look_first(request, self.admin_site, rows.values())
        return asked or one_pdf(request, contents.of_shipments(list(rows)), "packing-slips")

    @guarded_action("orders.view_invoice", description=gettext_lazy("Invoices as one PDF"), limit=MOST)
    def bills_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        rows = dict(Invoice.objects.filter(order__in=queryset).values_list("pk", "order_id"))
        asked = look_first(request, self.admin_site, rows.values())
        return asked or one_pdf(request, contents.of_invoices(list(rows)), "invoices")

    @guarded(CHANGE)
    def bulk_hold(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["hold"])

    @guarded(CHANGE)
    def bulk_release(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["release"])

    @guarded(CHANGE)
    def bulk_cancel(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["cancel"])

    @guarded(CHANGE)
    def bulk_reopen(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["reopen"])

    @guarded(CHANGE)
    def bulk_warehouse(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["warehouse"])

    @guarded(ISSUE)
    def bulk_invoice(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["invoice"])

    @guarded(SHIP)
    def bulk_ship(self, request: HttpRequest) -> HttpResponse:
        return self._carry_out(request, VERBS["ship"])

    def _ask(self, request: HttpRequest, verb: Verb, chosen: QuerySet[Order]) -> HttpResponse | None:
        """The page that names what will be done to how many orders, and which are left out."""
        ordered = list(chosen.only("number", "status", "tab", "version").order_by("placed_at", "pk"))
        able = set(chosen.filter(verb.possible).values_list("pk", flat=True))
        if not able:
            messages.warning(request, _("This can be done with none of the chosen orders."))
            return None
        papers = self._papers(able) if verb.prints else []
        return self._page(
            request,
            "ask",
            verb,
            able=[order for order in ordered if order.pk in able],
            left_out=[order for order in ordered if order.pk not in able],
            longest_reason=LONGEST_REASON,
            looks=looks(chosen.filter(pk__in=able)) if verb.asks_look else [],
            illegible=_illegible(papers),
            warehouses=warehouses_of(request).active if verb.asks_warehouse else (),
            charged=_charged(papers) if verb.key == "invoice" else "",
        )

    @staticmethod
    def _papers(ids: Collection[int]) -> list[Order]:
        """Orders with their lines, by the time they were placed."""
        return list(Order.objects.filter(pk__in=ids).prefetch_related("lines").order_by("placed_at", "pk"))

    def _carry_out(self, request: HttpRequest, verb: Verb) -> HttpResponse:
        """Take the step for each order and show what came of it."""
        seen = seen_of(request.POST.getlist("order"))
        if not seen or len(seen) > MOST:
            sentence = _("Choose at least one and at most %(most)s orders on the list.")
            messages.error(request, sentence % {"most": MOST})
            return HttpResponseRedirect(self.url("changelist"))
        orders = self.get_queryset(request).filter(pk__in=seen).only("number").order_by("placed_at", "pk")
        reason = request.POST.get("reason", "")[:LONGEST_REASON].replace("\x00", "")
        versions = versions_of(request.POST.getlist(SHOP_VERSION)) if "looked" in request.POST else {}
        typed = request.POST.get("warehouse", "")
        chosen = int(typed) if typed.isdecimal() and len(typed) < 18 else 0
        results = []
        for order in orders:
            named: dict[str, Any] = {"looked": versions.get(order.pk, "")} if verb.asks_look else {}
            if verb.asks_warehouse:
                named["warehouse_id"] = chosen
            try:
                text = verb.service(order.pk, seen=seen[order.pk], actor_id=request.user.pk, reason=reason, **named)
            except ChangeRefused as refusal:
                results.append((order, str(refusal), False))
            else:
                results.append((order, text, True))
        done = [order.pk for order, _text, ok in results if ok]
        return self._page(
            request,
            "result",
            verb,
            results=results,
            done=len(done),
            refused=len(results) - len(done),
            undo=self._undo(verb, done),
        )

    def _undo(self, verb: Verb, done: Sequence[int]) -> Undo | None:
        """The way back for exactly the orders that were changed, at the version they have by that."""
        if not done or verb.key not in INVERSE:
            return None
        versions = Order.objects.filter(pk__in=done).order_by("pk").values_list("pk", "version")
        return Undo(self.url(f"bulk_{INVERSE[verb.key]}"), {"order": [f"{pk}:{version}" for pk, version in versions]})

    def _page(self, request: HttpRequest, name: str, verb: Verb, **extra: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verb.question if name == "ask" else verb.button,
            "verb": verb,
            "address": self.url(f"bulk_{verb.key}"),
            "media": self.media,
            **extra,
        }
        return TemplateResponse(request, f"admin/orders/order/work/bulk_{name}.html", context)


def _illegible(orders: Sequence[Order]) -> list[str]:
    """What papers of these orders could not print, by order."""
    return [f"{order.number}: {text}" for order in orders for text in missing_of(order, list(order.lines.all()))]


def _charged(orders: Sequence[Order]) -> str:
    """What invoices of these orders would charge together, by currency."""
    sums: dict[str, Decimal] = {}
    for order in orders:
        rows = invoicing.drafted(order, list(order.lines.all()))
        sums[order.currency] = sums.get(order.currency, ZERO) + invoicing.total_of(rows)
    return ", ".join(money(amount, currency) for currency, amount in sorted(sums.items()))


def seen_of(tokens: Sequence[str]) -> dict[int, int]:
    """Versions by order id out of “id:version”; what is neither is left out."""
    pairs = (token.split(":", 1) for token in tokens[: MOST + 1])
    return {
        int(pair[0]): int(pair[1])
        for pair in pairs
        if len(pair) == 2 and all(part.isdecimal() and len(part) < 18 for part in pair)
    }


def versions_of(tokens: Sequence[str]) -> dict[int, str]:
    """What was seen of the shops, by order id, out of tokens of looks; what is none is left out."""
    pairs = (token.partition(":") for token in tokens[: MOST + 1])
    return {int(pk): version for pk, _, version in pairs if pk.isdecimal() and len(pk) < 18}
