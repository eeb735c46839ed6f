"""Integrations: the list of shops, connecting one, and its page of settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.admin.connecting import ConnectShop
from integrations.admin.file_server_forms import FileServerForm
from integrations.admin.noting import note_credentials
from integrations.admin.shop_archiving import MAY as MAY_ARCHIVE
from integrations.admin.shop_archiving import ShopArchiving, ShopTab
from integrations.admin.shop_files import ShopFiles, files_page
from integrations.admin.shop_forms import ShopForm
from integrations.admin.shop_mappings import ShopMappings
from integrations.admin.shop_page import shop_page
from integrations.admin.tones import HEALTH_TONES
from integrations.choices import FeedKind
from integrations.models import Feed, Integration
from integrations.shops import connection
from integrations.shops import settings as shop_settings
from integrations.shops.settings import TitleTaken
from integrations.warehouses import serving

# The page of an integration that files are exchanged with.
FILES_TEMPLATE = "admin/integrations/integration/files.html"


def _settings_form(shop: Integration, typed: Any = None) -> ShopForm | FileServerForm:
    if shop.connector.by_files:
        return FileServerForm(typed, integration=shop)
    return ShopForm(typed, integration=shop)


@admin.register(Integration)
class ShopAdmin(ConnectShop, ShopArchiving, ShopMappings, ShopFiles, PageAdmin[Integration]):
    list_display = ("title", "platform", "health_shown", "complete_through", "next_load", "switched_on")
    list_filter = (ShopTab,)
    sorted_by_index = frozenset({"title"})
    search_fields = ("title",)
    page_template = "admin/integrations/integration/page.html"
    empty_sentence = gettext_lazy("No shop is connected yet. Connect one to load its orders.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            *self.connect_routes(),
            *self.archiving_routes(),
            ("<int:pk>/settings/", self.settings, "settings"),
            *self.steps(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Integration]:
        load = Feed.objects.filter(integration=OuterRef("pk"), kind=FeedKind.LOAD, enabled=True)
        return super().get_queryset(request).annotate(next_load_at=Subquery(load.values("next_at")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Integration], search_term: str
    ) -> tuple[QuerySet[Integration], bool]:
        term = search_term.strip()
        queryset = queryset.defer("credentials")
        return (queryset.filter(title__icontains=term) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_add = request.user.has_perm("integrations.add_integration")
        tools = [(_("Connect a shop"), self.url("connect"))] if may_add else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: Integration) -> dict[str, Any]:
        may_change = request.user.has_perm("integrations.change_integration")
        form = _settings_form(obj) if may_change else None
        files = files_page(obj) if obj.connector.by_files else {}
        return {"form": form, **shop_page(request, obj), **files, "may_archive": request.user.has_perm(MAY_ARCHIVE)}

    def render_page(self, request: HttpRequest, obj: Integration, status: int = 200, **extra: Any) -> HttpResponse:
        answer = super().render_page(request, obj, status, **extra)
        if obj.connector.by_files and isinstance(answer, TemplateResponse):
            answer.template_name = FILES_TEMPLATE
        return answer

    @guarded("integrations.change_integration")
    def settings(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save address, credentials and times; test the connection when those that matter to it changed."""
        shop = self.shop(request, pk)
        if shop.archived_at is not None:
            messages.error(request, _("%(shop)s is archived: restore it first.") % {"shop": shop})
            return HttpResponseRedirect(f"{self.url('change', shop.pk)}#archive")
        form = _settings_form(shop, request.POST)
        if form.is_valid():
            try:
                changed = shop_settings.change(shop, form.settings(), form.credentials())
            except TitleTaken as error:
                form.add_error("title", str(error))
            else:
                return self._saved(request, shop, changed)
        return self.render_page(request, shop, status=422, form=form)

    def _saved(self, request: HttpRequest, shop: Integration, changed: list[str]) -> HttpResponse:
        if not changed:
            messages.info(request, _("Nothing was changed."))
            return HttpResponseRedirect(self.url("change", shop.pk))
        self.log_change(request, shop, f"Changed: {', '.join(changed)}.")
        note_credentials(request, shop, changed)
        messages.success(request, _("The settings are saved."))
        if "base_url" in changed and shop.connector.by_files:
            serving.forget_key(shop)
        if set(changed) - {"title", "time_zone", "enabled", "start_at", "unknown_products", "overlap"}:
            self.tell(request, connection.test_connection(shop))
        return HttpResponseRedirect(self.url("change", shop.pk))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=gettext_lazy("health"))
    def health_shown(self, shop: Integration) -> str:
        return badge(shop.get_health_display(), HEALTH_TONES[shop.health])

    @admin.display(description=gettext_lazy("complete through"))
    def complete_through(self, shop: Integration) -> Any:
        return shop.complete_until

    @admin.display(description=gettext_lazy("next load"))
    def next_load(self, shop: Integration) -> Any:
        return shop.next_load_at if shop.enabled else None  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("switched on"))
    def switched_on(self, shop: Integration) -> str:
        return badge(_("On"), "good") if shop.enabled else format_html('<span class="quiet">{}</span>', _("Off"))
