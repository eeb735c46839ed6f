"""Answers that are PDF files."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from orders.admin.looking import looks
from orders.documents.paper.layout import render
from orders.documents.paper.sheets import Sheet
from orders.models import Order
from orders.work.printed import note_printed

MOST_DOCUMENTS = 200
# Of all documents of one file together: about five seconds of work.
MOST_LINES = 5_000

# Of the forms that show looks: what each of them showed.
SHOP_VERSION = "shop_version"
# What the page that asks writes itself.
OURS = {"csrfmiddlewaretoken", "looked", SHOP_VERSION}


def pdf_answer(sheets: Sequence[Sheet], name: str) -> HttpResponse:
    """A download; `name` is a document's number or a word of ours, never a text of somebody else."""
    answer = HttpResponse(render(sheets), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def look_first(request: HttpRequest, site: AdminSite, order_ids: Collection[int]) -> HttpResponse | None:
    """The page that shows what the shops have changed of these orders; None once it was seen, or nothing has changed.

    Papers that are printed are written into the history of their orders.
    """
    sent = request.POST if request.method == "POST" else request.GET
    found = looks(Order.objects.filter(pk__in=list(order_ids)))
    seen = set(sent.getlist(SHOP_VERSION)) if "looked" in sent else set()
    if seen.issuperset(look.token for look in found):
        note_printed(order_ids, actor_id=request.user.pk)
        return None
    context = {
        **site.each_context(request),
        "title": _("Print these papers?"),
        "looks": found,
        "method": str(request.method).lower(),
        "sent": [(name, value) for name, values in sent.lists() for value in values if name not in OURS],
    }
    return TemplateResponse(request, "admin/orders/order/print_ask.html", context)


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
