"""Items in error by root cause: the cards above the list, the page of a cause, the fixes and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import attention, causes, fixing
from integrations.admin.cause_cards import CONNECTION, RULED, SHOWN, Card, card, cards, fill, key_of, label_of
from integrations.admin.cause_forms import (
    AddProductForm,
    CauseForm,
    ChooseRuleForm,
    CredentialsForm,
    DismissForm,
    MapSkuForm,
    NameCodeForm,
)
from integrations.admin.fix_progress import fixes_shown, told
from integrations.admin.open_project import shops_of
from integrations.causes import MOST_CAUSES, Cause
from integrations.choices import ImportAction, RemoteState
from integrations.fixing import NothingToFix
from integrations.mapping_settings import MappingRefused
from integrations.models import Fix, Integration, RemoteOrder
from integrations.ruling import RulesRefused
from orders.receiving import BookedMeanwhile
from stock.admin.base import PageAdmin, Route, project_of
from stock.admin.forms import ReceiveForm
from stock.admin.guards import guarded
from stock.ledger import StockError

VIEW, RETRY = "integrations.view_remoteorder", "integrations.retry_remoteorder"
REVIEW = "integrations.review_remoteorder"
REFUSALS = (MappingRefused, NothingToFix, RulesRefused, BookedMeanwhile, StockError)
"""Why a fix is not made, in sentences for whoever tried."""
ORDERS_SHOWN = 50


def _person(request: HttpRequest) -> dict[str, Any]:
    """Who decides, as `reviewing` wants it."""
    return {"actor_id": request.user.pk, "actor": request.user.get_username()}


class Causes(PageAdmin[RemoteOrder]):
    def cause_routes(self) -> Sequence[Route]:
        return [
            ("cause/", self.cause, "cause"),
            ("causes/", self.all_causes, "causes"),
            ("fixes/", self.fixes, "fixes"),
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

    def causes_context(self, request: HttpRequest, state: RemoteState, most: int = SHOWN) -> dict[str, Any]:
        """The cards of a tab."""
        project = project_of(request)
        if project is None:
            return {}
        shown, more = cards(project.pk, shops_of(request), state, request.user, most)
        return {"cards": shown, "more_causes": more, **self._fixes(request, project.pk)}

    def _fixes(self, request: HttpRequest, project_id: int) -> dict[str, Any]:
        return {"fixes": fixes_shown(project_id), "may_review": request.user.has_perm(REVIEW)}

    def _cause(self, request: HttpRequest) -> tuple[Integration, Cause]:
        """The cause that is meant; another project's is as unknown as none."""
        form = CauseForm(request.POST if request.method == "POST" else request.GET)
        if not form.is_valid():
            raise Http404
        values = form.cleaned_data
        shop = Integration.objects.filter(project=project_of(request), pk=values["shop"]).select_related("project")
        found = shop.first()
        if found is None:
            raise Http404
        return found, Cause(found.pk, values["code"], values["subject"])

    def card_of(self, request: HttpRequest, shop: Integration, cause: Cause) -> Card:
        state = RemoteState.IGNORED if cause.code in RULED else RemoteState.FAILED
        samples = causes.samples(shop.project_id, [cause], state)
        shown = card(shop, causes.group_of(shop.project_id, cause, state), samples.get(cause), request.user)
        fill([shown], request.user)
        return shown

    def _page(self, request: HttpRequest, shop: Integration, cause: Cause, **bound: Form) -> HttpResponse:
        shown = self.card_of(request, shop, cause)
        shown.forms |= bound
        orders = causes.orders_of(shop.project_id, cause).defer("payload").order_by("first_seen_at")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": shown.title,
            "card": shown,
            "orders": orders[:ORDERS_SHOWN],
            "more_orders": (shown.group.count if shown.group else 0) > ORDERS_SHOWN,
            **self._fixes(request, shop.project_id),
            "media": self.media,
        }
        template = "admin/integrations/remoteorder/cause.html"
        return TemplateResponse(request, template, context, status=422 if bound else 200)

    @guarded(VIEW, methods=("GET",))
    def cause(self, request: HttpRequest) -> HttpResponse:
        """One cause, its orders and the form that puts it right."""
        return self._page(request, *self._cause(request))

    @guarded(VIEW, methods=("GET",))
    def all_causes(self, request: HttpRequest) -> HttpResponse:
        """Every cause of what is in error, where there are more than fit above the list."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("All causes"),
            "media": self.media,
            **self.causes_context(request, RemoteState.FAILED, MOST_CAUSES),
        }
        return TemplateResponse(request, "admin/integrations/remoteorder/causes.html", context)

    @guarded(VIEW, methods=("GET",))
    def fixes(self, request: HttpRequest) -> HttpResponse:
        """How far the latest fixes are, for the page that shows them."""
        project = project_of(request)
        if project is None:
            raise Http404
        left = {key_of(group.cause): group.count for group in causes.groups(project.pk)}
        failed = attention.open_failures(project.pk)
        return JsonResponse({"fixes": told(project.pk), "causes": left, "failed": failed})

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
            return fixing.add_product(shop, cause, values["name"], values.get("units") or 0, request.user.pk)

        return self._try(request, "product", form, fix)

    @guarded("integrations.edit_mappings")
    def fix_map(self, request: HttpRequest) -> HttpResponse:
        """Let the shop's SKU stand for one of our products."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            return fixing.map_sku(shop, cause, values["sku"], request.user.pk)

        return self._try(request, "map", MapSkuForm(request.POST), fix)

    @guarded("integrations.edit_mappings")
    def fix_code(self, request: HttpRequest) -> HttpResponse:
        """Name a payment or delivery."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            label = label_of(self.card_of(request, shop, cause))
            return fixing.name_code(shop, cause, values["name"], label, request.user.pk)

        return self._try(request, "code", NameCodeForm(request.POST), fix)

    @guarded("stock.receive_stock")
    def fix_stock(self, request: HttpRequest) -> HttpResponse:
        """Receive stock of the product that is short."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            units, note, seen = values["quantity"], values["note"], values["seen"]
            return fixing.receive(shop, cause, units, note, seen=seen, user_id=request.user.pk)

        return self._try(request, "stock", ReceiveForm(request.POST), fix)

    @guarded("integrations.change_statusrule")
    def fix_status(self, request: HttpRequest) -> HttpResponse:
        """Decide what becomes of the orders of a status."""

        def fix(shop: Integration, cause: Cause, values: dict[str, Any]) -> Fix:
            action = ImportAction(values["action"])
            return fixing.choose_rule(shop, cause, action, values["retry"], values["seen"], request.user.pk)

        return self._try(request, "status", ChooseRuleForm(request.POST), fix)

    @guarded("integrations.change_integration")
    def fix_connection(self, request: HttpRequest) -> HttpResponse:
        """Save new credentials where any were typed, test the connection, and retry when the shop answers."""
        shop, cause = self._cause(request)
        form = CredentialsForm(request.POST, integration=shop)
        if not form.is_valid():
            return self._page(request, shop, replace(cause, code=CONNECTION, subject=""), credentials=form)
        entered, report, fix = fixing.reconnect(shop, form.credentials(), request.user.pk)
        if entered:
            self._log(request, shop, f"Changed: {', '.join(entered)}.")
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
            return fixing.dismiss(shop, cause, values["reason"], **_person(request))

        return self._try(request, "dismiss", DismissForm(request.POST), fix)

    @guarded(REVIEW)
    def fix_take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the dismissal of a cause's orders back."""
        fix = Fix.objects.filter(project=project_of(request), pk=pk).select_related("integration").first()
        if fix is None:
            raise Http404
        return self._fixed(request, fixing.take_back(fix, **_person(request)), again=False)

    @guarded(RETRY)
    def fix_retry(self, request: HttpRequest) -> HttpResponse:
        """Look again at all orders of a cause."""
        shop, cause = self._cause(request)
        return self._fixed(request, fixing.look_again(shop, cause, _("Retried by hand."), request.user.pk))
