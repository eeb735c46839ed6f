"""The invoices of a period as a ZIP of PDF files, made in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit import true_time
from config.kit.admin.day_spans import last_month
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route, TenantAdmin
from integrations import invoice_files
from integrations.access.tenancy import project_of
from integrations.admin.tones import RUN_TONES
from integrations.choices import RunState
from integrations.invoice_files import INVOICES, NothingToFile
from integrations.models import Export
from orders.models import Invoice

VIEW = "orders.view_invoice"
MOST_SHOWN = 20
# While one is written its page is asked for again.
SECONDS = "3"


class PeriodForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}))


class InvoiceArchives(TenantAdmin[Invoice]):
    def archive_routes(self) -> Sequence[Route]:
        return [("files/", self.files, "files"), ("files/<int:pk>/", self.file, "file")]

    @guarded(VIEW, methods=("GET", "POST"))
    def files(self, request: HttpRequest) -> HttpResponse:
        """Ask for the invoices of a period, and see what was asked for."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        first, last = last_month(true_time.now().astimezone(project.zone).date())
        form = PeriodForm(request.POST if request.method == "POST" else None, initial={"first": first, "last": last})
        form.label_suffix = ""
        if form.is_valid():
            period = form.cleaned_data["first"], form.cleaned_data["last"]
            try:
                run = invoice_files.request_files(project, *period, request.user.pk)
            except NothingToFile as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("%(run)s has started.") % {"run": run})
                return HttpResponseRedirect(self.url("files"))
        asked = Export.objects.filter(project=project, exported_object=INVOICES).select_related("run__requested_by")
        exports = list(asked.order_by("-pk")[:MOST_SHOWN])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Invoices as files"),
            "media": self.media,
            "form": form,
            "files": [_shown(export) for export in exports],
        }
        status = 422 if form.errors else 200
        answer = TemplateResponse(request, "admin/orders/invoice/files.html", context, status=status)
        if request.method == "GET" and any(export.run.is_open for export in exports):
            answer.headers["Refresh"] = SECONDS
        return answer

    @guarded(VIEW, methods=("GET",))
    def file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Download the ZIP."""
        found = Export.objects.filter(project=project_of(request), exported_object=INVOICES, pk=pk)
        export = found.select_related("run").first()
        if export is None or not _is_ready(export):
            raise Http404
        answer = StreamingHttpResponse(invoice_files.archive_of(export), content_type="application/zip")
        name = f"invoices-{export.parameters['first']}-{export.parameters['last']}"
        answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
        return answer


def _is_ready(export: Export) -> bool:
    """Whether it is written whole; what is old was taken away again."""
    return export.run.state == RunState.SUCCEEDED and export.parts.exists()


def _shown(export: Export) -> dict[str, Any]:
    return {
        "run": export.run,
        "tone": RUN_TONES[export.run.state],
        "first": date.fromisoformat(export.parameters["first"]),
        "last": date.fromisoformat(export.parameters["last"]),
        "ready": _is_ready(export),
        "failed": export.run.failed,
    }
