"""The columns of the orders list."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, JSONObject, NullIf
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.kit import true_time
from config.kit.admin.csv_files import in_csv
from config.kit.admin.markup import badge, badge_link
from config.kit.admin.model_admins import TenantAdmin
from config.kit.money import bare_amount, money
from integrations.admin.open_project import warehouses_of
from integrations.choices import ImportAction
from orders.admin.synchronizing import SYNCHRONIZE, SynchronizeOrders
from orders.admin.tones import IN_SHOP_TONES, IN_SHOP_WORDS, STATUS_TONES, TAB_TONES
from orders.choices import ORDER_OPEN
from orders.in_shop import marks_of
from orders.models import Order, OrderLine, OrderNote

# The columns no list needs as they are.
UNREAD = ("billing", "shipping", "metadata", "warnings", "note", "search")
LONGEST_ITEM = 28
NO_BREAK = "\u00a0"
LINES = OrderLine.objects.filter(order=OuterRef("pk")).order_by("position", "pk")
FIRST_LINE = Subquery(LINES.values(told=JSONObject(sku="sku", name="name", quantity="quantity"))[:1])
LINES_COUNTED = Subquery(LINES.order_by().values("order").annotate(lines=Count("pk")).values("lines"))


class OrderColumns(SynchronizeOrders, TenantAdmin[Order]):
    list_display = (
        "named", "placed", "age", "shop", "bought_by", "mail", "country", "goods", "amount", "payment",
        "paid_by", "sent_by", "state", "preparation", "served_from", "remote", "imported_as",
        "synchronize_row",
    )  # fmt: skip
    hidden_at_first = frozenset({"age", "mail", "country", "payment", "paid_by", "sent_by", "imported_as"})
    list_display_links = ("named",)

    def offered_columns(self, request: HttpRequest) -> list[str]:
        columns = super().offered_columns(request)
        if not warehouses_of(request).several:
            columns.remove("served_from")
        if not request.user.has_perm(SYNCHRONIZE):
            columns.remove("synchronize_row")
        return columns

    def with_columns(self, queryset: QuerySet[Order], columns: Collection[str]) -> QuerySet[Order]:
        # Whether there is one would be asked by reading all notes there are, the first one by its index.
        first_note = Subquery(OrderNote.objects.filter(order=OuterRef("pk")).order_by().values("pk")[:1])
        queryset = queryset.defer(*UNREAD).annotate(buyer_noted=~Q(note=""), first_note=first_note)
        if "goods" in columns:
            queryset = queryset.annotate(first_line=FIRST_LINE, lines_counted=LINES_COUNTED)
        if "country" in columns:
            none = Value("", TextField())
            to, billed = (NullIf(KT(f"{place}__country"), none) for place in ("shipping", "billing"))
            queryset = queryset.annotate(country_code=Coalesce(to, billed, none))
        return queryset

    def amount_of(self, obj: Order) -> tuple[Decimal, str]:
        return obj.total, obj.currency

    @in_csv({"number": lambda order: order.number})
    @admin.display(description=_("number"))
    def named(self, order: Any) -> str:
        number = order.number or f"#{order.pk}"
        signs = [_now("Note of the buyer")] * order.buyer_noted + [_now("Internal note")] * (
            order.first_note is not None
        )
        if not signs:
            return str(number)
        return format_html('{} <i class="sign" role="img" title="{}">✎</i>', number, ", ".join(signs))

    @in_csv({"placed at": lambda order: order.placed_at})
    @admin.display(description=_("placed"), ordering="placed_at")
    def placed(self, order: Order) -> str:
        """Without its year while that is this one: eleven columns have to fit on a laptop."""
        at = localtime(order.placed_at)
        form = "j M, H:i" if at.year == localtime(true_time.now()).year else "DATETIME_FORMAT"
        return date_format(at, form).replace(" ", NO_BREAK)

    @in_csv({"placed at": lambda order: order.placed_at})
    @admin.display(description=_("age"))
    def age(self, order: Order) -> str:
        """Of open orders, since they were placed."""
        if order.status not in ORDER_OPEN:
            return "–"
        return format_html('<span class="nowrap">{}</span>', how_long(true_time.now() - order.placed_at))

    @admin.display(description=_("shop"), ordering="integration__title")
    def shop(self, order: Any) -> str:
        return order.shop_title or "–"

    @in_csv({"buyer": lambda order: order.buyer, "e-mail": lambda order: order.email})
    @admin.display(description=_("buyer"), ordering="buyer")
    def bought_by(self, order: Order) -> str:
        return order.buyer or order.email or "–"

    @admin.display(description=_("country"), ordering="country_code")
    def country(self, order: Any) -> str:
        return order.country_code or "–"

    @in_csv({"items": lambda order: _goods(order)})
    @admin.display(description=_("items"))
    def goods(self, order: Any) -> str:
        """The first item, and how many lines more there are."""
        return (_goods(order) or "–").replace(" ", NO_BREAK)

    @in_csv({"currency": lambda order: order.currency, "total": lambda order: bare_amount(order.total, order.currency)})
    @admin.display(description=format_html('<span class="number">{}</span>', _("total")), ordering="total")
    def amount(self, order: Order) -> str:
        return format_html('<span class="number">{}</span>', money(order.total, order.currency))

    @in_csv(
        {
            "paid at": lambda order: order.paid_at,
            "refunded": lambda order: bare_amount(order.refunded_total, order.currency),
        }
    )
    @admin.display(description=_("paid"), ordering="paid_at")
    def payment(self, order: Order) -> str:
        if order.refunded_total > 0:
            whole = order.refunded_total >= order.total
            return badge(_("Refunded") if whole else _("Partly refunded"), "warn")
        return badge(_("Paid"), "good") if order.paid_at else "–"

    @admin.display(description=_("e-mail"), ordering="email")
    def mail(self, order: Order) -> str:
        return order.email

    @admin.display(description=_("payment method"), ordering="payment_title")
    def paid_by(self, order: Order) -> str:
        return order.payment_title or order.payment_code

    @admin.display(description=_("shipping method"), ordering="shipping_title")
    def sent_by(self, order: Order) -> str:
        return order.shipping_title or order.shipping_code

    @admin.display(description=_("status"), ordering="status")
    def state(self, order: Order) -> str:
        return badge(order.get_status_display(), STATUS_TONES[order.status])

    @in_csv(
        {
            "preparation": lambda order: order.get_tab_display() if order.tab else "",
            "in preparation": lambda order: str(order.prepared_in or ""),
        }
    )
    @admin.display(description=_("preparation"), ordering="tab")
    def preparation(self, order: Any) -> str:
        """The tab, and a way to the open preparation that the order is in."""
        tab = badge(order.get_tab_display(), TAB_TONES[order.tab]) if order.tab else "–"
        if order.prepared_in is None:
            return tab
        return format_html("{} {}", tab, badge_link("orders_preparation", order.prepared_in, _now("In preparation")))

    @admin.display(description=_("warehouse"), ordering="place")
    def served_from(self, order: Any) -> str:
        return str(order.place)

    @in_csv({"status in the shop": lambda order: order.shop_status})
    @admin.display(description=_("in the shop"))
    def remote(self, order: Any) -> str:
        status = order.remote_label or order.shop_status or "–"
        marks = [(badge(IN_SHOP_WORDS[mark], IN_SHOP_TONES[mark]),) for mark in marks_of(order)]
        return format_html_join(" ", "{}", [(status,), *marks])

    @admin.display(description=_("imported as"), ordering="import_action")
    def imported_as(self, order: Order) -> str:
        return dict(ImportAction.choices).get(order.import_action, order.import_action) or "–"

    @in_csv({})
    @admin.display(description=_("eshop"))
    def synchronize_row(self, order: Order) -> str:
        return self.synchronize_button(order)


def _goods(order: Any) -> str:
    if order.first_line is None:
        return ""
    name = order.first_line["sku"] or order.first_line["name"]
    shown = name if len(name) <= LONGEST_ITEM else f"{name[: LONGEST_ITEM - 1]}…"
    more = f" +{order.lines_counted - 1}" if order.lines_counted > 1 else ""
    return f"{order.first_line['quantity']} × {shown}{more}"


def how_long(span: timedelta) -> str:
    """In hours below two days, else in days."""
    hours = max(int(span.total_seconds() // 3600), 0)
    if hours < 48:
        return ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}
    return _now("%(number)s days") % {"number": f"{hours // 24:,}"}
