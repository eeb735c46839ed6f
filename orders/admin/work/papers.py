"""Internal notes and files of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from orders.admin.work.base import Steps
from orders.admin.work.forms import FileForm, NoteForm
from orders.models import Attachment, Order
from orders.work import attachments, notes
from orders.work.changing import ChangeRefused

NOTE, ATTACH, REMOVE = "orders.add_ordernote", "orders.add_attachment", "orders.change_attachment"


class PaperSteps(Steps[Order]):
    def paper_routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/notes/", self.add_note, "notes"),
            ("<int:pk>/files/", self.attach, "files"),
            ("<int:pk>/files/<int:file_id>/", self.file, "file"),
            ("<int:pk>/files/<int:file_id>/remove/", self.remove_file, "remove_file"),
        ]

    @guarded(NOTE)
    def add_note(self, request: HttpRequest, pk: int) -> HttpResponse:
        order, form = self.row(request, pk), NoteForm(request.POST, prefix="notes")

        def act(values: dict[str, Any]) -> object:
            try:
                return notes.add_note(order.pk, values["text"], seen=values["seen"], author_id=request.user.pk)
            except ChangeRefused:
                # The text stays in the box, and can be sent once more by somebody who has read the other note.
                form.data = {"notes-text": values["text"], "notes-seen": notes.newest(order.pk)}
                raise

        return self.step(request, order, "notes_form", form, act, _("The note is kept."), to="#notes")

    @guarded(ATTACH)
    def attach(self, request: HttpRequest, pk: int) -> HttpResponse:
        order, form = self.row(request, pk), FileForm(request.POST, request.FILES, prefix="files")

        def act(values: dict[str, Any]) -> Attachment:
            return attachments.attach(order.pk, values["file"].name, form.read(), author_id=request.user.pk)

        return self.step(request, order, "files_form", form, act, _("The file is kept."), to="#files")

    @guarded("orders.view_order", methods=("GET",))
    def file(self, request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
        """Download a file: never shown in the page, whatever is in it."""
        found = Attachment.objects.filter(order=self.row(request, pk), pk=file_id).first()
        if found is None:
            raise Http404
        answer = HttpResponse(bytes(found.data), content_type=found.content_type)
        answer["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    @guarded(REMOVE)
    def remove_file(self, request: HttpRequest, pk: int, file_id: int) -> HttpResponse:
        order = self.row(request, pk)
        try:
            attachments.remove(order.pk, file_id, actor_id=request.user.pk)
        except ChangeRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("The file is removed."))
        return HttpResponseRedirect(self.url("change", order.pk) + "#files")


def papers(request: HttpRequest, order: Order) -> dict[str, Any]:
    """Notes and files with their forms, for those who may."""
    shown: dict[str, Any] = {
        "notes": order.notes.all(),
        "files": order.attachments.defer("data").select_related("author"),
        "may_remove_files": request.user.has_perm(REMOVE),
    }
    if request.user.has_perm(NOTE):
        seen = max((note.pk for note in shown["notes"] if not note.remote_key), default=0)
        shown["notes_form"] = NoteForm(initial={"seen": seen}, prefix="notes")
    if request.user.has_perm(ATTACH):
        shown["files_form"] = FileForm(prefix="files")
    return shown
