"""Answers that are PDF files."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from orders.documents.paper.layout import render
from orders.documents.paper.sheets import Sheet

MOST_DOCUMENTS = 200
# Of all documents of one file together: about five seconds of work.
MOST_LINES = 5_000


def pdf_answer(sheets: Sequence[Sheet], name: str) -> HttpResponse:
    """A download; `name` is a document's number or a word of ours, never a text of somebody else."""
    answer = HttpResponse(render(sheets), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def one_pdf(request: HttpRequest, sheets: Sequence[Sheet], name: str) -> HttpResponse | None:
    """All of them as one download; None, with a message, when there is nothing or too much to print."""
    if not sheets:
        messages.warning(request, _("There is nothing to print for these rows."))
        return None
    lines = sum(len(sheet.rows) for sheet in sheets)
    if lines > MOST_LINES:
        sentence = _("These documents have %(lines)s lines together, more than %(most)s: choose fewer.")
        messages.error(request, sentence % {"lines": f"{lines:,}", "most": f"{MOST_LINES:,}"})
        return None
    return pdf_answer(sheets, name)
