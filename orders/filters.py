"""What lists of orders, customers and papers are filtered by, in the API and in the admin."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Upper
from django_filters import CharFilter, ChoiceFilter

from config.kit.list_filters import IdFilter, TimeFilter, YesNoFilter, filters_of, span
from orders.choices import DocumentType, InShop, OrderStatus, PointsReason, SegmentKind, Tab
from orders.documents.finding import called
from orders.intake.plans import PLANS
from orders.models import Customer, Invoice, Order, PointsMovement, PreparedOrder, Segment, SegmentMember, Shipment
from orders.models.orders import CITY_KEY, EMAIL_KEY, NAME_KEY, NUMBER_KEY
from orders.seldom_words import searched
from stock import warehouses
from stock.models import Warehouse

# An import value of old data.
LEGACY = "import"


class PreparationTabFilter(ChoiceFilter):  # type: ignore[misc]  # has no types
    """Orders in a tab of preparation, as the partial index of the tabs is asked."""

    def filter(self, rows: QuerySet[Any], tab: str) -> QuerySet[Any]:
        return rows.filter(tab=tab).exclude(tab="") if tab else rows


class InShopFilter(ChoiceFilter):  # type: ignore[misc]
    """Orders that wait for a look, as the partial indexes of the marks are asked."""

    def filter(self, rows: QuerySet[Any], mark: str) -> QuerySet[Any]:
        return rows.filter(**{f"shop_{mark}_at__isnull": False}) if mark else rows


class PreparedFilter(YesNoFilter):
    """Orders that wait in a preparation, as the partial index of those is asked."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        waits = PreparedOrder.objects.filter(shipment=None)
        if text == "true":
            return rows.filter(pk__in=waits.values("order"))
        return rows.exclude(Exists(waits.filter(order=OuterRef("pk")))) if text else rows


class WordsFilter(CharFilter):  # type: ignore[misc]
    """Orders in which every word typed begins a word."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return searched(rows, text).orders if text else rows


class PlaceFilter(IdFilter):
    """Orders that are served from a warehouse; those of the project's first one name none."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        pk = self.parent.ids.take(self.kind, text)
        row = None if pk is None else Warehouse.objects.filter(pk=pk).first()
        if row is None:
            return rows.none()
        return rows.filter(project=row.project_id, warehouse=warehouses.of(row.project_id).place(row.pk))


class MemberFilter(IdFilter):
    """Members of a segment now."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        pk = self.parent.ids.take(self.kind, text)
        return rows.none() if pk is None else rows.filter(memberships__segment=pk, memberships__left_at=None)


class NumberFilter(CharFilter):  # type: ignore[misc]
    """Orders of exactly this number."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.alias(key=NUMBER_KEY).filter(key=Upper(Value(text)), number=text) if text else rows


class CodeFilter(CharFilter):  # type: ignore[misc]
    """Papers of exactly this code, by the number that it is written from."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return called(rows, text).filter(code=text) if text else rows


class NameFilter(CharFilter):  # type: ignore[misc]
    """Customers of this name, whatever its case."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.alias(key=NAME_KEY).exclude(name="").filter(key=Upper(Value(text))) if text else rows


class CityFilter(CharFilter):  # type: ignore[misc]
    """Customers of this city, whatever its case."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        found: QuerySet[Any] = rows.alias(key=CITY_KEY).filter(address__has_key="city", key=Upper(Value(text)))
        return found


class EmailFilter(CharFilter):  # type: ignore[misc]
    """Customers with this e-mail address, whatever its case; by the index of the lowered ones."""

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.alias(lowered=EMAIL_KEY).filter(lowered=text.lower()) if text else rows


ORDERS = filters_of(
    Order,
    status=ChoiceFilter(choices=OrderStatus.choices, help_text="Where the order stands."),
    tab=PreparationTabFilter(
        choices=[choice for choice in Tab.choices if choice[0]], help_text="Where an open order waits in preparation."
    ),
    in_shop=InShopFilter(
        choices=InShop.choices, help_text="Orders that have changed in their shop since, or are gone there."
    ),
    prepared=PreparedFilter("Yes", "No", help_text="Whether the order waits in a preparation that is open."),
    rule=ChoiceFilter(
        field_name="import_action",
        choices=[(action, action) for action in (*PLANS, LEGACY)],
        help_text="What the import rule made of the order.",
    ),
    integration=IdFilter("int", field_name="integration", help_text="Orders of this shop."),
    customer=IdFilter("cust", field_name="customer", help_text="Orders of this customer."),
    warehouse=PlaceFilter("whs", help_text="Orders that are served from this warehouse."),
    number=NumberFilter(help_text="The order's number, in full."),
    q=WordsFilter(
        help_text="Words of number, e-mail, names, cities, phone and SKU, or the number of a paper or parcel;"
        " the beginning of each is enough."
    ),
    **span("placed_at", "placed"),
    **span("updated_at", "changed", ordered=True),
)
INVOICES = filters_of(
    Invoice,
    order=IdFilter("ord", field_name="order", help_text="Papers of this order."),
    type=ChoiceFilter(
        field_name="document_type",
        choices=[(kind.value, kind.label) for kind in (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)],
        help_text="Invoices or credit notes.",
    ),
    number=CodeFilter(help_text="The paper's number, in full."),
    **span("issued_at", "issued"),
)
SHIPMENTS = filters_of(
    Shipment,
    order=IdFilter("ord", field_name="order", help_text="Shipments of this order."),
    number=CodeFilter(help_text="The shipment's number, in full."),
    **span("shipped_at", "shipped"),
)
CUSTOMERS = filters_of(
    Customer,
    email=EmailFilter(help_text="The whole address, in any case."),
    source_id=CharFilter(help_text="The partner's own id of the customer."),
    segment=MemberFilter("seg", help_text="Only customers who are in this segment now."),
    **span("created_at", "created"),
)
PUBLISHED_CUSTOMERS = filters_of(
    Customer,
    email=EmailFilter(help_text="The whole address, in any case."),
    name=NameFilter(help_text="The whole name, in any case."),
    city=CityFilter(help_text="The whole name of the city, in any case."),
    **{
        f"{name}[{word}]": TimeFilter(
            field_name=name, lookup_expr=lookup, help_text=f"Only those of whom `{name}` is {word} this time."
        )
        for name in ("created_at", "updated_at")
        for word, lookup in (("before", "lt"), ("after", "gt"))
    },
)
POINTS = filters_of(
    PointsMovement,
    reason=ChoiceFilter(choices=PointsReason.choices, help_text="Why points came or went."),
    **span("at", "booked", ordered=True),
)
SEGMENTS = filters_of(
    Segment,
    kind=ChoiceFilter(choices=SegmentKind.choices, help_text="Automatic, or chosen by hand."),
    name=CharFilter(help_text="The whole name."),
)
MEMBERS = filters_of(SegmentMember)
