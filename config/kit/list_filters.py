"""Filters of lists, declared once for the API and for the admin: the same name, choices and rows in both.

A FilterSet stands in the `filters` module of its app. The API reads its parameters by it, the admin's dropdowns and
day ranges ask it. Only how another row is named differs: partners know public ids, the admin primary keys.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

import django_filters
from django import forms
from django.db.models import Model, QuerySet

from config.kit.refusals import Refused
from config.kit.times import NO_TIME, iso_time


class Ids(Protocol):
    """How rows are named: reads the name of a row of a kind (`ord`, `int`, ...)."""

    def take(self, kind: str, text: str) -> int | None: ...


class PrimaryKeys:
    """Rows named by their primary keys, as in the admin."""

    def take(self, kind: str, text: str) -> int | None:
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class BadFilter(Refused):
    """A value that a filter does not know; `field` is the filter's name."""


def narrowed(
    filters: type[django_filters.FilterSet], values: Mapping[str, Any], rows: QuerySet[Any], ids: Ids
) -> QuerySet[Any]:
    """The rows that the filters let through; values by name, as text or already as what they mean. Raises BadFilter."""
    chosen = filters(data=values, queryset=rows)
    chosen.ids = ids
    if not chosen.is_valid():
        name, errors = next(iter(chosen.errors.items()))
        raise BadFilter(" ".join(errors), name)
    found: QuerySet[Any] = chosen.qs
    return found


def filters_of(model: type[Model], **named: django_filters.Filter) -> type[django_filters.FilterSet]:
    """A FilterSet with exactly these filters; one that does not say what it is for says the usual."""
    for each in named.values():
        each.extra.setdefault("help_text", "Only those with this value.")
    meta = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}Filters", (django_filters.FilterSet,), {"Meta": meta, **named})


class IdFilter(django_filters.CharFilter):  # type: ignore[misc]  # has no types
    """Rows that belong to another row; an id of another project finds nothing."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not text:
            return rows
        ids: Ids = self.parent.ids
        pk = ids.take(self.kind, text)
        return rows.none() if pk is None else rows.filter(**{self.field_name: pk})


class YesNoFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """true or false, with what each is called."""

    def __init__(self, yes: Any, no: Any, **options: Any) -> None:
        super().__init__(choices=[("true", yes), ("false", no)], **options)

    def filter(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(**{self.field_name: text == "true"}) if text else rows


class TimeField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime) or not value:
            return value or None
        found = iso_time(str(value))
        if found is None:
            raise forms.ValidationError(NO_TIME)
        return found


class TimeFilter(django_filters.Filter):  # type: ignore[misc]
    """An ISO 8601 time; without a zone UTC, a day is its beginning.

    `ordered`: an index of the rows has its order, so that a span is read from there and listed by it.
    """

    field_class = TimeField

    def __init__(self, *, ordered: bool = False, **options: Any) -> None:
        self.ordered = ordered
        edge = "at or after" if options.get("lookup_expr") == "gte" else "before"
        super().__init__(**{"help_text": f"Only those {edge} this time; a day is its beginning in UTC."} | options)


def span(field: str, name: str, *, ordered: bool = False) -> dict[str, TimeFilter]:
    """The filters `<name>_from` (included) and `<name>_before` (excluded); `ordered` as TimeFilter has it."""
    return {
        f"{name}_from": TimeFilter(field_name=field, lookup_expr="gte", ordered=ordered),
        f"{name}_before": TimeFilter(field_name=field, lookup_expr="lt", ordered=ordered),
    }


def listed_by(filters: type[django_filters.FilterSet], asked: Collection[str]) -> str:
    """The time by which rows are listed of which a span is asked for, by these filters; "" for their usual order."""
    found = (filters.base_filters.get(name) for name in asked)
    return next((each.field_name for each in found if isinstance(each, TimeFilter) and each.ordered), "")
