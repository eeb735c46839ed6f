"""Erasure requests: who asked a platform to be forgotten, which orders are theirs, and that it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.models import ErasureRequest
from integrations.shop_webhooks import erasures


@admin.register(ErasureRequest)
class ErasureAdmin(PageAdmin[ErasureRequest]):
    project_path = "integration__project"
    list_display = ("person_shown", "shop", "told_at", "state", "by")
    sortable_by = ()
    ordering = ("-id",)
    page_template = "admin/integrations/erasurerequest/page.html"
    empty_sentence = gettext_lazy("Nobody has asked to be forgotten.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("<int:pk>/settle/", self.settle, "settle")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureRequest]:
        named = {"shop_title": F("integration__title"), "done_by_name": F("done_by__username")}
        return super().get_queryset(request).annotate(**named)

    def page_context(self, request: HttpRequest, obj: ErasureRequest) -> dict[str, Any]:
        return {
            "orders": erasures.orders_of(obj),
            "most": erasures.MOST_ORDERS,
            "may_settle": obj.done_at is None and request.user.has_perm("integrations.settle_erasurerequest"),
        }

    @guarded("integrations.settle_erasurerequest")
    def settle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark as done: what may be erased of this person has been."""
        if self.get_object(request, str(pk)) is None:
            raise Http404
        if erasures.settle(ErasureRequest.objects.filter(pk=pk), request.user.pk or 0):
            messages.success(request, _("Marked as done. The name is forgotten here, too."))
        else:
            messages.info(request, _("It was marked as done already."))
        return HttpResponseRedirect(self.url("changelist"))

    @admin.display(description=gettext_lazy("person"))
    def person_shown(self, asked: ErasureRequest) -> str:
        return asked.person or _("forgotten")

    @admin.display(description=gettext_lazy("shop"))
    def shop(self, asked: ErasureRequest) -> str:
        title: str = asked.shop_title  # type: ignore[attr-defined]
        return title

    @admin.display(description=gettext_lazy("state"))
    def state(self, asked: ErasureRequest) -> str:
        return badge(_("Open"), "warn") if asked.done_at is None else badge(_("Done"), "good")

    @admin.display(description=gettext_lazy("by"))
    def by(self, asked: ErasureRequest) -> str:
        name: str | None = asked.done_by_name  # type: ignore[attr-defined]
        return name or "–"
