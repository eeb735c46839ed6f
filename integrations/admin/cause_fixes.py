"""The fixes of causes: each an address of its own, with the permission of what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.access.tenancy import project_of
from integrations.admin.cause_filling import label_of
from integrations.admin.cause_forms import (
    AddProductForm,
    ChooseRuleForm,
    CredentialsForm,
    DismissForm,
    MapSkuForm,
    NameCodeForm,
)
from integrations.admin.causes import REVIEW, Causes
from integrations.admin.noting import note_credentials
from integrations.admin.open_project import warehouses_of
from integrations.choices import ImportAction
from integrations.models import Fix, Integration
from integrations.review import fixes
from integrations.review.causes import CONNECTION, Cause
from integrations.review.fixes import NothingToFix
from integrations.shops.mapping_settings import MappingRefused
from integrations.shops.rule_settings import RulesRefused
from orders.intake.receipts import BookedMeanwhile
from stock.admin.forms import ReceiveForm
from stock.ledger import StockError

RETRY = "integrations.retry_remoteorder"
# Why a fix is not made, in sentences for whoever tried.
REFUSALS = (MappingRefused, NothingToFix, RulesRefused, BookedMeanwhile, StockError)


def _person(request: HttpRequest) -> dict[str, Any]:
    """Who decides, as `reviewing` wants it."""
    return {"actor_id": request.user.pk, "actor": request.user.get_username()}


class CauseFixes(Causes):
    def cause_routes(self) -> Sequence[Route]:
        return [
            *super().cause_routes(),
            ("fix/product/", self.fix_product, "fix_product"),
            ("fix/map/", self.fix_map, "fix_map"),
            ("fix/code/", self.fix_code, "fix_code"),
            ("fix/stock/", self.fix_stock, "fix_stock"),
            ("fix/status/", self.fix_status, "fix_status"),
            ("fix/connection/", self.fix_connection, "fix_connection"),
            ("fix/dismiss/", self.fix_dismiss, "fix_dismiss"),
            ("fix/<int:pk>/take-back/", self.fix_take_back, "fix_take_back"),
            ("fix/retry/", self.fix_retry, "fix_retry"),
        ]

    def _try(
        self,
        request: HttpRequest,
        name: str,
        form: Form,
        fix: Callable[[Integration, Cause, dict[str, Any]], Fix],
    ) -> HttpResponse:
        """Make a fix from a filled form, or show the page of the cause with what is wrong."""
        shop, cause = self._cause(request)
        if form.is_valid():
            try:
                made = fix(shop, cause, form.cleaned_data)
            except REFUSALS as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._fixed(request, made, again=name != "dismiss")
        return self._page(request, shop, cause, **{name: form})

    def _log(self, request: HttpRequest, shop: Integration, sentence: str) -> None:
        """Into the history of the shop, where its settings are."""
        log: Any = self.log_change
        log(request, shop, sentence)

    def _fixed(self, request: HttpRequest, fix: Fix, *, again: bool = True) -> HttpResponse:
        self._log(request, fix.integration, fix.done)
        if not again:
            messages.success(request, fix.done)
        elif fix.orders:
            text = ngettext(
                "%(number)s order is being looked at again.",
                "%(number)s orders are being looked at again.",
                len(fix.orders),
            )
            messages.success(request, f"{fix.done} {text % {'number': f'{len(fix.orders):,}'}}")
        else:
            messages.success(request, f"{fix.done} {_('No order waits for this any more.')}")
        return HttpResponseRedirect(self.url("changelist") + "?tab=failed")

    @guarded("stock.add_product")
    def fix_product(self, request: HttpRequest) -> HttpResponse:
        """Add the product that is missing."""
        form = AddProductForm(request.POST, may_book=request.user.has_perm("stock.receive_stock"))

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            return fixes.add_product(shop, cause, values["name"], values.get("units") or 0, request.user.pk)

        return self._try(request, "product", form, fix)

    @guarded("integrations.edit_mappings")
    def fix_map(self, request: HttpRequest) -> HttpResponse:
        """Let the shop's SKU stand for one of our products."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            return fixes.map_sku(shop, cause, values["sku"], request.user.pk)

        return self._try(request, "map", MapSkuForm(request.POST), fix)

    @guarded("integrations.edit_mappings")
    def fix_code(self, request: HttpRequest) -> HttpResponse:
        """Name a payment, shipping method or tax."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            label = label_of(self.card_of(request, shop, cause))
            return fixes.name_code(shop, cause, values["name"], label, request.user.pk)

        return self._try(request, "code", NameCodeForm(request.POST), fix)

    @guarded("stock.receive_stock")
    def fix_stock(self, request: HttpRequest) -> HttpResponse:
        """Receive stock of the product that is short."""

        form = ReceiveForm(request.POST, here=warehouses_of(request))

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            units, note, seen = values["quantity"], values["note"], values["seen"]
            return fixes.receive(shop, cause, units, note, seen=seen, user_id=request.user.pk, place=form.place)

        return self._try(request, "stock", form, fix)

    @guarded("integrations.change_statusrule")
    def fix_status(self, request: HttpRequest) -> HttpResponse:
        """Decide what becomes of the orders of a status."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            action = ImportAction(values["action"])
            return fixes.choose_rule(shop, cause, action, values["retry"], values["seen"], request.user.pk)

        return self._try(request, "status", ChooseRuleForm(request.POST), fix)

    @guarded("integrations.change_integration")
    def fix_connection(self, request: HttpRequest) -> HttpResponse:
        """Save new credentials where any were typed, test the connection, and retry when the shop answers."""
        shop, cause = self._cause(request)
        form = CredentialsForm(request.POST, integration=shop)
        if not form.is_valid():
            return self._page(request, shop, replace(cause, code=CONNECTION, subject=""), credentials=form)
        entered, report, fix = fixes.reconnect(shop, form.credentials(), request.user.pk)
        if entered:
            self._log(request, shop, f"Changed: {', '.join(entered)}.")
            note_credentials(request, shop, entered)
        messages.add_message(request, messages.SUCCESS if report.ok else messages.ERROR, report.summary)
        for hint in report.hints:
            messages.info(request, hint)
        if fix is None:
            return HttpResponseRedirect(self.url("changelist") + "?tab=failed")
        return self._fixed(request, fix)

    @guarded(REVIEW)
    def fix_dismiss(self, request: HttpRequest) -> HttpResponse:
        """Dismiss all orders of a cause, with a reason."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            return fixes.dismiss(shop, cause, values["reason"], **_person(request))

        return self._try(request, "dismiss", DismissForm(request.POST), fix)

    @guarded(REVIEW)
    def fix_take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the dismissal of a cause's orders back."""
        fix = Fix.objects.filter(project=project_of(request), pk=pk).select_related("integration").first()
        if fix is None:
            raise Http404
        return self._fixed(request, fixes.take_back(fix, **_person(request)), again=False)

    @guarded(RETRY)
    def fix_retry(self, request: HttpRequest) -> HttpResponse:
        """Look again at all orders of a cause."""
        shop, cause = self._cause(request)
        return self._fixed(request, fixes.look_again(shop, cause, _("Retried by hand."), request.user.pk))
