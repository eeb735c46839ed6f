"""Issue an invoice by hand; credit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from config.kit.money import money
from orders.admin.work.base import Steps
from orders.admin.work.forms import CreditForm, LookedForm
from orders.choices import DocumentType, OrderStatus
from orders.documents.paper import contents
from orders.documents.paper.legibility import missing_in_rows, missing_on
from orders.in_shop import version_of
from orders.models import Invoice, Order, OrderLine
from orders.work import crediting, invoicing
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from orders.work.crediting_plan import CreditPlan, creditable, plan_all, plan_amount, plan_units

ISSUE = "orders.add_invoice"


class InvoiceSteps(Steps[Order]):
    """On the page of an order."""

    def invoice_routes(self) -> Sequence[Route]:
        return [("<int:pk>/invoice/", self.invoice, "invoice")]

    @guarded(ISSUE)
    def invoice(self, request: HttpRequest, pk: int) -> HttpResponse:
        order, form = self.row(request, pk), LookedForm(request.POST, prefix="invoice")

        def act(values: dict[str, Any]) -> Invoice:
            return invoicing.issue(order.pk, seen=values["seen"], actor_id=request.user.pk, looked=form.seen_in_shop)

        return self.step(request, order, "invoice_form", form, act, _issued)


def _issued(invoice: Invoice) -> str:
    return _("Invoice %(code)s is issued.") % {"code": invoice.code}


def invoice_form(order: Order) -> LookedForm | None:
    """None while an invoice stands, or the order is cancelled."""
    if order.status == OrderStatus.CANCELLED or invoicing.obstacle(order, order.lines.all()):
        return None
    return LookedForm(initial={"seen": order.version, "shop_version": version_of(order)}, prefix="invoice")


def invoice_sum(order: Order, lines: Sequence[OrderLine]) -> str:
    """What an invoice of the order would charge, as it stands in the button."""
    drafted = invoicing.drafted(order, lines)
    return money(invoicing.total_of(drafted), order.currency) if drafted else ""


class CreditSteps(Steps[Invoice]):
    """On the page of an invoice. What is typed is shown as a credit note first, with its sum in the button."""

    def credit_routes(self) -> Sequence[Route]:
        return [("<int:pk>/credit/", self.credit, "credit"), ("<int:pk>/credit/sum/", self.credit_sum, "credit_sum")]

    @guarded(ISSUE)
    def credit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask first; written is what was asked for, by the sum that stood in the button."""
        invoice = self.row(request, pk)
        form = CreditForm(creditable(invoice), request.POST, prefix="credit")
        if form.is_valid() and form.cleaned_data["seen"] != invoice.order.version:
            messages.warning(request, str(ChangedMeanwhile()))
            return HttpResponseRedirect(self.url("change", invoice.pk))
        plan = _planned(invoice, form)
        if plan is None or "change" in request.POST:
            return self.render_page(request, invoice, status=422 if form.errors else 200, credit_form=form)
        if request.POST.get("confirmed") != _confirmed(plan):
            return self._ask_credit(request, invoice, form, plan)

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

    @guarded(ISSUE)
    def credit_sum(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the button of the form says to what is typed so far; nothing is written."""
        invoice = self.row(request, pk)
        plan = _planned(invoice, CreditForm(creditable(invoice), request.POST, prefix="credit"))
        return JsonResponse({"label": _button(plan, invoice) if plan else ""})

    def _ask_credit(self, request: HttpRequest, invoice: Invoice, form: CreditForm, plan: CreditPlan) -> HttpResponse:
        """The page that shows the units, the sum of each line and the total before anything is written."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Credit %(code)s?") % {"code": invoice.code},
            "invoice": invoice,
            "rows": [_shown(row, invoice.currency) for row in plan.rows],
            "sums": _shown({"total": plan.total - plan.tax, "tax": plan.tax}, invoice.currency),
            "along": ", ".join(plan.along),
            "illegible": [
                *missing_on(contents.invoice_sheet(invoice)),
                *missing_in_rows(plan.rows, form.cleaned_data["reason"]),
            ],
            "form": form,
            "typed": [(name, value) for name, value in request.POST.items() if name.startswith("credit-")],
            "confirmed": _confirmed(plan),
            "button": _button(plan, invoice),
            "returned": form.cleaned_data["return_stock"],
            "media": self.media,
        }
        return TemplateResponse(request, "admin/orders/invoice/credit.html", context)

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


def _planned(invoice: Invoice, form: CreditForm) -> CreditPlan | None:
    """The credit note that the form asks for; None with the reason at the form."""
    if not form.is_valid():
        return None
    values = form.cleaned_data
    try:
        invoice = crediting.credited_invoice(invoice.pk)
        if values["what"] == CreditForm.AMOUNT:
            return plan_amount(invoice, values["amount"], values["reason"])
        return plan_units(invoice, form.units) if values["what"] == CreditForm.LINES else plan_all(invoice)
    except ChangeRefused as refusal:
        form.add_error(None, str(refusal))
        return None


def _button(plan: CreditPlan, invoice: Invoice) -> str:
    return _("Credit %(sum)s") % {"sum": money(plan.total, invoice.currency)}


def _confirmed(plan: CreditPlan) -> str:
    """The sum as the confirming form sends it back."""
    return f"{plan.total.normalize():f}"


def _shown(row: dict[str, Any], currency: str) -> dict[str, Any]:
    """A row of a credit note with its amounts made readable, and their sum."""
    amounts = {"total": row["total"], "tax": row["tax"], "gross": row["total"] + row["tax"]}
    return {**row, **{name: money(amount, currency) for name, amount in amounts.items()}}


def _credited(note: Invoice) -> str:
    total = money(note.total, note.currency)
    return _("Credit note %(code)s of %(total)s is issued.") % {"code": note.code, "total": total}
