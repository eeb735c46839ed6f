"""Archive a shop, restore it, or delete one that brought nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from config.kit.admin.change_lists import TabFilter
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from config.kit.admin.undo import Undo, say_done
from integrations.admin.shop_steps import ShopSteps
from integrations.models import Integration
from integrations.shops import archiving
from integrations.shops.archiving import StillNeeded

MAY = "integrations.add_integration"


class ShopTab(TabFilter):
    """Shown only to those who have archived one."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("archived", str(_("Archived"))), ("used", str(_("In use")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Integration]) -> QuerySet[Integration]:
        self.checked(self.value())
        return queryset.filter(archived_at__isnull=self.selected == "used")

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        if changelist.model_admin.get_queryset(self._request).exclude(archived_at=None).exists():
            yield from super().choices(changelist)


class ShopArchiving(ShopSteps):
    def archiving_routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/archive/", self.archive, "archive"),
            ("<int:pk>/restore/", self.restore, "restore"),
            ("<int:pk>/delete-empty/", self.delete_empty, "delete_empty"),
        ]

    @guarded(MAY)
    def archive(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the shop out of the daily work; its orders stay."""
        done = _("%(shop)s is archived: it is neither asked nor told anything. Restore it at any time on this page.")
        return self._left(request, pk, archiving.archive, done, "Archived.", "restore")

    @guarded(MAY)
    def restore(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take it back, switched off."""
        done = _("%(shop)s is back. It is switched off: switch it on in its settings to load its orders.")
        return self._left(request, pk, archiving.restore, done, "Restored from the archive.", "archive")

    def _left(
        self, request: HttpRequest, pk: int, step: Callable[[Integration], None], done: str, noted: str, back: str
    ) -> HttpResponse:
        shop = self.shop(request, pk)
        try:
            step(shop)
        except StillNeeded as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, shop, noted)
            say_done(request, done % {"shop": shop}, Undo(self.url(back, shop.pk), {}))
        return HttpResponseRedirect(self.url("change", shop.pk))

    @guarded(MAY)
    def delete_empty(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete a shop that brought no order; its title has to be typed."""
        shop = self.shop(request, pk)
        if request.POST.get("title", "").strip() != shop.title:
            messages.error(request, _("Type the shop's title, %(title)s, to delete it.") % {"title": shop.title})
            return HttpResponseRedirect(f"{self.url('change', shop.pk)}#archive")
        try:
            archiving.delete(shop)
        except StillNeeded as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.url("change", shop.pk))
        self.log_deletions(request, [shop])  # type: ignore[arg-type]  # its row is no longer there to be asked for
        messages.success(request, _("%(shop)s is deleted.") % {"shop": shop})
        return HttpResponseRedirect(self.url("changelist"))
