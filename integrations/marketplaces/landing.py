"""An order that was handed on is in its shop, or back in the book from there: what is said and done then."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from integrations.choices import CrossingKind, RemoteState
from integrations.marketplaces import echoes
from integrations.models import Crossing, Integration, RemoteOrder
from orders.models import Order
from orders.work import invoicing
from orders.work.changing import ChangeRefused

IN_SHOP = "It is in {shop} as order {number}, and comes into the book from there."
IN_BOOK = "It is in the book as order {number} of {shop}."


def landed(shop: Integration, crossing_ids: Collection[int]) -> None:
    """Say of the orders among these that their shop has them. In the caller's transaction."""
    for row in Crossing.objects.filter(pk__in=crossing_ids, kind=CrossingKind.ORDER).exclude(remote_id=""):
        _say(row.subject, IN_SHOP.format(shop=shop.title, number=row.remote_id))
        echo = Order.objects.filter(integration=shop, remote_order__external_id=row.remote_id).first()
        if echo is not None:  # it came back before we knew its id
            echoed([echo.pk])


def echoed(order_ids: Collection[int]) -> None:
    """Link those of these new orders to their marketplaces that were made of orders there."""
    orders = {order.pk: order for order in Order.objects.filter(pk__in=order_ids).select_related("integration")}
    for order_id, origin in echoes.origins_of(list(orders.values())).items():
        order = orders[order_id]
        _say(origin.pk, IN_BOOK.format(shop=order.integration, number=order.number))
        if origin.integration.invoice_after_import:
            # The rule of the shop may have issued one, or it was cancelled meanwhile.
            with suppress(ChangeRefused):
                invoicing.issue(order.pk)


def _say(remote_id: int, sentence: str) -> None:
    RemoteOrder.objects.filter(pk=remote_id, state=RemoteState.HANDED_ON).update(reason=sentence[:500])
