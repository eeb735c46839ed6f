"""The allow / block list: whose orders wait for a person; CSV in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.admin.undo import Undo, say_done
from integrations.access.tenancy import project_of
from integrations.choices import BuyerListing
from integrations.importing import block_list
from integrations.models import BuyerEntry

CHANGE = "integrations.change_buyerentry"
LARGEST_FILE = 2_000_000


class EntryForm(forms.Form):
    """One entry; the pattern of one that is there cannot be changed, only switched off."""

    pattern = forms.CharField(
        label=gettext_lazy("E-mail or domain"),
        max_length=254,
        help_text=gettext_lazy("ann@mail.example, or mail.example for everybody there and below."),
    )
    listing = forms.ChoiceField(label=gettext_lazy("List"), choices=BuyerListing.choices)
    active = forms.BooleanField(label=gettext_lazy("Active"), required=False, initial=True)
    remark = forms.CharField(label=gettext_lazy("Remark"), max_length=300, required=False)

    def clean_pattern(self) -> str:
        try:
            return block_list.normal(self.cleaned_data["pattern"])
        except block_list.PatternRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Columns pattern, list (block or allow), active (yes or no), remark."),
    )

    def clean_file(self) -> list[block_list.Read]:
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 2 MB: split it."))
        try:
            return block_list.read_csv(upload.read())
        except block_list.ListRefused as refused:
            raise forms.ValidationError(refused.problems) from refused


class ListingFilter(ChoiceFilter):
    title = gettext_lazy("list")
    parameter_name = "listing"
    field = "listing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options(BuyerListing.choices)


@admin.register(BuyerEntry)
class BuyerEntryAdmin(PageAdmin[BuyerEntry]):
    list_display = ("pattern", "listed", "is_active", "remark", "created_at")
    list_display_links = ("pattern",)
    list_filter = (ListingFilter,)
    search_fields = ("pattern",)
    search_help_text = gettext_lazy("The beginning of an e-mail address or domain.")
    sorted_by_index = frozenset({"pattern"})
    ordering = ("pattern",)
    actions = ("switch_on", "switch_off")
    change_list_template = "admin/integrations/buyerentry/change_list.html"
    page_template = "admin/integrations/buyerentry/page.html"
    empty_sentence = gettext_lazy(
        "Nobody is listed. Orders of a blocked buyer wait under Transactions, Import Orders; allowed wins over blocked."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("add-entry/", self.add_entry, "enter"),
            ("upload/", self.upload, "upload"),
            ("switch-on/", self.switch_on_again, "switch_on_again"),
            ("switch-off/", self.switch_off_again, "switch_off_again"),
            ("export/", self.export, "export"),
            ("<int:pk>/save/", self.save_entry, "save"),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BuyerEntry], search_term: str
    ) -> tuple[QuerySet[BuyerEntry], bool]:
        term = search_term.strip().lower()
        return (queryset.filter(pattern__startswith=term) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may = request.user.has_perm(CHANGE)
        forms_shown = {"entry_form": EntryForm() if may else None, "file_form": FileForm() if may else None}
        return super().changelist_view(
            request, {**forms_shown, "title": _("Allow / block list"), **(extra_context or {})}
        )

    def page_context(self, request: HttpRequest, obj: BuyerEntry) -> dict[str, Any]:
        values = {"pattern": obj.pattern, "listing": obj.listing, "active": obj.active, "remark": obj.remark}
        return {"form": _fixed(EntryForm(initial=values)) if request.user.has_perm(CHANGE) else None}

    @guarded(CHANGE)
    def add_entry(self, request: HttpRequest) -> HttpResponse:
        form = EntryForm(request.POST)
        if not form.is_valid():
            return self._refused(request, form)
        self._save(request, form)
        return HttpResponseRedirect(self.url("changelist"))

    @guarded(CHANGE)
    def save_entry(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = self.get_object(request, str(pk))
        if entry is None:
            raise Http404
        form = _fixed(EntryForm({**request.POST.dict(), "pattern": entry.pattern}))
        if not form.is_valid():
            return self.render_page(request, entry, status=422, form=form)
        self._save(request, form)
        return HttpResponseRedirect(self.url("changelist"))

    @guarded(CHANGE)
    def upload(self, request: HttpRequest) -> HttpResponse:
        form = FileForm(request.POST, request.FILES)
        project = project_of(request)
        if not form.is_valid() or project is None:
            return self._refused(request, form)
        count = block_list.save_rows(project.pk, form.cleaned_data["file"])
        messages.success(request, _("%(number)s entries are taken over.") % {"number": f"{count:,}"})
        return HttpResponseRedirect(self.url("changelist"))

    @guarded("integrations.view_buyerentry", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, as `upload` reads it."""
        return csv_of_list(self, request, "buyers", block_list.COLUMNS, _cells)

    @guarded_action(CHANGE, description=gettext_lazy("Switch on"))
    def switch_on(self, request: HttpRequest, queryset: QuerySet[BuyerEntry]) -> None:
        self._switch(request, queryset, True)

    @guarded_action(CHANGE, description=gettext_lazy("Switch off"))
    def switch_off(self, request: HttpRequest, queryset: QuerySet[BuyerEntry]) -> None:
        self._switch(request, queryset, False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[BuyerEntry], active: bool) -> None:
        changed = list(queryset.exclude(active=active).values_list("pk", flat=True))
        queryset.model.objects.filter(pk__in=changed).update(active=active)
        if not changed:
            messages.info(request, _("Nothing was different."))
            return
        text = (
            ngettext("%(number)s entry is switched on.", "%(number)s entries are switched on.", len(changed))
            if active
            else ngettext("%(number)s entry is switched off.", "%(number)s entries are switched off.", len(changed))
        )
        back = self.url("switch_off_again" if active else "switch_on_again")
        say_done(request, text % {"number": f"{len(changed):,}"}, Undo(back, {"entry": changed}))

    @guarded(CHANGE)
    def switch_on_again(self, request: HttpRequest) -> HttpResponse:
        """The way back from switching entries off, for those whose ids are sent."""
        return self._again(request, True)

    @guarded(CHANGE)
    def switch_off_again(self, request: HttpRequest) -> HttpResponse:
        return self._again(request, False)

    def _again(self, request: HttpRequest, active: bool) -> HttpResponse:
        ids = [int(pk) for pk in request.POST.getlist("entry") if pk.isdecimal() and len(pk) < 19]
        self._switch(request, self.get_queryset(request).filter(pk__in=ids), active)
        return HttpResponseRedirect(self.url("changelist"))

    def _save(self, request: HttpRequest, form: EntryForm) -> None:
        project, values = project_of(request), form.cleaned_data
        if project is not None:
            listing = BuyerListing(values["listing"])
            block_list.save_rows(
                project.pk, [block_list.Read(values["pattern"], listing, values["active"], values["remark"])]
            )
            entry = BuyerEntry.objects.get(project=project, pattern=values["pattern"])
            self.log_change(request, entry, f"{listing.label}, {'active' if entry.active else 'switched off'}.")
            messages.success(request, _("%(pattern)s is saved.") % {"pattern": entry})

    def _refused(self, request: HttpRequest, form: forms.Form) -> HttpResponse:
        for field, errors in form.errors.items():
            label = form.fields[field].label if field in form.fields else ""
            for error in errors:
                messages.error(request, f"{label}: {error}" if label else str(error))
        return HttpResponseRedirect(self.url("changelist"))

    @admin.display(description=gettext_lazy("list"))
    def listed(self, entry: BuyerEntry) -> str:
        return badge(entry.get_listing_display(), "bad" if entry.listing == BuyerListing.BLOCK else "good")

    @admin.display(description=gettext_lazy("active"))
    def is_active(self, entry: BuyerEntry) -> str:
        return badge(_("Active"), "info") if entry.active else badge(_("Off"))


def _fixed(form: EntryForm) -> EntryForm:
    """The form of an entry that is there."""
    form.fields["pattern"].disabled = True
    form.initial.setdefault("pattern", form.data.get("pattern", ""))
    return form


def _cells(entry: BuyerEntry) -> Sequence[Cell]:
    return entry.pattern, entry.listing, "yes" if entry.active else "no", entry.remark
