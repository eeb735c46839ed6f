"""Every order ever seen at a shop: what is in error, what is ignored, what came in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import true_time
from config.kit.admin.change_lists import ChoiceFilter, DateRange, TabFilter, capped, options, shown
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.model_admins import Route
from config.kit.money import money
from integrations.admin.cause_fixes import CauseFixes
from integrations.admin.open_project import shops_of, waiting_of
from integrations.admin.remote_order_columns import RETRY, RemoteOrderColumns, tab_of
from integrations.admin.review_page import review_page
from integrations.admin.tones import STATE_TONES
from integrations.admin.transactions import ActionForm, with_template
from integrations.choices import RemoteState
from integrations.filters import REMOTE_ORDERS
from integrations.importing import retry
from integrations.models import RemoteOrder
from integrations.review import causes
from orders.admin.order_page import pretty_payload

TABS = (
    (RemoteState.FAILED, gettext_lazy("Items in error")),
    (RemoteState.IGNORED, gettext_lazy("Ignored")),
    (RemoteState.PENDING, gettext_lazy("Import Orders")),
    (RemoteState.IMPORTED, gettext_lazy("Succeeded")),
    (RemoteState.DISMISSED, gettext_lazy("Dismissed")),
    (RemoteState.HANDED_ON, gettext_lazy("Handed on")),
)
# Of these tabs the navigation says Transactions, of the others Items in error; all of them are one list.
TRANSACTIONS = {RemoteState.IMPORTED, RemoteState.PENDING, RemoteState.HANDED_ON}
TRANSACTIONS_TEMPLATE = "admin/integrations/remoteorder/transactions.html"
# The actions of each tab.
ACTIONS: dict[str, tuple[str, ...]] = {
    RemoteState.FAILED: ("retry_chosen", "dismiss_chosen"),
    RemoteState.IGNORED: ("retry_chosen", "dismiss_chosen"),
    RemoteState.PENDING: ("accept_chosen", "dismiss_chosen"),
    RemoteState.DISMISSED: ("take_back_chosen",),
}
EMPTY: dict[str, Any] = {
    RemoteState.FAILED: gettext_lazy(
        "No order is in error: everything the shops sent is in the book, or ignored by a rule."
    ),
    RemoteState.IGNORED: gettext_lazy("No order is ignored. Orders whose rule says “Do not import” are listed here."),
    RemoteState.PENDING: gettext_lazy("No order waits for your decision."),
    RemoteState.IMPORTED: gettext_lazy("No order has been imported yet. Load new orders on the orders page."),
    RemoteState.DISMISSED: gettext_lazy("No order was dismissed."),
    RemoteState.HANDED_ON: gettext_lazy("No order was handed on: no marketplace is set to make its orders in a shop."),
}


def next_step(remote: RemoteOrder) -> str:
    """What happens to an order that is not in the book, when nobody does anything."""
    if remote.state not in retry.RETRIED:
        return ""
    if not remote.retry or remote.next_attempt_at is None:
        return _("Nothing happens automatically: put its cause right, or retry it.")
    if remote.next_attempt_at <= true_time.now():
        return _("It is looked at again now; reload this page in a moment.")
    at = date_format(timezone.localtime(remote.next_attempt_at), "DATETIME_FORMAT")
    return _("It is checked again automatically at %(at)s.") % {"at": at}


class StateTab(TabFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options(TABS)

    def counts(self, request: HttpRequest) -> dict[str, str]:
        waiting = waiting_of(request)
        found = {RemoteState.FAILED.value: waiting.failed, RemoteState.PENDING.value: waiting.pending}
        return {state: capped(count) for state, count in found.items() if count}

    @property
    def selected(self) -> str:
        return self.value() or RemoteState.FAILED.value

    def queryset(self, request: HttpRequest, queryset: QuerySet[RemoteOrder]) -> QuerySet[RemoteOrder]:
        self.checked(self.value())
        return shown(REMOTE_ORDERS, {"state": self.selected}, queryset)


class RemoteShopFilter(ChoiceFilter):
    title = gettext_lazy("shop")
    parameter_name = "integration"
    filters = REMOTE_ORDERS

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))


class RetryFilter(ChoiceFilter):
    title = gettext_lazy("retry")
    parameter_name = "retry"
    filters = REMOTE_ORDERS


class ChangedRange(DateRange):
    title = gettext_lazy("date")
    filters, span = REMOTE_ORDERS, "changed"


@admin.register(RemoteOrder)
class RemoteOrderAdmin(RemoteOrderColumns, CauseFixes):
    list_filter = (StateTab, RemoteShopFilter, RetryFilter, ChangedRange)
    search_fields = ("number",)
    search_help_text = gettext_lazy("An order number or the shop's id, in full.")
    ordering = ("-changed_at", "-id")
    actions = ("retry_chosen", "accept_chosen", "dismiss_chosen", "take_back_chosen")
    action_form = ActionForm
    page_template = "admin/integrations/remoteorder/page.html"

    def routes(self) -> Sequence[Route]:
        own = [("<int:pk>/retry/", self.retry_one, "retry")]
        return [*own, *self.cause_routes(), *self.review_routes()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RemoteOrder]:
        return super().get_queryset(request).annotate(shop_title=F("integration__title"))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = list(super().get_list_filter(request))
        return filters if tab_of(request) in retry.RETRIED else [each for each in filters if each is not RetryFilter]

    def usual_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What is not imported is listed by its last change; the imported ones, millions in time, as they came."""
        return ("-id",) if request.GET.get("tab") == RemoteState.IMPORTED else self.ordering

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = ACTIONS.get(request.GET.get("tab", RemoteState.FAILED.value), ())
        return {name: entry for name, entry in super().get_actions(request).items() if name in offered}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RemoteOrder], search_term: str
    ) -> tuple[QuerySet[RemoteOrder], bool]:
        term = search_term.strip()[:255]
        queryset = queryset.defer("payload")
        if not term:
            return queryset, False
        shops = [shop.pk for shop in shops_of(request)]
        by_id = queryset.filter(integration_id__in=shops, external_id=term)
        return queryset.filter(number=term) | by_id, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tab = request.GET.get("tab", "failed")
        if tab in TRANSACTIONS:
            extra_context = {**self.transactions_context(request), **(extra_context or {})}
        context = {"title": _("Transactions"), "empty_sentence": EMPTY.get(tab, ""), **(extra_context or {})}
        if tab in set(retry.RETRIED):
            context |= self.causes_context(request, RemoteState(tab))
        response = super().changelist_view(request, context)
        return with_template(response, TRANSACTIONS_TEMPLATE) if tab in TRANSACTIONS else response

    def render_page(self, request: HttpRequest, obj: RemoteOrder, status: int = 200, **extra: Any) -> HttpResponse:
        request.remote_tab = obj.state  # type: ignore[attr-defined]  # for the navigation
        return super().render_page(request, obj, status, **extra)

    def page_context(self, request: HttpRequest, obj: RemoteOrder) -> dict[str, Any]:
        retried = obj.state in retry.RETRIED
        order = getattr(obj, "order", None)
        card = self.card_of(request, obj.integration, causes.cause_of(obj)) if retried else None
        return {
            "card": card,
            "next": next_step(obj),
            "title": obj.number or obj.external_id,
            "tone": STATE_TONES[obj.state],
            "amount": money(obj.total, obj.currency) if obj.total is not None else "–",
            "order": order,
            "payload": pretty_payload(obj.payload),
            "may_retry": retried and request.user.has_perm(RETRY),
            **review_page(request, obj),
        }

    @guarded(RETRY)
    def retry_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Look at one order again, now."""
        if self.get_object(request, str(pk)) is None:
            raise Http404
        self._retry(request, RemoteOrder.objects.filter(pk=pk))
        if request.POST.get("back") == "page":
            return HttpResponseRedirect(self.url("change", pk))
        tab = request.GET.get("tab", "")
        return HttpResponseRedirect(f"{self.url('changelist')}?tab={tab if tab in set(RemoteState) else 'failed'}")

    @guarded_action(RETRY, description=gettext_lazy("Retry now"), limit=1_000)
    def retry_chosen(self, request: HttpRequest, queryset: QuerySet[RemoteOrder]) -> None:
        self._retry(request, queryset)

    def _retry(self, request: HttpRequest, chosen: QuerySet[RemoteOrder]) -> None:
        count = retry.retry_now(chosen, user_id=request.user.pk)
        if not count:
            messages.info(request, _("Nothing to retry: only orders in error and ignored ones are looked at again."))
            return
        text = ngettext(
            "%(number)s order is being looked at again; what changes shows here in a moment.",
            "%(number)s orders are being looked at again; what changes shows here in a moment.",
            count,
        )
        messages.success(request, text % {"number": f"{count:,}"})
