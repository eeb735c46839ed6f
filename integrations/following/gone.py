"""Orders that their shop has no longer: trashed or deleted there. They are marked, and put on hold where that is set.

An answer without an order is no proof that the order is gone: a shop that fails may answer with nothing at all. What
did not come is asked for once more, by id, and together with some that must come where nothing else did.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from django.db.models import QuerySet

from config.kit.isolating import in_halves, place_of
from config.kit.sql import execute
from integrations.connectors.http import Operation
from integrations.connectors.listings import OrderPage
from integrations.models import Integration, RemoteOrder
from integrations.runs.pages import RunPage, Written
from orders.choices import EventKind, OrderStatus
from orders.models import Order
from orders.work.changing import opened

logger = logging.getLogger(__name__)

SENTENCE = "The shop no longer has this order: it was deleted or moved to the trash there."
HELD = "Put on hold until somebody decides."
# Orders asked for beside those that did not come; one that comes shows that the shop answers.
WITNESSES = 5
Drive = Callable[[Operation[OrderPage]], OrderPage]


def confirmed(integration: Integration, asked: Sequence[str], found: Collection[str], drive: Drive) -> list[str]:
    """Which of the orders that were asked for the shop has no longer. Raises ShopError."""
    suspects = tuple(external_id for external_id in asked if external_id not in found)
    here = set(_orders(integration, suspects).values_list("remote_order__external_id", flat=True)) if suspects else ()
    suspects = tuple(external_id for external_id in suspects if external_id in here)
    if not suspects:
        return []
    connector, shop = integration.connector, integration.shop()
    answered = any(external_id in found for external_id in asked)
    witnesses = () if answered else _witnesses(integration, suspects)
    if not answered and not witnesses and len(suspects) > 1:
        return []  # all there is, at once: that is a shop that fails
    # A request takes only so many; the others are asked for by the next run.
    suspects = suspects[: connector.capabilities.orders_by_ids - len(witnesses)]
    page = drive(connector.orders.by_ids(shop, (*suspects, *witnesses)))
    reader = integration.reader()
    came = {connector.identify(payload, reader).external_id for payload in page.payloads} | set(page.broken)
    if witnesses and came.isdisjoint(witnesses):
        return []
    return [external_id for external_id in suspects if external_id not in came]


def _orders(integration: Integration, external_ids: Collection[str]) -> QuerySet[Order]:
    return Order.objects.filter(integration=integration, remote_order__external_id__in=list(external_ids))


def _witnesses(integration: Integration, but: Collection[str]) -> tuple[str, ...]:
    """The newest orders of the shop that ought to be there: one may be gone itself, and nobody has noticed yet."""
    rows = RemoteOrder.objects.filter(integration=integration, order__shop_gone_at=None, order__isnull=False)
    newest = rows.exclude(external_id__in=list(but)).order_by("-pk")
    return tuple(newest.values_list("external_id", flat=True)[:WITNESSES])


def mark(integration: Integration, external_ids: Collection[str]) -> None:
    """Mark the orders that are gone, once; in the caller's transaction."""
    if not external_ids:
        return

    def mark_some(order_ids: Sequence[int]) -> None:
        for order_id in order_ids:
            with opened(order_id) as change:
                change.keep("shop_gone_at", change.at)
                held = integration.hold_gone and change.order.status == OrderStatus.PROCESSING
                if held:
                    change.set("status", OrderStatus.ON_HOLD)
                change.note(EventKind.GONE, f"{SENTENCE} {HELD}" if held else SENTENCE)

    unmarked = _orders(integration, external_ids).filter(shop_gone_at=None).order_by("pk")
    in_halves(list(unmarked.values_list("pk", flat=True)), mark_some, _left)


def _left(order_id: int, error: Exception) -> None:
    """It keeps its mark, or its lack of one, until the shop is asked again; the others do not wait for it."""
    logger.error("Order %s could not be marked: %s", order_id, place_of(error))


def back(integration: Integration, external_ids: Collection[str]) -> None:
    """Take the mark off orders that have been seen again; in the caller's transaction."""
    # Every page asks: written out, because composing it costs more than its answer.
    marked = execute(
        "SELECT orders_order.id, remote.external_id FROM orders_order"
        " JOIN integrations_remoteorder AS remote ON remote.id = orders_order.remote_order_id"
        " WHERE orders_order.project_id = %s AND orders_order.integration_id = %s AND shop_gone_at IS NOT NULL",
        [integration.project_id, integration.pk],
    )
    seen = set(external_ids)

    def unmark(order_ids: Sequence[int]) -> None:
        for order_id in order_ids:
            with opened(order_id) as change:
                change.keep("shop_gone_at", None)
                change.note(EventKind.BACK, "The shop has this order again.")

    in_halves([pk for pk, external_id in marked if external_id in seen], unmark, _left)


def with_gone(page: RunPage, integration: Integration, external_ids: Collection[str]) -> RunPage:
    """The page, which marks these orders as well."""
    whole, apart = page.write, page.write_apart
    if not external_ids or whole is None or apart is None:
        return page

    def write(run_id: int) -> Written:
        written = whole(run_id)
        mark(integration, external_ids)
        return written

    def write_apart(run_id: int) -> Written:
        written = apart(run_id)
        mark(integration, external_ids)
        return written

    return replace(page, write=write, write_apart=write_apart)
