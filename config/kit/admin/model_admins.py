"""The base of every admin page of a project: it shows the rows of the project that is open, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin, ShowFacets
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import ForeignKey, Model, QuerySet
from django.db.models.expressions import Combinable
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from config.kit import replica
from config.kit.admin import csv_files, kept_lists, list_forms, waiting_rows
from config.kit.admin.change_lists import CappedPaginator, DateRange, parameters_of
from config.kit.admin.guards import guard_of, guarded
from config.kit.admin.in_place import in_place
from config.kit.admin.neighbours import beside
from config.kit.admin.personal_lists import PersonalChangeList
from config.kit.money import bare_amount

M = TypeVar("M", bound=Model)
if TYPE_CHECKING:
    DjangoAdmin = ModelAdmin
else:

    class DjangoAdmin(ModelAdmin):
        """Django's own takes no type argument when it runs."""

        def __class_getitem__(cls, _model):
            return cls


Ordering = list[str | Combinable] | tuple[str | Combinable, ...]
Route = tuple[str, Callable[..., HttpResponseBase], str]


class TenantAdmin(DjangoAdmin[M]):
    """Rows of the open project only: lists, pages, history, actions, choices and autocomplete all start here.

    Nothing can be deleted, no address can filter by a field that is not in `lookups`, and every address or action of
    our own carries a guard.
    """

    project_path: ClassVar[str] = "project"
    """The way from the model to its project, as in a filter."""
    lookups: ClassVar[frozenset[str]] = frozenset()
    """Parameters of an address that may filter the list, beside those of `list_filter`."""
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = CappedPaginator
    empty_value_display = "–"
    empty_sentence: ClassVar[str] = "There is nothing here yet."
    hidden_at_first: ClassVar[frozenset[str]] = frozenset()
    """Columns of `list_display` that only those see who choose them; without any there is nothing to choose."""
    sorted_by_index: ClassVar[frozenset[str]] = frozenset()
    """Columns of which an index has the order, however long the list is."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        project = getattr(request, "project", None)  # set by the site's middleware
        queryset = super().get_queryset(request)
        return queryset.filter(**{self.project_path: project}) if project else queryset.none()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Only rows of the open project can be chosen."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, TenantAdmin):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.lookups or any(lookup in parameters_of(each) for each in self.get_list_filter(request))

    def get_ordering(self, request: HttpRequest) -> Ordering:
        """A span of time is listed by it where an index has that order."""
        for each in self.get_list_filter(request):
            if isinstance(each, type) and issubclass(each, DateRange) and (by := each.listed_by(request.GET)):
                return f"-{by}", "-id"
        return self.usual_ordering(request)

    def usual_ordering(self, request: HttpRequest) -> Ordering:
        """What the rows are listed by where no span of time is asked for."""
        return super().get_ordering(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PersonalChangeList

    def offered_columns(self, request: HttpRequest) -> list[str]:
        """The columns there are for this person, in their order; what leads to a row's page is always shown."""
        return [str(name) for name in self.list_display]

    def hidden_columns(self, request: HttpRequest) -> Collection[str]:
        """Those of them that only who chooses them sees."""
        return self.hidden_at_first

    def columns_kept_as(self, request: HttpRequest) -> str:
        """Under which name a person's choice of columns is kept; tabs with columns of their own have one each."""
        return kept_lists.list_name(self)

    def told_in_csv(self, request: HttpRequest, column: str) -> Mapping[str, Callable[[Any], csv_files.Cell]]:
        """What a column is in a file: cells by header."""
        return csv_files.cells_of(self, column)

    def name_of_file(self, request: HttpRequest) -> str:
        """How the list's file is called, without the day."""
        return slugify(str(self.opts.verbose_name_plural))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return kept_lists.shown_columns(self, request)

    def with_columns(self, queryset: QuerySet[M], columns: Collection[str]) -> QuerySet[M]:
        """The rows of the list with what these columns read of them."""
        return queryset

    def filled(self, rows: Sequence[M]) -> Sequence[M]:
        """Rows of the list with what its columns read of other tables: a query for all of them, not one each."""
        return rows

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            if any("\x00" in value for values in request.GET.lists() for value in (values[0], *values[1])):
                raise IncorrectLookupParameters("a NUL character")
            return super().get_changelist_instance(request)
        except DisallowedModelAdminLookup as error:
            raise IncorrectLookupParameters(error) from error
        except IncorrectLookupParameters as error:
            list_forms.remember_error(request, error)
            raise

    def action_checkbox(self, obj: M) -> SafeString:
        """As Django's, without a template for each row; with what the row adds to the sum of those that are chosen."""
        found = self.amount_of(obj)
        adds = format_html(' data-sum="{} {}"', bare_amount(*found), found[1]) if found else ""
        text = '<input type="checkbox" name="_selected_action" value="{}" class="action-select" aria-label="{}"{}>'
        return format_html(text, obj.pk, _("Select %(row)s") % {"row": obj}, adds)

    def amount_of(self, obj: M) -> tuple[Decimal, str] | None:
        """What a chosen row adds to the sum above the list, and its currency; None: there are no sums."""
        return None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if "e" in request.GET and request.method == "GET":
            messages.warning(request, _("A part of that address was not understood; the list shows everything."))
        context = {
            "title": str(self.opts.verbose_name_plural)[:1].upper() + str(self.opts.verbose_name_plural)[1:],
            "empty_sentence": self.empty_sentence,
            **(extra_context or {}),
        }
        if request.method == "GET":
            response: HttpResponse = replica.read(lambda: super(TenantAdmin, self).changelist_view(request, context))
        else:
            response = super().changelist_view(request, context)
        return list_forms.tell(self, request, response)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = {}
        for name, entry in super().get_actions(request).items():
            guard = guard_of(entry[0]) if entry else None
            if guard and request.user.has_perm(guard.permission):
                actions[name] = entry
        return actions

    def routes(self) -> Sequence[Route]:
        """Addresses of our own below the model's: (route, guarded view, name)."""
        return ()

    def list_routes(self) -> Sequence[Route]:
        """Addresses that every list has, for those who may see it."""
        seen = f"{self.opts.app_label}.view_{self.opts.model_name}"
        kept = (
            ("columns", list_forms.take_columns),
            ("views", list_forms.take_view),
            ("portion", waiting_rows.go_on),
        )
        routes = [(f"{name}/", MethodType(guarded(seen)(take), self), name) for name, take in kept]
        export = guarded(seen, methods=("GET",))(csv_files.csv_of_columns)
        return [*routes, ("export/", MethodType(export, self), "export")]

    def get_urls(self) -> list[URLPattern]:
        routes = self.routes()
        names = {name for _route, _view, name in routes}
        found = [(route, view, in_place(self, view), name) for route, view, name in routes]
        found += [(route, view, view, name) for route, view, name in self.list_routes() if name not in names]
        own = []
        for route, view, shown, name in found:
            if guard_of(view) is None:
                raise ImproperlyConfigured(f"{view} of {type(self).__name__} has no guard.")
            own.append(path(route, self.admin_site.admin_view(shown), name=self.url_name(name)))
        return own + super().get_urls()

    def missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The answer to an id that there is not, or that belongs to somebody else: the same for both."""
        text = _("There is no %(name)s with the id “%(id)s” here.")
        messages.warning(request, text % {"name": self.opts.verbose_name, "id": unquote(object_id)[:50]})
        return HttpResponseRedirect(reverse("admin:index"))

    def url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def url(self, name: str, *args: object) -> str:
        return reverse(f"admin:{self.url_name(name)}", args=args)


class PageAdmin(TenantAdmin[M]):
    """A model people read: a list, and a page of our own per row instead of a form of disabled fields."""

    page_template: ClassVar[str]

    page_select_related: tuple[str, ...] = ()
    """What the page of a row is read with; a list is not."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        found, match = super().get_queryset(request), request.resolver_match
        is_page = match is not None and "object_id" in match.kwargs
        return found.select_related(*self.page_select_related) if is_page and self.page_select_related else found

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self.missing(request, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return self.render_page(request, obj, **(extra_context or {}))

    def render_page(self, request: HttpRequest, obj: M, status: int = 200, **extra: Any) -> HttpResponse:
        project = getattr(request, "project", None)
        if project is not None and getattr(obj, "project_id", None) == project.pk:
            obj.project = project  # type: ignore[attr-defined]  # it is at hand, and not asked for again
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(obj),
            "object": obj,
            "media": self.media,
            "neighbours": beside(self, request, obj),
            **self.page_context(request, obj),
            **extra,
        }
        return TemplateResponse(request, self.page_template, context, status=status)

    def page_context(self, request: HttpRequest, obj: M) -> dict[str, Any]:
        """What the page shows beside the row itself."""
        return {}
