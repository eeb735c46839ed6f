"""From what happened to orders to what their shops are to be told: one row for each thing and shop.

A listener of the follow-up (`follow_up.fan_out`), which works on one project at a time, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from config.kit import true_time
from integrations.choices import CrossingKind, CrossingState, Outgoing
from integrations.marketplaces import echoes, landing
from integrations.models import Crossing, Integration
from integrations.pushes.wanted import digest_of_shipment
from orders.choices import AnnouncementKind
from orders.models import Announcement, Invoice, Order, Shipment

NEVER_LEFT = "The shipment was cancelled here before the shop was told of it."
TOLD_ALREADY = "The shipment was cancelled here after the shop had been told: put it right in the shop."


def prepare(project_id: int, announcements: Sequence[Announcement]) -> None:
    """Write down what the shops of these orders are to be told."""
    told: dict[str, set[int]] = {}
    for announcement in announcements:
        told.setdefault(announcement.kind, set()).add(announcement.order_id)
    shops = {shop.pk: shop for shop in Integration.objects.filter(project=project_id)} if told else {}
    if created := told.get(AnnouncementKind.CREATED):
        landing.echoed(created)
    if shipped := told.get(AnnouncementKind.SHIPPED):
        _shipments(shops, shipped)
    if papers := told.get(AnnouncementKind.PAPER_ISSUED):
        _papers(shops, papers)
    if paid := told.get(AnnouncementKind.MARKED_PAID):
        _payments(shops, paid)


def _shipments(shops: dict[int, Integration], order_ids: Iterable[int]) -> None:
    rows = Shipment.objects.filter(order__in=order_ids, order__integration__in=shops, historical=False)
    found = list(rows.select_related("order").prefetch_related("lines").order_by("pk"))
    # The marketplaces that some of these orders came from by way of their shop: they are told as well.
    origins = echoes.origins_of([shipment.order for shipment in found])
    behind = {order_id: remote.integration_id for order_id, remote in origins.items()}
    for shipment in found:
        shop = shops[shipment.order.integration_id or 0]
        digest = digest_of_shipment(shipment, list(shipment.lines.all()))
        gone = shipment.cancelled_at is not None
        for told in filter(None, (shop, shops.get(behind.get(shipment.order_id, 0)))):
            if told.connector.outward.shipments is not None and Outgoing.SHIPMENTS in told.sends:
                _want(told, CrossingKind.SHIPMENT, shipment.pk, shipment.order_id, shipment.code, digest, gone=gone)


def _papers(shops: dict[int, Integration], order_ids: Iterable[int]) -> None:
    found = Invoice.objects.filter(order__in=order_ids, order__integration__in=shops).select_related("order")
    for invoice in found.order_by("pk"):
        shop = shops[invoice.order.integration_id or 0]
        if shop.connector.outward.name_paper is not None and Outgoing.PAPERS in shop.sends:
            _want(shop, CrossingKind.PAPER, invoice.pk, invoice.order_id, invoice.code, invoice.code)


def _payments(shops: dict[int, Integration], order_ids: Iterable[int]) -> None:
    for order in Order.objects.filter(pk__in=order_ids, integration__in=shops).order_by("pk"):
        shop = shops[order.integration_id or 0]
        if shop.connector.outward.pay is not None and Outgoing.PAYMENTS in shop.sends:
            _want(shop, CrossingKind.PAYMENT, order.pk, order.pk, order.number, str(order.paid_at))


def _want(
    shop: Integration, kind: CrossingKind, subject: int, order_id: int, label: str, digest: str, *, gone: bool = False
) -> None:
    """Let the shop be told of something, again where something else is to be told; nothing where it knows."""
    row = Crossing.objects.select_for_update().filter(integration=shop, kind=kind, subject=subject).first()
    now = true_time.now()
    if row is None:
        state = CrossingState.NOT_NEEDED if gone else CrossingState.WAITING
        Crossing.objects.create(
            integration=shop,
            kind=kind,
            subject=subject,
            order_id=order_id,
            label=label[:100],
            digest=digest,
            state=state,
            answer=NEVER_LEFT if gone else "",
            next_try_at=None if gone else now,
        )
        return
    if row.digest == digest:
        return
    row.digest, row.version, row.tries, row.next_try_at = digest, row.version + 1, 0, now
    if gone:
        known = row.told_version or row.state == CrossingState.SENDING or row.first_try_at
        row.state = CrossingState.FAILED if known else CrossingState.NOT_NEEDED
        row.answer, row.next_try_at = (TOLD_ALREADY if known else NEVER_LEFT), None
    elif row.state != CrossingState.SENDING:  # whoever sends it sees at the end that it has changed
        row.state = CrossingState.WAITING
    row.save()
