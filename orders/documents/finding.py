"""Orders found by the number of a paper or of a parcel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from orders.choices import DOCUMENT_PREFIX, DocumentType
from orders.models import Invoice, Order, Shipment
from orders.models.documents import TRACKING, tracking_key
from orders.models.orders import NUMBER_KEY

PAPER = re.compile(r"([A-Z]{2})?(2\d{3})(\d{1,9})")
# Digits that a running number is filled up to, see `orders.documents.numbering.code`.
WIDTH = 6
PARCEL = re.compile(r"(?=.*\d)[0-9A-Z]{5,100}")
MOST = 500
# What a code begins with: letters of its kind, maybe a year or its first digits, maybe a running number likewise.
BEGINNING = re.compile(r"([A-Z]{2})(?:(\d{1,3})|(\d{4})(\d{0,9}))?")
# Digits of the highest number there can be.
HIGHEST = 2**31 - 1
LONGEST = 9
# Papers of so many orders are looked for: the first by number.
MOST_ORDERS = 500


def orders_of_papers(orders: QuerySet[Order], text: str) -> list[int]:
    """Ids of orders (at most `MOST`) with an invoice, credit note, shipment or parcel whose number begins with `text`.

    `orders` are of one project.
    """
    key = tracking_key(text)
    if not PARCEL.fullmatch(key):
        return []
    found = parcels(orders, key).values_list("order_id", flat=True)
    return list(found.union(*_papers(_project(orders), key))[:MOST])


def called(papers: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those of invoices or shipments of one project whose code begins with `text`, in any case; by their numbers."""
    found = BEGINNING.fullmatch(text.strip().upper())
    kinds = {written: kind for kind, written in DOCUMENT_PREFIX.items()}
    of_shipments = papers.model is Shipment
    kind = kinds.get(found[1]) if found else None
    if found is None or kind is None or (kind == DocumentType.SHIPMENT) != of_shipments:
        return papers.none()
    wanted = Q() if of_shipments else Q(document_type=kind)
    if found[2]:
        free = 10 ** (4 - len(found[2]))
        wanted &= Q(year__range=(int(found[2]) * free, (int(found[2]) + 1) * free - 1))
    if found[3]:
        wanted &= Q(year=int(found[3]))
    return papers.filter(wanted & _numbered(found[4])) if found[4] else papers.filter(wanted)


def _numbered(digits: str) -> Q:
    """Numbers that are written with these digits first: filled up to `WIDTH` digits, longer ones as they are."""
    wanted = Q()
    for width in {max(WIDTH, len(digits))} if digits.startswith("0") else range(max(WIDTH, len(digits)), LONGEST + 1):
        free = 10 ** (width - len(digits))
        wanted |= Q(number__range=(int(digits) * free, min((int(digits) + 1) * free - 1, HIGHEST)))
    return wanted


def of_numbers(papers: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Papers of one project of the first `MOST_ORDERS` orders whose number begins with `text`."""
    orders = Order.objects.alias(key=NUMBER_KEY).filter(project=_project(papers), key__startswith=text.upper())
    first = orders.filter(number__startswith=text).order_by("key").values_list("pk", flat=True)
    return papers.filter(order__in=list(first[:MOST_ORDERS]))


def parcels(orders: QuerySet[Order], key: str) -> QuerySet[Shipment]:
    """Shipments whose carrier's number begins with `key`, as `tracking_key` makes it."""
    keyed = Shipment.objects.alias(key=TRACKING).filter(project=_project(orders), key__startswith=key)
    return keyed.exclude(tracking_number="").order_by()


def _project(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values("project_id")[:1]


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
