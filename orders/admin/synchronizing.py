"""Synchronize with the eshop: one order after a look at what changes, up to a hundred in a run, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import post_button
from config.kit.admin.model_admins import Route
from config.kit.admin.waiting_rows import ActionRefused
from integrations.following import keeping
from integrations.importing import synchronize
from integrations.importing.synchronize import SyncLook, SyncRefused
from orders.admin import changes, progress
from orders.admin.looking import look_at
from orders.admin.work.base import Steps
from orders.models import Order, OrderEvent
from orders.work.changing import ChangedMeanwhile, ChangeRefused
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import Refreshed, RefreshOutcome

SYNCHRONIZE = "integrations.synchronize"
# Of many refusals of an action.
MOST_TOLD = 3


class SeenForm(forms.Form):
    """Which version of the order, and which answer of the shop, the person has seen."""

    version = forms.IntegerField()
    seen = forms.CharField(max_length=64, required=False)


class SynchronizeOrders(Steps[Order]):
    def synchronize_routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/synchronize/", self.look, "synchronize"),
            ("<int:pk>/synchronize/apply/", self.apply, "synchronize_apply"),
            ("<int:pk>/keep-ours/", self.keep_ours, "keep_ours"),
            ("<int:pk>/synchronize/<int:event>/revert/", self.revert, "synchronize_revert"),
        ]

    def synchronize_context(self, request: HttpRequest, order: Order) -> dict[str, Any]:
        may = order.integration_id is not None and request.user.has_perm(SYNCHRONIZE)
        if order.integration is None or order.remote_order is None:
            return {"may_synchronize": may}
        shown = {"look": look_at(order, order.integration), "shop_version": bytes(order.remote_order.digest).hex()}
        return {"may_synchronize": may, **shown}

    def synchronize_button(self, order: Order) -> str:
        if order.integration_id is None:
            return "–"
        # Relative to the list, whose rows are kept short.
        return post_button(f"{order.pk}/synchronize/", _("Synchronize"), order)

    @guarded(SYNCHRONIZE)
    def look(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the shop, and show what would change before anything does."""
        order = self.row(request, pk)
        try:
            look = synchronize.look(order)
        except (SyncRefused, ChangeRefused) as refusal:
            messages.error(request, str(refusal))
            return self._to_page(pk)
        if look.result.outcome == RefreshOutcome.CHANGED:
            return self._show(request, order, look)
        self._tell(request, look.result)
        return self._to_page(pk)

    @guarded(SYNCHRONIZE)
    def apply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write what was shown; whatever has changed since is shown first."""
        order = self.row(request, pk)
        form = SeenForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("This page was not complete: look at what changes once more."))
            return self._to_page(pk)
        try:
            done = synchronize.synchronize(
                order, form.cleaned_data["seen"], version=form.cleaned_data["version"], actor_id=request.user.pk or 0
            )
        except (SyncRefused, ChangeRefused) as refusal:
            messages.warning(request, str(refusal))
        else:
            self._tell(request, done)
        return self._to_page(pk)

    @guarded(SYNCHRONIZE)
    def keep_ours(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Leave the order as it is: the shop's version that was shown is looked at."""
        order = self.row(request, pk)
        form = SeenForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("This page was not complete: look at what changes once more."))
            return self._to_page(pk)
        try:
            keeping.keep_ours(
                order, form.cleaned_data["seen"], version=form.cleaned_data["version"], actor_id=request.user.pk or 0
            )
        except (SyncRefused, ChangeRefused) as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("The order stays as it is here."))
        return self._to_page(pk)

    @guarded(SYNCHRONIZE)
    def revert(self, request: HttpRequest, pk: int, event: int) -> HttpResponse:
        """Take a synchronisation back."""
        order = self.row(request, pk)
        form = SeenForm(request.POST)
        version = form.cleaned_data.get("version") if form.is_valid() else -1
        try:
            done = overwrite.revert(order.pk, event, seen=version, actor_id=request.user.pk)
        except OrderEvent.DoesNotExist:
            messages.error(request, _("There is no such synchronization of this order."))
        except (ChangedMeanwhile, ChangeRefused) as refusal:
            messages.warning(request, str(refusal))
        else:
            self._tell(request, done)
        return self._to_page(pk)

    @guarded_action(SYNCHRONIZE, description=gettext_lazy("Synchronize"), limit=synchronize.MOST_AT_ONCE)
    def synchronize_chosen(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        rows = list(queryset.values_list("pk", "project_id"))
        try:
            requested = synchronize.request(rows[0][1], [pk for pk, _project in rows], user_id=request.user.pk)
        except SyncRefused as refusal:
            raise ActionRefused(str(refusal)) from refusal
        if not requested.runs and requested.refusals:
            raise ActionRefused(" ".join(requested.refusals[:MOST_TOLD]))
        progress.remember(request, [run.pk for run in requested.runs])
        for refusal_text in requested.refusals:
            messages.warning(request, refusal_text)

    def _show(self, request: HttpRequest, order: Order, look: SyncLook) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Synchronize order %(number)s") % {"number": order},
            "object": order,
            "media": self.media,
            "look": look,
            "changed": changes.rows(look.result.changes, order.currency),
        }
        return TemplateResponse(request, "admin/orders/order/synchronize.html", context)

    def _to_page(self, pk: int) -> HttpResponse:
        return HttpResponseRedirect(self.url("change", pk))

    @staticmethod
    def _tell(request: HttpRequest, done: Refreshed) -> None:
        level = messages.SUCCESS if done.outcome in {RefreshOutcome.CHANGED, RefreshOutcome.SAME} else messages.WARNING
        messages.add_message(request, level, done.sentence)
        for report in done.reports:
            messages.warning(request, report)
