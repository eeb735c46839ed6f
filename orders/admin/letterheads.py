"""The letterhead of a project: its versions, and the form that puts a new one in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from orders.admin.printing import pdf_answer
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadChanged, LetterheadWording, LogoRefused
from orders.documents.paper import contents
from orders.models import Letterhead

MOST_ROWS = 6


class Lines(forms.CharField):
    """A text of a few lines."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 3}), **options)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value).replace("\r\n", "\n")
        if text.count("\n") >= MOST_ROWS:
            raise forms.ValidationError(_("At most %(most)s lines fit on the paper.") % {"most": MOST_ROWS})
        return text


class LetterheadForm(forms.Form):
    company = forms.CharField(label=gettext_lazy("Company"), max_length=200)
    address = Lines(label=gettext_lazy("Address"), max_length=500)
    tax_ids = Lines(
        label=gettext_lazy("Tax and company numbers"),
        max_length=300,
        help_text=gettext_lazy("One line each, e.g. “VAT ID: CZ12345678”."),
    )
    bank_account = Lines(
        label=gettext_lazy("Bank account"), max_length=300, help_text=gettext_lazy("One line each: bank, IBAN, BIC.")
    )
    footer = Lines(
        label=gettext_lazy("Foot"), max_length=500, help_text=gettext_lazy("Printed at the foot of every page.")
    )
    slip_keys = Lines(
        label=gettext_lazy("Metadata on packing slips"),
        max_length=1000,
        help_text=gettext_lazy(
            "Names of metadata of orders, one a line, e.g. “gift_message”. The buyer's note is there."
        ),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"), required=False, help_text=gettext_lazy("PNG or JPEG, at most 1 MB.")
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Print no logo"), required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_logo(self) -> bytes | None:
        sent: Any = self.cleaned_data.get("logo")
        if sent is None:
            return None
        try:
            return letterheads.checked_logo(sent.read(letterheads.LARGEST_LOGO + 1))
        except LogoRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


@admin.register(Letterhead)
class LetterheadAdmin(PageAdmin[Letterhead]):
    list_display = ("company", "since", "author", "state")
    list_select_related = ("author",)
    page_template = "admin/orders/letterhead/page.html"
    empty_sentence = gettext_lazy("No letterhead yet: documents would carry the account's name alone.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("edit/", self.edit, "edit"), ("<int:pk>/sample/", self.sample, "sample")]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("logo")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_change = request.user.has_perm("orders.change_letterhead")
        tools = [(_("Change letterhead"), self.url("edit"))] if may_change else []
        context = {"title": _("Letterhead"), "tools": tools, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("since"))
    def since(self, letterhead: Letterhead) -> Any:
        return letterhead.created_at

    @admin.display(description=gettext_lazy("in force"))
    def state(self, letterhead: Letterhead) -> str:
        return badge(_("In force"), "good") if letterhead.pk == self._newest(letterhead.project_id) else "–"

    @staticmethod
    def _newest(project_id: int) -> int | None:
        found = letterheads.newest(project_id)
        return found.pk if found else None

    def page_context(self, request: HttpRequest, obj: Letterhead) -> dict[str, Any]:
        parts = [
            (_("Address"), obj.address),
            (_("Tax and company numbers"), obj.tax_ids),
            (_("Bank account"), obj.bank_account),
            (_("Foot"), obj.footer),
            (_("Metadata on packing slips"), obj.slip_keys),
        ]
        return {"parts": parts, "in_force": obj.pk == self._newest(obj.project_id), "has_logo": bool(obj.logo)}

    @guarded("orders.view_letterhead", methods=("GET",))
    def sample(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An invoice nobody got, to look at."""
        letterhead: Letterhead | None = self.get_object(request, str(pk))
        if letterhead is None:
            raise Http404
        return pdf_answer([contents.sample(letterhead)], "sample")

    @guarded("orders.change_letterhead", methods=("GET", "POST"))
    def edit(self, request: HttpRequest) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        old = letterheads.newest(project.pk)
        form = LetterheadForm(request.POST, request.FILES) if request.method == "POST" else _form(old)
        if form.is_valid() and self._save(request, project.pk, form, old):
            return HttpResponseRedirect(self.url("changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change letterhead"),
            "form": form,
            "media": self.media,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/orders/letterhead/edit.html", context, status=status)

    def _save(self, request: HttpRequest, project_id: int, form: LetterheadForm, old: Letterhead | None) -> bool:
        values = form.cleaned_data
        kept = bytes(old.logo) if old is not None and old.logo else None
        logo = None if values["remove_logo"] else values["logo"] or kept
        texts = {
            name: values[name] for name in ("company", "address", "tax_ids", "bank_account", "footer", "slip_keys")
        }
        try:
            new = letterheads.change(
                project_id, LetterheadWording(**texts), logo=logo, seen=values["seen"], actor_id=request.user.pk
            )
        except LetterheadChanged as refusal:
            form.add_error(None, str(refusal))
            return False
        if new is None:
            messages.info(request, _("Nothing was different."))
        else:
            messages.success(request, _("Documents issued from now on carry this letterhead."))
        return True


def _form(old: Letterhead | None) -> LetterheadForm:
    if old is None:
        return LetterheadForm()
    initial = {
        name: getattr(old, name) for name in ("company", "address", "tax_ids", "bank_account", "footer", "slip_keys")
    }
    return LetterheadForm(initial=initial | {"seen": old.pk})
