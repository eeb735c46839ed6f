"""Issue an invoice by hand; credit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from config.kit.money import money
from orders.admin.work.base import Steps
from orders.admin.work.forms import CreditForm, LookedForm
from orders.choices import DocumentType, OrderStatus
from orders.models import Invoice, Order
from orders.work import crediting, invoicing
from orders.work.crediting import creditable

ISSUE = "orders.add_invoice"


class InvoiceSteps(Steps[Order]):
    """On the page of an order."""

    def invoice_routes(self) -> Sequence[Route]:
        return [("<int:pk>/invoice/", self.invoice, "invoice")]

    @guarded(ISSUE)
    def invoice(self, request: HttpRequest, pk: int) -> HttpResponse:
        order, form = self.row(request, pk), LookedForm(request.POST, prefix="invoice")

        def act(values: dict[str, Any]) -> Invoice:
            return invoicing.issue(order.pk, seen=values["seen"], actor_id=request.user.pk, looked=values["looked"])

        return self.step(request, order, "invoice_form", form, act, _issued)


def _issued(invoice: Invoice) -> str:
    return _("Invoice %(code)s is issued.") % {"code": invoice.code}


def invoice_form(order: Order) -> LookedForm | None:
    """None while an invoice stands, or the order is cancelled."""
    if order.status == OrderStatus.CANCELLED or invoicing.standing_invoice(order.pk):
        return None
    return LookedForm(initial={"seen": order.version}, prefix="invoice")


class CreditSteps(Steps[Invoice]):
    """On the page of an invoice."""

    def credit_routes(self) -> Sequence[Route]:
        return [("<int:pk>/credit/", self.credit, "credit")]

    @guarded(ISSUE)
    def credit(self, request: HttpRequest, pk: int) -> HttpResponse:
        invoice = self.row(request, pk)
        form = CreditForm(creditable(invoice), request.POST, prefix="credit")

        def act(values: dict[str, Any]) -> Invoice:
            common: dict[str, Any] = {
                "reason": values["reason"],
                "seen": values["seen"],
                "actor_id": request.user.pk,
            }
            if values["what"] == CreditForm.AMOUNT:
                return crediting.credit_amount(invoice.pk, values["amount"], **common)
            common["return_stock"] = values["return_stock"]
            if values["what"] == CreditForm.LINES:
                return crediting.credit_lines(invoice.pk, form.units, **common)
            return crediting.credit_all(invoice.pk, **common)

        return self.step(request, invoice, "credit_form", form, act, _credited)

    def credit_context(self, request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
        """The credit notes of an invoice, what is left, and the form while something is."""
        if invoice.document_type != DocumentType.INVOICE:
            return {}
        notes = list(invoice.credit_notes.order_by("pk"))
        left = invoice.total - sum(note.total for note in notes)
        shown: dict[str, Any] = {
            "credit_notes": [(note, money(note.total, note.currency)) for note in notes],
            "left": money(left, invoice.currency),
        }
        if left > 0 and request.user.has_perm(ISSUE):
            initial = {"seen": invoice.order.version}
            shown["credit_form"] = CreditForm(creditable(invoice), initial=initial, prefix="credit")
        return shown


def _credited(note: Invoice) -> str:
    total = money(note.total, note.currency)
    return _("Credit note %(code)s of %(total)s is issued.") % {"code": note.code, "total": total}
