"""Segments: lists, pages, and the form with its conditions and preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge, number
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from integrations.follow_up.segment_ends import delete
from integrations.models import Distribution
from orders.admin.segment_forms import ROWS, Definition, HandForm, MembersForm
from orders.choices import Junction, SegmentKind
from orders.filters import SEGMENTS
from orders.models import EarningRule, Segment, SegmentMember
from orders.segments import definitions, membership
from orders.segments.conditions import BadCondition, in_words, stored
from orders.segments.definitions import SegmentRefused, SegmentWish

ADD, CHANGE = "orders.add_segment", "orders.change_segment"
MEMBERS_SHOWN = 50
MISSING_SHOWN = 10


class KindFilter(ChoiceFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"
    filters = SEGMENTS


@admin.register(Segment)
class SegmentAdmin(PageAdmin[Segment]):
    list_display = ("name", "kind_shown", "members_shown", "conditions_shown", "changed")
    list_filter = (KindFilter,)
    search_fields = ("name",)
    search_help_text = gettext_lazy("A part of the name.")
    sorted_by_index = frozenset({"name"})
    ordering = ("name",)
    page_template = "admin/orders/segment/page.html"
    empty_sentence = gettext_lazy(
        "No segments here. Add one: its conditions say who belongs to it, or you choose people by hand."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("automatic/", self.create, "automatic"),
            ("by-hand/", self.create_by_hand, "by_hand"),
            ("<int:pk>/edit/", self.edit, "edit"),
            ("<int:pk>/rename/", self.rename, "rename"),
            ("<int:pk>/members/", self.change_members, "members"),
            ("<int:pk>/remove/", self.remove, "remove"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        return super().get_queryset(request).filter(deleted_at=None)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Segment], search_term: str
    ) -> tuple[QuerySet[Segment], bool]:
        term = search_term.strip()
        return (queryset.filter(name__icontains=term) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        ways = [(_("Add by conditions"), self.url("automatic")), (_("Add by hand"), self.url("by_hand"))]
        tools = ways if request.user.has_perm(ADD) else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def filled(self, rows: Sequence[Segment]) -> Sequence[Segment]:
        counts = membership.members(segment.pk for segment in rows)
        for segment in rows:
            segment.counted = counts[segment.pk]  # type: ignore[attr-defined]
        return rows

    @admin.display(description=gettext_lazy("kind"))
    def kind_shown(self, segment: Segment) -> str:
        if segment.filling:
            return badge(_("Being filled"), "warn")
        return badge(segment.get_kind_display(), "info" if segment.kind == SegmentKind.AUTOMATIC else "plain")

    @admin.display(description=gettext_lazy("customers"))
    def members_shown(self, segment: Segment) -> str:
        return number(counted(segment.counted))  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("conditions"))
    def conditions_shown(self, segment: Segment) -> str:
        words = [in_words(condition) for condition in stored(segment.conditions)]
        joint = _(" and ") if segment.junction == Junction.ALL else _(" or ")
        return joint.join(words)[:300] or "–"

    @admin.display(description=gettext_lazy("changed"))
    def changed(self, segment: Segment) -> Any:
        return segment.updated_at

    def page_context(self, request: HttpRequest, obj: Segment) -> dict[str, Any]:
        members = SegmentMember.objects.filter(segment=obj, left_at=None).select_related("customer")
        may = request.user.has_perm(CHANGE)
        by_hand = obj.kind == SegmentKind.STATIC
        return {
            "words": [in_words(condition) for condition in stored(obj.conditions)],
            "all_of": obj.junction == Junction.ALL,
            "by_hand": by_hand,
            "count": counted(membership.members([obj.pk])[obj.pk]),
            "members": members.order_by("-pk")[:MEMBERS_SHOWN],
            "members_shown": MEMBERS_SHOWN,
            "rules": EarningRule.objects.filter(segment=obj).order_by("name"),
            "distributions": Distribution.objects.filter(project=obj.project_id, segment_id=obj.pk).order_by("name"),
            "members_form": MembersForm() if may and by_hand else None,
            "name_form": NameForm(initial={"name": obj.name}, prefix="name") if may and by_hand else None,
            "may_change": may,
        }

    def _segment(self, request: HttpRequest, pk: int) -> Segment:
        segment: Segment | None = self.get_object(request, str(pk))
        if segment is None:
            raise Http404
        return segment

    @guarded(ADD, methods=("GET", "POST"))
    def create(self, request: HttpRequest) -> HttpResponse:
        """A new automatic segment."""
        return self._define(request, None)

    @guarded(CHANGE, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Name and conditions of an automatic segment."""
        segment = self._segment(request, pk)
        if segment.kind != SegmentKind.AUTOMATIC:
            raise Http404
        return self._define(request, segment)

    def _define(self, request: HttpRequest, segment: Segment | None) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        if request.method == "GET":
            return self._form_page(request, segment, Definition(segment=segment))
        definition = Definition(request.POST)
        if "more" in request.POST:
            definition.is_valid(named=False)
            definition.forget_errors()
            return self._form_page(request, segment, definition)
        trying = "preview" in request.POST
        would_hold = None
        if definition.is_valid(named=not trying):
            try:
                if not trying:
                    return self._saved(request, project.pk, segment, definition.wish)
                would_hold = definitions.preview(project.pk, project.zone, definition.wish, membership.MOST)
            except (BadCondition, SegmentRefused) as refusal:
                definition.refuse(refusal)
        if trying:
            definition.form.errors.pop("name", None)
        return self._form_page(request, segment, definition, would_hold)

    def _saved(self, request: HttpRequest, project_id: int, segment: Segment | None, wish: SegmentWish) -> HttpResponse:
        if segment is None:
            saved = definitions.create(project_id, wish)
            self.log_addition(request, saved, f"Made “{saved.name}”.")
        else:
            saved = definitions.change(segment.pk, wish)
            self.log_change(request, saved, f"Changed “{saved.name}”.")
        if saved.filling:
            messages.success(
                request, _("The segment is saved and being filled. Who is found now has not “entered” it.")
            )
        else:
            messages.success(request, _("The segment is saved."))
        return HttpResponseRedirect(self.url("change", saved.pk))

    def _form_page(
        self, request: HttpRequest, segment: Segment | None, definition: Definition, would_hold: int | None = None
    ) -> HttpResponse:
        bad = definition.form.errors or any(row.errors for row in definition.rows)
        sentence = None
        if would_hold is not None:
            text = ngettext("It would hold one customer.", "It would hold %(number)s customers.", would_hold)
            sentence = text % {"number": counted(would_hold)}
        return self._page(
            request,
            "admin/orders/segment/form.html",
            _("Change segment") if segment else _("Add segment"),
            status=422 if bad else 200,
            definition=definition,
            rows_name=ROWS,
            segment=segment,
            sentence=sentence,
        )

    def _page(self, request: HttpRequest, template: str, title: str, status: int, **extra: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "media": self.media}
        return TemplateResponse(request, template, {**context, **extra}, status=status)

    @guarded(ADD, methods=("GET", "POST"))
    def create_by_hand(self, request: HttpRequest) -> HttpResponse:
        """A new segment of people chosen by hand."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = HandForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            found, missing = definitions.find_customers(project.pk, form.cleaned_data["emails"])
            try:
                segment = definitions.create(
                    project.pk, SegmentWish(form.cleaned_data["name"], SegmentKind.STATIC), found
                )
            except SegmentRefused as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else "emails", str(refusal))
            else:
                self.log_addition(request, segment, f"Made “{segment.name}” with {len(found)} customers.")
                text = ngettext(
                    "The segment is saved with one customer.",
                    "The segment is saved with %(number)s customers.",
                    len(found),
                )
                messages.success(request, text % {"number": f"{len(found):,}"})
                _tell_missing(request, missing)
                return HttpResponseRedirect(self.url("change", segment.pk))
        status = 422 if form.errors else 200
        return self._page(request, "admin/orders/segment/by_hand.html", _("Add segment by hand"), status, form=form)

    @guarded(CHANGE)
    def rename(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another name for a segment by hand."""
        segment = self._segment(request, pk)
        form = NameForm(request.POST, prefix="name")

        def save() -> None:
            definitions.change(pk, SegmentWish(form.cleaned_data["name"], SegmentKind(segment.kind)))
            messages.success(request, _("The name is saved."))

        return self._changed(request, segment, form, "name_form", save)

    @guarded(CHANGE)
    def change_members(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Add people to a segment by hand, or take them out, by their addresses."""
        segment = self._segment(request, pk)
        form = MembersForm(request.POST)

        def save() -> None:
            found, missing = definitions.find_customers(segment.project_id, form.cleaned_data["emails"])
            if "out" in request.POST:
                count = definitions.remove(pk, found)
                text = ngettext("One customer is taken out.", "%(number)s customers are taken out.", count)
            else:
                count = definitions.add(pk, found)
                text = ngettext("One customer is added.", "%(number)s customers are added.", count)
            self.log_change(request, segment, text % {"number": count})
            messages.success(request, text % {"number": f"{count:,}"})
            _tell_missing(request, missing)

        return self._changed(request, segment, form, "members_form", save)

    def _changed(
        self, request: HttpRequest, segment: Segment, form: forms.Form, name: str, save: Callable[[], None]
    ) -> HttpResponse:
        if form.is_valid():
            try:
                save()
            except SegmentRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(self.url("change", segment.pk))
        return self.render_page(request, segment, status=422, **{name: form})

    @guarded(CHANGE, methods=("GET", "POST"))
    def remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then delete."""
        segment = self._segment(request, pk)
        if request.method == "GET":
            count = counted(membership.members([pk])[pk])
            return self._page(
                request, "admin/orders/segment/remove.html", _("Delete segment"), 200, segment=segment, count=count
            )
        try:
            delete(segment)
        except SegmentRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.url("change", pk))
        self.log_change(request, segment, "Deleted.")
        messages.success(request, _("The segment “%(name)s” is deleted.") % {"name": segment.name})
        return HttpResponseRedirect(self.url("changelist"))


class NameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=definitions.LONGEST_NAME)


def counted(count: int) -> str:
    return f"{count:,}+" if count >= membership.MOST else f"{count:,}"


def _tell_missing(request: HttpRequest, missing: Sequence[str]) -> None:
    if missing:
        shown = ", ".join(missing[:MISSING_SHOWN])
        text = ngettext(
            "Nobody here has this address: %(shown)s.", "Nobody here has %(number)s of the addresses: %(shown)s.",
            len(missing),
        )  # fmt: skip
        if len(missing) > MISSING_SHOWN:
            shown += " …"
        messages.warning(request, text % {"number": f"{len(missing):,}", "shown": shown})
