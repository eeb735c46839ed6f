"""Lists that stay fast and safe: capped counts, dropdown filters, tabs, a change list that refuses odd addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin import ListFilter, ModelAdmin, SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django_filters import FilterSet

from config.kit import true_time
from config.kit.admin.day_spans import SPANS
from config.kit.admin.kept_lists import ROWS, VIEW
from config.kit.list_filters import BadFilter, PrimaryKeys, listed_by, narrowed

MOST_COUNTED = 10_000
# Of rows that are found by walking a list, see `WalkedPaginator`.
MOST_WALKED = 200
# So many rows are looked up by a search that goes by several columns, of each.
MOST_FIRST = 500
# A page that begins so far down is read by its keys.
DEEP = 500
LONGEST_SEARCH = 500
# How many rows a page may have; a session keeps it for every list.
ROWS_OFFERED = (25, 50, 100, 200)


if TYPE_CHECKING:
    DjangoPaginator = Paginator[Any]
else:
    DjangoPaginator = Paginator  # takes no type argument when it runs


class CappedPaginator(DjangoPaginator):
    """Counts no further than `most` rows: a count of everything would read everything."""

    @property
    def most(self) -> int:
        return MOST_COUNTED

    @property
    def deep(self) -> int:
        return DEEP

    def keys(self, keys: QuerySet[Any], first: int) -> list[Any]:
        """Those of a page that begins with this row."""
        return list(keys[first : first + self.per_page])

    def counted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows as they are counted."""
        return rows.order_by()

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return min(self.counted(rows).values("pk")[: self.most + 1].count(), self.most)
        return len(rows)

    def page(self, number: int | str) -> Any:
        """Of a page far down the keys are read first: what else its rows show is read for them alone."""
        rows, first = self.object_list, (self.validate_number(number) - 1) * self.per_page
        if first < self.deep or not isinstance(rows, QuerySet):
            return super().page(number)
        keys = self.keys(rows.values_list("pk", flat=True), first)
        found = {row.pk: row for row in rows.filter(pk__in=keys).order_by()}
        return Page([found[key] for key in keys if key in found], self.validate_number(number), self)


class WalkedPaginator(CappedPaginator):
    """Of rows that no index finds, many as they are: the list is walked in its own order, and not far."""

    @property
    def most(self) -> int:
        return MOST_WALKED

    def counted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows


class FirstFoundPaginator(CappedPaginator):
    """Of rows of which a search has looked up the first `MOST_FIRST`."""

    @property
    def most(self) -> int:
        return MOST_FIRST


class LookedUpPaginator(FirstFoundPaginator):
    """Of rows that are known by their keys: all are sorted, where a limit would have the whole list walked for some."""

    @property
    def deep(self) -> int:
        return 0

    def keys(self, keys: QuerySet[Any], first: int) -> list[Any]:
        return list(keys)[first : first + self.per_page]


class TenantChangeList(ChangeList):
    """Django's change list with tabs, pages as long as a person likes, and a search text of a sane length."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.query = self.query[:LONGEST_SEARCH]
        # A list of which no page is read has no paginator.
        most = getattr(getattr(self, "paginator", None), "most", MOST_COUNTED)
        self.counted_all = self.result_count < most
        self.most_counted = f"{most:,}"
        self.kept = [
            (key, value) for key, values in self.filter_params.items() for value in values if key not in {"q", ROWS}
        ]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        for name in (ROWS, VIEW):
            found.pop(name, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        wanted = request.GET.get(ROWS)
        if wanted is not None:
            if wanted not in map(str, ROWS_OFFERED):
                raise IncorrectLookupParameters(f"{ROWS} has no value {wanted!r}")
            request.session[ROWS] = int(wanted)
        self.list_per_page = request.session.get(ROWS, self.list_per_page)
        super().get_results(request)

    @property
    def lengths(self) -> list[dict[str, Any]]:
        """The lengths of pages to choose from; none where all rows fit into the shortest."""
        if self.result_count <= ROWS_OFFERED[0]:
            return []
        return [
            {
                "rows": rows,
                "selected": rows == self.list_per_page,
                "query_string": self.get_query_string({ROWS: rows}, [PAGE_VAR]),
            }
            for rows in ROWS_OFFERED
        ]

    @property
    def tab_filter(self) -> TabFilter | None:
        return next((spec for spec in self.filter_specs if isinstance(spec, TabFilter)), None)

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        return list(self.tab_filter.choices(self)) if self.tab_filter else []

    @property
    def dropdowns(self) -> list[ListFilter]:
        return [spec for spec in self.filter_specs if not isinstance(spec, TabFilter)]

    @property
    def dropdowns_used(self) -> bool:
        return any(getattr(spec, "chosen", "") for spec in self.dropdowns)


class ChoiceGone(IncorrectLookupParameters):
    """A filter does not offer the value, or not any more."""

    def __init__(self, text: str, filter_title: str) -> None:
        super().__init__(text)
        self.filter_title = filter_title


class ChoiceFilter(SimpleListFilter):
    """A dropdown of values; a value that is not offered is refused.

    With `filters`, its parameter is one of those filters: the API has it as well, with the same choices and rows.
    """

    template = "admin/filter.html"
    field: ClassVar[str]
    filters: ClassVar[type[FilterSet] | None] = None

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        if self.filters is None:
            return []
        return options(self.filters.base_filters[self.parameter_name].extra["choices"])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.checked(self.value())
        if value is None:
            return queryset
        if self.filters is None:
            return queryset.filter(**{self.field: value})
        return shown(self.filters, {str(self.parameter_name): value}, queryset)

    def checked(self, value: str | None) -> str | None:
        """The value when it is one that is offered. Raises IncorrectLookupParameters."""
        if value is not None and value not in {str(key) for key, _label in self.lookup_choices}:
            raise ChoiceGone(f"{self.parameter_name} has no value {value!r}", str(self.title))
        return value

    @property
    def chosen(self) -> str:
        return next((str(label) for key, label in self.lookup_choices if str(key) == self.value()), "")


class TabFilter(ChoiceFilter):
    """The tabs above a list. `counts` may say how many rows each has."""

    title = "tab"
    parameter_name = "tab"

    def counts(self, request: HttpRequest) -> dict[str, str]:
        """Labels of counts by tab; a tab that is left out shows none."""
        return {}

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self._request = request

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        counts = self.counts(self._request)
        for key, label in self.lookup_choices:
            yield {
                "key": key,
                "display": label,
                "count": counts.get(str(key), ""),
                "selected": self.selected == str(key),
                "query_string": changelist.get_query_string({self.parameter_name: key}, [VIEW, PAGE_VAR]),
            }

    @property
    def selected(self) -> str:
        """The tab that is open; the last one ("all") when none is asked for."""
        return self.value() or str(self.lookup_choices[-1][0])


class DateRange(ListFilter):
    """From and to, both days included, in the project's zone; or a span by its word, as in `day_spans`.

    With `filters`, `span` names two of those filters, `<span>_from` and `<span>_before`, which the API has as well.
    Where an index has the order of the time, rows of a span are listed by it: `ordered`, else as the filters say.
    """

    template = "admin/filter_dates.html"
    field: ClassVar[str]
    filters: ClassVar[type[FilterSet] | None] = None
    span: ClassVar[str]
    ordered: ClassVar[bool] = False
    first_name: ClassVar[str] = "from"
    last_name: ClassVar[str] = "to"

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in (self.first_name, self.last_name):
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    @classmethod
    def listed_by(cls, asked: Mapping[str, str]) -> str:
        """The time by which rows are listed, given what is asked for; "" for their usual order."""
        if not any(asked.get(name) for name in (cls.first_name, cls.last_name)):
            return ""
        if cls.filters is not None:
            return listed_by(cls.filters, [f"{cls.span}_from"])
        return cls.field if cls.ordered else ""

    def expected_parameters(self) -> list[str | None]:
        return [self.first_name, self.last_name]

    def has_output(self) -> bool:
        return True

    @cached_property
    def days(self) -> tuple[str, str]:
        """The first and the last day as 2026-11-21; "" for none. A span may be asked for by its word instead."""
        first, last = (str(self.used_parameters.get(name, "")) for name in (self.first_name, self.last_name))
        if first not in SPANS:
            return first, last
        today = true_time.now().astimezone(timezone.get_current_timezone()).date()
        begin, end = SPANS[first][1](today)
        return begin.isoformat(), end.isoformat()

    @property
    def first(self) -> str:
        return self.days[0]

    @property
    def last(self) -> str:
        return self.days[1]

    @property
    def word(self) -> str:
        """The word of the span that is asked for, "" where there is none."""
        asked = str(self.used_parameters.get(self.first_name, ""))
        return asked if asked in SPANS else ""

    @property
    def chosen(self) -> str:
        if self.word:
            return str(SPANS[self.word][0])
        if self.first and self.last:
            return f"{self.first} – {self.last}"
        if self.first:
            return _("since %(day)s") % {"day": self.first}
        return _("until %(day)s") % {"day": self.last} if self.last else ""

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        """The other parameters of the address, which the form carries along."""
        self.spans = [
            {
                "label": label,
                "selected": word == self.word,
                "query_string": changelist.get_query_string({self.first_name: word, self.last_name: None}),
            }
            for word, (label, _days) in SPANS.items()
        ]
        for key, values in changelist.filter_params.items():
            if key not in self.expected_parameters():
                for value in values:
                    yield {"name": key, "value": value}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first = midnight(self.first) if self.first else None
        last = midnight(self.last, days=1) if self.last else None
        if self.filters is not None:
            values = {f"{self.span}_from": first, f"{self.span}_before": last}
            return shown(self.filters, {name: at for name, at in values.items() if at is not None}, queryset)
        if first is not None:
            queryset = queryset.filter(**{f"{self.field}__gte": first})
        if last is not None:
            queryset = queryset.filter(**{f"{self.field}__lt": last})
        return queryset


def shown(filters: type[FilterSet], values: dict[str, Any], queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that shared filters let through, other rows named by primary keys."""
    try:
        return narrowed(filters, values, queryset, PrimaryKeys())
    except BadFilter as error:
        raise IncorrectLookupParameters(f"{error.field}: {error}") from error


def parameters_of(list_filter: object) -> set[str]:
    """The parameters of an address that one of our filters reads."""
    if isinstance(list_filter, type) and issubclass(list_filter, DateRange):
        return {list_filter.first_name, list_filter.last_name}
    return {getattr(list_filter, "parameter_name", None) or ""}


def midnight(text: str, days: int = 0) -> datetime:
    """The start of a day typed as 2026-11-21, in the zone in force. Raises IncorrectLookupParameters."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise IncorrectLookupParameters(f"{text!r} is not a day") from error
    if not 1970 <= day.year <= 2999:
        raise IncorrectLookupParameters(f"no orders are that far away: {day}")
    return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))


def capped(count: int, most: int = 999) -> str:
    """A count for people: 17, or 999+ when there are more."""
    return f"{most:,}+" if count > most else f"{count:,}"


def options(rows: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(str(key), str(label)) for key, label in rows]
