"""Exports of partners: asked for, written to a CSV file part by part, fetched by a secret address, deleted."""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from config.kit import true_time
from config.kit.isolating import guarded
from config.kit.public_ids import PublicIds
from config.kit.spreadsheets import plain
from integrations.choices import RunKind
from integrations.models import ApiKey, Export, ExportPart, Project, Run
from integrations.runs import control
from integrations.runs.pages import CalledOff, RunPage, Written, kept_back
from integrations.runs.queue import ring
from orders.models import Order
from orders.partners.answers import publish
from orders.partners.selection import COLUMN, DEFAULT_FIELDS, FIELDS, ORDERS, BadSelection, annotated, select

ROWS_AT_ONCE = 1_000


def request_export(project: Project, parameters: Mapping[str, Any], api_key: ApiKey | None = None) -> Run:
    """Write the export down and ring. Raises BadSelection naming the parameter."""
    checked = check(project, parameters)
    with transaction.atomic():
        run = Run.objects.create(project=project, kind=RunKind.ORDERS_EXPORT, reason="Waits for its turn.")
        Export.objects.create(
            run=run, project=project, api_key=api_key, parameters=checked, token=secrets.token_urlsafe(32)
        )
        ring(run.pk)
    return run


def check(project: Project, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, with what was left out filled in. Raises BadSelection."""
    unknown = sorted(set(parameters) - {"order", "fields", "filters"})
    if unknown:
        raise BadSelection(f"Property .parameters.{unknown[0][:50]} is not known; these are: order, fields, filters")
    order = parameters.get("order")
    order = "-created_at" if order is None else order
    if order not in ORDERS:
        raise BadSelection(f"Property .parameters.order must be one of {', '.join(ORDERS)}")
    fields = parameters.get("fields")
    fields = list(DEFAULT_FIELDS) if fields is None or fields == [] else fields
    if not isinstance(fields, list) or len(fields) > 100:
        raise BadSelection("Property .parameters.fields must be a list of at most 100 fields")
    for name in fields:
        if name not in FIELDS and not (isinstance(name, str) and name.startswith("metadata.") and len(name) < 200):
            raise BadSelection(f"Property .parameters.fields must hold only {', '.join(FIELDS)}, metadata.X")
    filters = parameters.get("filters")
    filters = {} if filters is None or filters == [] else filters  # PHP writes an empty object as []
    if not isinstance(filters, dict) or len(filters) > 50:
        raise BadSelection("Property .parameters.filters must be an object of at most 50 fields")
    checked = {"order": order, "fields": fields, "filters": filters}
    _selected(project, checked)
    return checked


def export_portion(run: Run) -> RunPage:
    """The next part of the file."""
    export = Export.objects.select_related("project").filter(pk=run.pk).first()
    if export is None:  # its owner has deleted it meanwhile
        return RunPage(cancelled=True)
    cursor: dict[str, Any] = run.cursor or {"part": 0, "after": None}
    part, after, order = cursor["part"], cursor["after"], export.parameters["order"]
    found = _selected(export.project, export.parameters)
    rows = list(_sorted(found, order, after)[:ROWS_AT_ONCE])
    back: list[dict[str, Any]] = []
    content = "".join(_lines(export, rows, back, header=part == 0))

    def write(run_id: int) -> Written:
        if not Export.objects.select_for_update(no_key=True).filter(pk=run_id).exists():
            raise CalledOff
        ExportPart.objects.create(export_id=run_id, position=part, content=content.encode())
        results = [*run.results, *back] if back else None
        return Written({"fetched": len(rows), "failed": len(back)}, results)

    return RunPage(
        {"part": part + 1, "after": _place(rows[-1], order) if rows else after},
        write,
        done=len(rows) < ROWS_AT_ONCE,
        total=found.count() if run.cursor is None else None,
    )


def file_of(export: Export) -> Iterator[bytes]:
    """The file, part by part."""
    parts = ExportPart.objects.filter(export=export).order_by("position")
    for content in parts.values_list("content", flat=True).iterator(chunk_size=1):
        yield bytes(content)


def delete(export: Export) -> None:
    """Take the export away, stopping it where it is still written."""
    control.cancel(export.run)
    export.delete()


def clear_old() -> None:
    """Delete the files of exports that are over for EXPORT_DAYS: they hold personal data. For the tick."""
    old = ExportPart.objects.filter(export__run__finished_at__lt=true_time.now() - timedelta(days=settings.EXPORT_DAYS))
    if settings.EXPORT_DAYS and old.exists():
        old.delete()


def _ids(project: Project) -> PublicIds:
    return PublicIds(bytes(project.id_key))


def _selected(project: Project, parameters: Mapping[str, Any]) -> QuerySet[Order]:
    orders = annotated(project.pk, get_currency_precision(project.currency))
    return select(orders, parameters["filters"], _ids(project))


def _sorted(orders: QuerySet[Order], order: str, after: Sequence[Any] | None) -> QuerySet[Order]:
    """From a place in the order on; the primary key settles what is equal."""
    descending = order.startswith("-")
    column, sign = COLUMN[order.lstrip("-")], "-" if descending else ""
    if after is not None:
        value = after[0] if column == "published_status" else datetime.fromisoformat(after[0])
        beyond = "lt" if descending else "gt"
        orders = orders.filter(Q(**{f"{column}__{beyond}": value}) | Q(**{column: value, f"pk__{beyond}": after[1]}))
    return orders.order_by(sign + column, f"{sign}pk").prefetch_related("lines")


def _place(order: Order, sorting: str) -> list[Any]:
    value = getattr(order, COLUMN[sorting.lstrip("-")])
    return [value if isinstance(value, str) else value.isoformat(), order.pk]


def _lines(export: Export, orders: Sequence[Order], back: list[dict[str, Any]], *, header: bool) -> Iterator[str]:
    fields = export.parameters["fields"]
    out = io.StringIO()
    writer = csv.writer(out)
    if header:
        writer.writerow([plain(name) for name in fields])
    writer.writerows(_rows(_ids(export.project), orders, fields, back))
    yield out.getvalue()


def _rows(
    ids: PublicIds, orders: Sequence[Order], fields: Sequence[str], back: list[dict[str, Any]]
) -> list[list[str]]:
    """The cells of these orders; one that cannot be told has its ids alone, and is named in `back`."""

    def one_by_one(error: Exception) -> list[list[str]]:
        if len(orders) > 1:
            return [row for order in orders for row in _rows(ids, [order], fields, back)]
        [order] = orders
        back.append(kept_back(order.number, error, order.pk))
        named = {"id": ids.give("ord", order.pk), "source_id": order.source_id, "metadata": {}}
        return [[_cell(named, name) for name in fields]]

    return guarded(
        lambda: [[_cell(published, name) for name in fields] for published in publish(ids, orders)], one_by_one
    )


def _cell(published: Mapping[str, Any], name: str) -> str:
    value = published["metadata"].get(name[9:]) if name.startswith("metadata.") else published.get(name)
    if value is None:
        return ""
    if isinstance(value, dict | list | bool):
        return plain(json.dumps(value, ensure_ascii=False))
    return str(value) if isinstance(value, int | float) else plain(str(value))
