"""Orders found by the number of a paper or of a parcel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from orders.choices import DOCUMENT_PREFIX, DocumentType
from orders.models import Invoice, Order, Shipment
from orders.models.documents import TRACKING, tracking_key

PAPER = re.compile(r"([A-Z]{2})?(2\d{3})(\d{1,9})")
# Digits that a running number is filled up to, see `orders.documents.numbering.code`.
WIDTH = 6
PARCEL = re.compile(r"(?=.*\d)[0-9A-Z]{5,100}")
MOST = 500


def orders_of_papers(orders: QuerySet[Order], text: str) -> list[int]:
    """Ids of orders (at most `MOST`) with an invoice, credit note, shipment or parcel whose number begins with `text`.

    `orders` are of one project.
    """
    key = tracking_key(text)
    if not PARCEL.fullmatch(key):
        return []
    found = parcels(orders, key).values_list("order_id", flat=True)
    return list(found.union(*_papers(_project(orders), key))[:MOST])


def parcels(orders: QuerySet[Order], key: str) -> QuerySet[Shipment]:
    """Shipments whose carrier's number begins with `key`, as `tracking_key` makes it."""
    keyed = Shipment.objects.alias(key=TRACKING).filter(project=_project(orders), key__startswith=key)
    return keyed.exclude(tracking_number="").order_by()


def _project(orders: QuerySet[Order]) -> QuerySet[Order, Any]:
    return orders.order_by().values("project_id")[:1]


def _papers(project: QuerySet[Order, Any], key: str) -> Iterator[QuerySet[Any, int]]:
    paper = PAPER.fullmatch(key)
    if not paper:
        return
    prefix, year, digits = paper[1], int(paper[2]), paper[3]
    free = 10 ** max(0, WIDTH - len(digits))
    number = range(int(digits) * free, (int(digits) + 1) * free)
    for kind, written in DOCUMENT_PREFIX.items():
        if prefix in (None, written):
            rows = {"project": project, "year": year, "number__range": (number[0], number[-1])}
            if kind == DocumentType.SHIPMENT:
                yield Shipment.objects.filter(**rows).values_list("order_id", flat=True).order_by()
            else:
                papers = Invoice.objects.filter(document_type=kind, **rows)
                yield papers.values_list("order_id", flat=True).order_by()
