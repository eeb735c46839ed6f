"""The orders of a project: listed, created, read, changed."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from config.kit import true_time
from config.kit.api.declaring import Choice, Number, Operation
from config.kit.api.problems import bad_payload, not_found
from integrations.api.partner_views import PartnerView
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from orders import counting
from orders.api import documents, shapes
from orders.models import Order
from orders.partners import store
from orders.partners.answers import publish
from orders.partners.published import PublishedOrder
from orders.partners.store import Book, NotWritten, Stored

BY = {"created_at": "placed_at", "updated_at": "updated_at"}
LIMIT = Number("limit", "How many at most.", 10, 1, 100)
PAGE = Number("page", "Which page, from 1.", 1, 1, 100)
ORDER = Choice(
    "order", "The oldest first, or with - the newest.", ("created_at", "-created_at", "updated_at", "-updated_at")
)
POST_SAYS = (
    "An order with this `id` or `source_id` is updated: what is not sent stays as it is, `items` replace its items, and"
    " an item that names its `id` keeps its line. Else one is created, which needs an amount or items. Its customer is"
    " created or updated with it. A live order reserves the stock that is there."
)
PUT_SAYS = (
    "What is not sent stays as it is, and an answer sent back changes nothing. `items` replace those of the order; one"
    " that names its `id` keeps its line. `override` is passed over here."
)
UPSERT = {404: "There is no order with the `id` that was sent."}


class OrdersPartnerView(PartnerView):
    """What the addresses of orders share: writing one, and showing one."""

    scope = ApiScope.ORDERS

    def shown(self, order_id: int) -> Response:
        order = Order.objects.prefetch_related("lines").get(pk=order_id)
        return Response(publish(self.ids, [order])[0])

    def save(self, order: PublishedOrder) -> Stored:
        project = self.project
        book = Book(project.pk, project.currency, project.zone, self.ids, true_time.now())
        try:
            stored = store.save(book, order)
        except NotWritten as error:
            failure = error.failure
            if failure.key == "not_found":
                raise not_found("order", order.id or "") from error
            raise bad_payload(failure.reason, key=failure.key) from error
        return stored


class OrdersView(OrdersPartnerView):
    """GET: pages of orders, oldest first by default. POST: create one, or update the one with this id or source id."""

    operations = {
        "GET": Operation("List orders", shapes.Orders, query=(LIMIT, PAGE, ORDER)),
        "POST": Operation(
            "Create or update an order", shapes.Order, body=PublishedOrder, says=POST_SAYS, refuses=UPSERT
        ),
    }

    def get(self, request: Request) -> Response:
        limit, page, order = LIMIT.read(self.query), PAGE.read(self.query), ORDER.read(self.query)
        sign, by = ("-", BY[order[1:]]) if order.startswith("-") else ("", BY[order])
        orders = Order.objects.filter(project=self.project)
        start = (page - 1) * limit
        listed = list(orders.order_by(sign + by, f"{sign}pk").prefetch_related("lines")[start : start + limit])
        body = {
            "object": "list",
            "data_ref": "orders",
            "orders": publish(self.ids, listed),
            "total": counting.total(self.project.pk),
        }
        return Response(body)

    @idempotent
    def post(self, request: Request) -> Response:
        order = documents.one(self.body(request), new=True)
        return self.shown(self.save(order).order_id)


class OrderView(OrdersPartnerView):
    """GET: one order by id or source id. PUT: change what is sent, leave the rest."""

    id_name = "The id of the order, `ord_…`, or its source id."
    operations = {
        "GET": Operation("Read one order", shapes.Order),
        "PUT": Operation("Change an order", shapes.Order, body=PublishedOrder, says=PUT_SAYS),
    }

    def get(self, request: Request, order_id: str) -> Response:
        return Response(publish(self.ids, [self._order(order_id)])[0])

    def put(self, request: Request, order_id: str) -> Response:
        known = self._order(order_id)
        order = documents.one(self.body(request), new=False)
        given = self.ids.give("ord", known.pk)
        if order.id not in {None, given} or (known.source_id and order.source_id not in {None, known.source_id}):
            raise bad_payload("Property .id or .source_id is that of another order: leave it out", key="invalid_order")
        order.id = given
        for item in order.items or ():
            for part in (item.product, item.sku):
                if part is not None:
                    part.override = None  # published for calls that create orders
        return self.shown(self.save(order).order_id)

    def _order(self, order_id: str) -> Order:
        found = store.find(self.project.pk, self.ids, order_id)
        if found is None:
            raise not_found("order", order_id)
        return found
