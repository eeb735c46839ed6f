"""Stock in shops: article by article what is available here, what the shop was told, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter, TabFilter, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge, link, number
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.admin.crossings import SEND
from integrations.admin.open_project import shops_of
from integrations.choices import ArticleState
from integrations.filters import ARTICLES
from integrations.models import ShopArticle
from integrations.pushes import shop_articles

ARTICLE_TONES = {
    ArticleState.KNOWN: "good",
    ArticleState.UNKNOWN: "plain",
    ArticleState.UNMANAGED: "plain",
    ArticleState.REFUSED: "bad",
}


class ArticleTab(TabFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options(
            [("adrift", _("Adrift")), ("to_tell", _("To be told")), ("refused", _("Refused")), ("all", _("All"))]
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[ShopArticle]) -> QuerySet[ShopArticle]:
        self.checked(self.value())
        wanted = {
            "adrift": shop_articles.ADRIFT,
            "to_tell": shop_articles.TO_TELL,
            "refused": Q(state=ArticleState.REFUSED),
        }
        return queryset.filter(wanted[self.selected]) if self.selected in wanted else queryset


class ArticleShopFilter(ChoiceFilter):
    title = gettext_lazy("shop")
    parameter_name = "integration"
    filters = ARTICLES

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options((shop.pk, shop.title) for shop in shops_of(request))


class ArticleStateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    filters = ARTICLES


@admin.register(ShopArticle)
class ArticleAdmin(PageAdmin[ShopArticle]):
    project_path = "integration__project"
    list_display = ("sku", "product", "shop", "wanted_shown", "told_shown", "in_shop_shown", "state_shown", "remark")
    list_display_links = None
    list_filter = (ArticleTab, ArticleShopFilter, ArticleStateFilter)
    search_fields = ("sku",)
    ordering = ("sku", "id")
    actions = ("tell_chosen",)
    page_template = "admin/integrations/shoparticle/page.html"
    empty_sentence = gettext_lazy(
        "Nothing here. On a shop’s page, “What goes out” reads what the shop has and lays it beside the stock."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShopArticle]:
        return super().get_queryset(request).select_related("integration").defer("integration__credentials")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ShopArticle], search_term: str
    ) -> tuple[QuerySet[ShopArticle], bool]:
        term = search_term.strip()
        return (queryset.filter(sku__startswith=term) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Stock in shops"), **(extra_context or {})})

    @guarded_action(SEND, description=gettext_lazy("Tell the shop now"))
    def tell_chosen(self, request: HttpRequest, queryset: QuerySet[ShopArticle]) -> None:
        """Also those the shop was told already, and those it had refused."""
        if count := shop_articles.tell_again(queryset):
            text = ngettext("%(number)s quantity is told now.", "%(number)s quantities are told now.", count)
            messages.success(request, text % {"number": count})
        else:
            messages.warning(request, _("Nothing was told: the shop is not live, or it has no such article."))

    @guarded("integrations.view_shoparticle", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        columns = ("SKU in the shop", "name", "shop", "available", "told", "in the shop", "read", "state", "remark")
        return csv_of_list(self, request, "stock-in-shops", columns, _cells)

    @admin.display(description=gettext_lazy("product"))
    def product(self, row: ShopArticle) -> str:
        if row.product_id is None:
            return str(_("No product here has this SKU."))
        return link("stock_product", row.product_id, row.name or row.sku)

    @admin.display(description=gettext_lazy("shop"))
    def shop(self, row: ShopArticle) -> str:
        return row.integration.title

    @admin.display(description=gettext_lazy("should say"))
    def wanted_shown(self, row: ShopArticle) -> str:
        return number(_units(row.wanted))

    @admin.display(description=gettext_lazy("was told"))
    def told_shown(self, row: ShopArticle) -> str:
        return number(_units(row.told))

    @admin.display(description=gettext_lazy("says"))
    def in_shop_shown(self, row: ShopArticle) -> str:
        return number(_units(row.in_shop))

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: ShopArticle) -> str:
        return badge(row.get_state_display(), ARTICLE_TONES[ArticleState(row.state)])

    @admin.display(description=gettext_lazy("remark"))
    def remark(self, row: ShopArticle) -> str:
        return row.message


def _units(units: int | None) -> str:
    return "–" if units is None else f"{units:,}"


def _cells(row: ShopArticle) -> Sequence[Cell]:
    return (
        row.sku, row.name, row.integration.title, _plain(row.wanted), _plain(row.told), _plain(row.in_shop),
        row.seen_at, str(row.get_state_display()), row.message,
    )  # fmt: skip


def _plain(units: int | None) -> str:
    return "" if units is None else str(units)
