"""Rows in portions: the same rows in the same order as in one, and no more of them in memory."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection
from django.db.models import F, QuerySet
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from config.kit.admin.csv_files import NOT_WHOLE, csv_lines, whole_or_told
from config.kit.row_portions import PartsGone, contents_of, in_portions, size_of, sort_keys
from integrations.models import BulkImport, Project
from integrations.partner_runs.bulk_calls import BulkCall, ask, report
from stock.models import ParentProduct
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db

ORDERS: list[tuple[Any, ...]] = [
    ("source_id",),
    ("-source_id",),
    ("-name", "source_id"),
    ("name", "-pk"),
    ("project__name", "-name"),
    ("-price", "name"),
    (F("price").asc(nulls_first=True), "-id"),
    (F("price").desc(nulls_last=True), "name"),
    ("price", "-name"),
    (Lower("name"), "pk"),
    ("-loud", "pk"),
    (),
]


@pytest.fixture
def goods(db: None) -> QuerySet[ParentProduct]:
    """Articles of two projects with equal titles and with prices that are missing."""
    for project in ProjectFactory.create_batch(2):
        ParentProduct.objects.bulk_create(
            ParentProduct(
                project=project, source_id=f"S{n % 7}-{n}", name=f"t{n % 3}", price=None if n % 4 == 0 else n % 5
            )
            for n in range(23)
        )
    return ParentProduct.objects.annotate(loud=Lower("name"))


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("size", [1, 5, 100])
def test_portions_are_the_rows_in_their_order(
    goods: QuerySet[ParentProduct], order: tuple[Any, ...], size: int
) -> None:
    rows = goods.order_by(*order, *([] if {"pk", "-pk", "-id"} & {*map(str, order)} or not order else ["-pk"]))
    whole = list(rows if order else rows.order_by("pk"))
    found = list(in_portions(rows, size))
    assert [row.pk for portion in found for row in portion] == [row.pk for row in whole]
    assert {len(portion) for portion in found[:-1]} <= {size}


def test_an_order_of_columns_is_read_by_place_and_a_computed_one_by_ids(goods: QuerySet[ParentProduct]) -> None:
    by_place = {str(order) for order in ORDERS if sort_keys(goods.order_by(*order))}
    assert {str(order) for order in ORDERS} - by_place == {str(ORDERS[9]), str(ORDERS[10])}
    assert sort_keys(goods.order_by("project")) == []


def test_nothing_is_read_by_a_cursor_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its control: where such cursors are allowed, Django opens one, which has a name."""
    names: list[str | None] = []
    create = connection.create_cursor

    def noted(name: str | None = None) -> Any:
        names.append(name)
        return create(name)

    monkeypatch.setattr(connection, "create_cursor", noted)
    list(ParentProduct.objects.order_by("pk").iterator(chunk_size=10))
    assert names == [None]
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", False)
    list(ParentProduct.objects.order_by("pk").iterator(chunk_size=10))
    assert names[1]


def many(count: int) -> QuerySet[ParentProduct]:
    project = ProjectFactory.create()
    columns = ("project_id", "source_id", "name")
    ParentProduct.objects.bulk_create(
        (ParentProduct(**dict(zip(columns, (project.pk, f"S-{n}", "x" * 300), strict=True))) for n in range(count)),
        2_000,
    )
    return ParentProduct.objects.filter(project=project)


def cells(row: ParentProduct) -> list[Any]:
    return [row.source_id, row.name]


def lines_of(rows: QuerySet[Any]) -> Iterator[str]:
    return csv_lines(rows, ("source_id", "name"), cells, ZoneInfo("UTC"))


def test_a_long_file_is_read_in_portions_in_flat_memory() -> None:
    rows = many(12_000)

    def peak(read: Callable[[], Iterable[Any]]) -> int:
        tracemalloc.start()
        for _line in read():
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    with CaptureQueriesContext(connection) as queries:
        text = "".join(lines_of(rows.order_by("-source_id")))
    assert len(list(csv.reader(io.StringIO(text)))) == 12_001
    assert len(queries) == 7  # of 2,000 rows, and one that finds no more
    some = rows.filter(pk__lt=rows.order_by("pk")[4_000].pk)
    short, long = peak(lambda: lines_of(some)), peak(lambda: lines_of(rows))
    assert long < short * 1.5
    assert peak(lambda: list(rows.all())) > long * 2  # control: all of them at once


def test_a_file_that_breaks_off_says_so_and_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer has begun with status 200; control: a whole file says nothing of it."""
    rows = many(20).order_by("source_id")
    assert NOT_WHOLE not in "".join(whole_or_told(lines_of(rows)))

    def breaking(found: QuerySet[Any]) -> Iterator[str]:
        for place, line in enumerate(lines_of(found)):
            if place == 15:
                raise OperationalError("server closed the connection unexpectedly")
            yield line

    read = []
    with pytest.raises(OperationalError):
        for line in whole_or_told(breaking(rows)):
            read.append(line)
    assert len(read) == 16
    assert read[-1] == f"{NOT_WHOLE}\r\n"


def test_what_fails_at_the_beginning_fails_before_the_answer() -> None:
    def broken() -> Iterator[str]:
        yield "header"
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        whole_or_told(broken())


def test_parts_of_a_file_that_is_deleted_meanwhile_are_no_whole_file() -> None:
    project: Project = ProjectFactory.create()
    run = ask(BulkCall(project, "import_orders", "v-1"), 3, [(0, b"[]")])  # type: ignore[arg-type]
    bulk = BulkImport.objects.get(run=run)
    for place in range(3):
        report(bulk, place, [["a", "b"]])
    parts = bulk.reports.order_by("position")
    whole = b"".join(contents_of(parts))
    assert size_of(parts) == len(whole)
    reading = contents_of(parts)
    next(reading)
    bulk.reports.all().delete()
    with pytest.raises(PartsGone):
        list(reading)
