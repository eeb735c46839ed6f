"""Orders of a project's customers, written as partners and shops do, and everything that follows worked off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from config.kit.public_ids import PublicIds
from integrations.models import Project
from orders.choices import Junction, SegmentKind
from orders.models import Customer, Order, Segment, SegmentEntry, SegmentMember
from orders.partners.published import PublishedOrder
from orders.partners.sent_page import Book, Outcome
from orders.partners.store import store
from orders.segments import definitions
from orders.segments.conditions import Condition
from orders.segments.definitions import SegmentWish
from orders.segments.filling import fill
from orders.segments.placing import place_due


def book_of(project: Project, at: datetime | None = None) -> Book:
    ids = PublicIds(bytes(project.id_key))
    return Book(project.pk, project.currency, project.zone, ids, at or timezone.now())


def published(order: dict[str, Any]) -> PublishedOrder:
    return msgspec.convert(order, PublishedOrder)


def write(project: Project, *orders: dict[str, Any], live: bool = False, at: datetime | None = None) -> list[Outcome]:
    """Orders as partners send them: {"source_id", "status", "amount", "customer": {...}, ...}; new ones without: 0."""
    known = set(Order.objects.filter(project=project).values_list("source_id", flat=True))
    whole = [
        order if order.get("source_id") in known or "items" in order else {"amount": 0} | order for order in orders
    ]
    with transaction.atomic():
        return store(book_of(project, at), [published(order) for order in whole], live=live)


def settle(project: Project) -> None:
    """Place every due customer and fill every segment."""
    for _ in range(1_000):
        more = place_due(project.pk)
        if not fill(project.pk) and not more:
            return
    raise AssertionError("placing does not end")


def automatic(
    project: Project, *asked: tuple[str, str, Any], name: str = "Big spenders", any_of: bool = False
) -> Segment:
    """An automatic segment of (field, operator, value), not filled yet."""
    conditions = [Condition(*each) for each in asked]
    return definitions.create(
        project.pk, SegmentWish(name, SegmentKind.AUTOMATIC, Junction.ANY if any_of else Junction.ALL, conditions)
    )


def members(segment: Segment) -> set[str]:
    """Source ids of who is in it."""
    return set(
        SegmentMember.objects.filter(segment=segment, left_at=None).values_list("customer__source_id", flat=True)
    )


def entered(segment: Segment) -> list[str]:
    """Source ids of who has entered it, in order of time."""
    entries = SegmentEntry.objects.filter(segment=segment).order_by("pk")
    return list(entries.values_list("customer__source_id", flat=True))


def customer(project: Project, source_id: str) -> Customer:
    return Customer.objects.get(project=project, source_id=source_id)
