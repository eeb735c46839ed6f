"""Write down what happened to live orders, in the transaction in which it happens; others pass it on later.

Orders that came as history are never announced. Within a project announcements are numbered in the order in which they
happened: whoever writes one holds the project's lock (`stock.ledger.lock_project`) until its transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from config.kit.sql import copy_rows, execute
from orders import bell
from orders.choices import AnnouncementKind, OrderStatus
from orders.intake.drafts import Draft, Source
from orders.intake.plans import SILENT
from orders.models import Announcement, Order, OrderLine
from orders.partners.answers import status_of


def announce_new(source: Source, drafts: Sequence[Draft]) -> None:
    """Announce a page of new orders, in one statement. None for history."""
    rows = [
        (source.project_id, draft.id, kind.value, source.at)
        for draft in drafts
        if draft.intake.plan.action not in SILENT
        for kind in _of_new(draft)
    ]
    if rows:
        copy_rows(Announcement, ("project_id", "order_id", "kind", "at"), rows)
        bell.something_follows(source.project_id)


def _of_new(draft: Draft) -> Iterator[AnnouncementKind]:
    order, plan = draft.intake.order, draft.intake.plan
    yield AnnouncementKind.CREATED
    if plan.status == OrderStatus.CANCELLED:
        yield AnnouncementKind.CANCELED
    elif order.paid_at is not None:
        yield AnnouncementKind.PAID
    if plan.invoice:
        yield AnnouncementKind.PAPER_ISSUED


@dataclass(frozen=True)
class PartnerLook:
    """What a partner sees of an order at a moment."""

    status: str
    paid: bool
    """Paid, and not cancelled."""
    content: tuple[Any, ...]
    """All that `orders.partners.answers` shows beside the status."""


def look(order: Order, lines: Sequence[OrderLine]) -> PartnerLook:
    """How the order looks now; compared by `announce_change` when it has changed."""
    status = status_of(order)
    document = {name: value for name, value in (order.partner or {}).items() if name != "digest" and value != {}}
    return PartnerLook(
        status,
        order.paid_at is not None and status != "CANCELED",
        (
            order.source_id, order.placed_at, order.currency, order.total, order.discount_total, order.metadata,
            order.customer_id, order.referrer_id, document,
            [_line(line) for line in sorted(lines, key=lambda line: line.position)],
        ),
    )  # fmt: skip


def look_before(order: Order, lines: Sequence[OrderLine]) -> PartnerLook | None:
    """How the order looks before it is changed; None for one that is never announced."""
    return None if order.import_action in SILENT else look(order, lines)


def _line(line: OrderLine) -> tuple[Any, ...]:
    return line.key, line.sku, line.name, line.quantity, line.unit_price, line.total, line.discount, line.metadata


def announce_change(before: PartnerLook | None, order: Order, lines: Sequence[OrderLine], at: datetime) -> None:
    """Announce what a change did to an order as partners see it; nothing where they see no difference."""
    if before is None or order.import_action in SILENT:
        return
    now = look(order, lines)
    told = False
    if now.status == "CANCELED" != before.status:
        told = _write(order, AnnouncementKind.CANCELED, at)
    elif now.paid and not before.paid:
        told = _write(order, AnnouncementKind.PAID, at)
    if now.content != before.content or (now.status != before.status and not told):
        _write(order, AnnouncementKind.UPDATED, at)


def tell(order: Order, kind: AnnouncementKind, at: datetime) -> None:
    """Announce what the shop of a live order should know. The caller holds the project's lock."""
    if order.import_action not in SILENT:
        _write(order, kind, at)


def _write(order: Order, kind: AnnouncementKind, at: datetime) -> bool:
    """Whether it was written: what can happen only once is not told again."""
    written = execute(
        "INSERT INTO orders_announcement (project_id, order_id, kind, at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING RETURNING id",
        [order.project_id, order.pk, kind.value, at],
    )
    if written:
        bell.something_follows(order.project_id)
    return bool(written)


def take(project_id: int, most: int) -> list[Announcement]:
    """The oldest announcements that wait, marked as taken. In the caller's transaction, which passes them on."""
    waiting = Announcement.objects.select_for_update(of=("self",)).filter(project_id=project_id, taken_at=None)
    found = list(waiting.order_by("id")[:most])
    if found:
        Announcement.objects.filter(pk__in=[row.pk for row in found]).update(taken_at=Now())
    return found


def waiting_projects() -> list[int]:
    """The projects that have announcements to be passed on."""
    waiting = Announcement.objects.filter(taken_at=None).order_by()
    return list(waiting.values_list("project_id", flat=True).distinct())
