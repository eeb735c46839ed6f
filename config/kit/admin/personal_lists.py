"""The change list of a project's rows: columns a person chooses, saved views, and sorting that stays fast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admin.templatetags.admin_list import result_headers, results
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.kit.admin import kept_lists, waiting_rows
from config.kit.admin.change_lists import TenantChangeList
from config.kit.admin.kept_lists import NamedView
from config.kit.admin.quick_rows import CHECKBOX, QuickRows
from config.kit.admin.waiting_rows import WaitingRows

# A list of so many rows is sorted by any column; a longer one only where an index has the order already.
MOST_SORTED = 2_000
# The beginning of a cell, with what else than the column's class it has.
CELL_CLASS = re.compile(r'^<(t[dh]) class="field-\w+( nowrap)?"')


class PersonalChangeList(TenantChangeList):
    """A change list of a `TenantAdmin`, as the person who looks at it keeps it."""

    model_admin: Any
    list_display: Any

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        self.is_long = self.is_refused = False
        super().__init__(request, *args, **kwargs)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        found = self.model_admin.with_columns(found, set(self.list_display))
        if not self._sorted_by_index():
            self.is_long = found.order_by().values("pk")[: MOST_SORTED + 1].count() > MOST_SORTED
            self.is_refused = self.is_long
            if not self.is_long:
                found = found.order_by(*super().get_ordering(request, found.order_by()))
        return found

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """As the address says where an index has that order, else as the list has it of itself."""
        if self._sorted_by_index():
            return super().get_ordering(request, queryset)
        asked = self.params.pop(ORDER_VAR)
        try:
            return super().get_ordering(request, queryset)
        finally:
            self.params[ORDER_VAR] = asked

    def get_ordering_field_columns(self) -> dict[int, Any]:
        return {} if self.is_refused else super().get_ordering_field_columns()

    @property
    def refused_sorting(self) -> str:
        """Why the list is not sorted as the address says; "" where it is."""
        if not self.is_refused:
            return ""
        text = _("This list is too long to be sorted so: up to %(most)s rows can be. Filter or search first.")
        return text % {"most": f"{MOST_SORTED:,}"}

    def _sorted_by_index(self) -> bool:
        """Whether the address sorts by nothing, or by one column of which an index has the order."""
        names = kept_lists.named_sorting(self.filter_params, self.list_display).get(ORDER_VAR, [""])[-1]
        return names.removeprefix("-") in {"", *self.model_admin.sorted_by_index}

    def get_results(self, request: HttpRequest) -> None:
        if getattr(request, "is_unread", False):
            self.result_count = 0
            return
        super().get_results(request)
        self.result_list = self.model_admin.filled(list(self.result_list))
        self.is_long = self.is_long or self.result_count > MOST_SORTED
        if self.is_long:
            self.sortable_by = self.model_admin.sorted_by_index

    @cached_property
    def heads(self) -> list[dict[str, Any]]:
        """The heads of the columns as Django makes them, each with `why` it cannot be sorted by."""
        return [
            {**head, "why": self._why_unsorted(name, head)}
            for name, head in zip(self.list_display, result_headers(self), strict=True)
        ]

    @property
    def sorted_columns(self) -> int:
        return sum(head["sortable"] and head["sorted"] for head in self.heads)

    def rows(self) -> Iterator[SafeString]:
        """The rows as Django writes their cells, without the class that each cell has of its column: half the bytes."""
        if quick := QuickRows.of(self):
            yield from quick.rows()
            return
        for cells in results(self):
            # Django's own markup, of which only a class of ours goes.
            yield mark_safe("".join(CELL_CLASS.sub(_bare, str(cell)) for cell in cells))  # noqa: S308

    def _why_unsorted(self, name: str, head: dict[str, Any]) -> str:
        if head["sortable"] or name == CHECKBOX:
            return ""
        if self.is_long and self.get_ordering_field(name) and name in self.model_admin.get_sortable_by(self.request):
            text = _("Lists of up to %(most)s rows can be sorted by this column: filter or search first.")
            return text % {"most": f"{MOST_SORTED:,}"}
        return _("This column is put together from several parts and cannot be sorted by.")

    @property
    def portion(self) -> WaitingRows | None:
        """Chosen rows that wait for the action they were chosen for."""
        return waiting_rows.shown(self.model_admin, self.request)

    @cached_property
    def kept_query(self) -> str:
        """What the address asks for, as views keep it."""
        return urlencode(sorted(self._kept_parameters.items()), doseq=True)

    @property
    def _kept_parameters(self) -> dict[str, list[str]]:
        return kept_lists.named_sorting(self.filter_params, self.list_display)

    @property
    def may_keep(self) -> bool:
        return not self.is_popup

    @property
    def may_share(self) -> bool:
        return kept_lists.kept(self.model_admin, self.request).may_share

    @cached_property
    def open_view(self) -> NamedView | None:
        return kept_lists.open_view(self.model_admin, self.request)

    @property
    def view_changed(self) -> bool:
        """Whether the list is filtered, searched or sorted otherwise than the open view keeps it."""
        view = self.open_view
        kept = {name: list(values) for name, values in view.parameters.items()} if view else None
        return kept is not None and kept != self._kept_parameters

    @cached_property
    def views(self) -> list[dict[str, Any]]:
        """The saved views as links, the open one marked."""
        kept = kept_lists.kept(self.model_admin, self.request)
        return [
            {
                "view": view,
                "selected": view is self.open_view,
                "query_string": kept_lists.address(view.parameters, self._places(view), view),
            }
            for view in kept.views
        ]

    def _places(self, view: NamedView) -> list[str]:
        """The columns as the list has them when the view is open."""
        with kept_lists.as_asked(self.request, view.parameters):
            columns = kept_lists.columns_of(self.model_admin, self.request, view.columns)
            return kept_lists.with_checkbox(self.model_admin, self.request, columns)

    @cached_property
    def column_choices(self) -> list[dict[str, Any]]:
        """The columns that are offered, with what the boxes of the chooser say; none where there is no choice."""
        if not self.model_admin.hidden_columns(self.request):
            return []
        offered = self.model_admin.offered_columns(self.request)
        leading = kept_lists.leading(self.model_admin, offered)
        return [
            {"name": name, "label": column_label(self.model_admin, name), "shown": name in self.list_display}
            for name in offered
            if name not in leading
        ]

    @property
    def columns(self) -> str:
        return " ".join(name for name in self.list_display if name != CHECKBOX)


def _bare(found: re.Match[str]) -> str:
    return f'<{found[1]} class="nowrap"' if found[2] else f"<{found[1]}"


def column_label(admin: Any, name: str) -> str:
    """What people call a column."""
    return str(capfirst(strip_tags(str(label_for_field(name, admin.model, admin)))))
