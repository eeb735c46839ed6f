"""Connect a shop: its platform, its address and keys, a test, and a look at what the rules would make of its orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import true_time
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route
from integrations.access.tenancy import project_of
from integrations.admin.connect_form import ConnectForm
from integrations.admin.file_server_forms import FileServerForm
from integrations.admin.noting import note_credentials
from integrations.admin.rule_grid import RuleGrid
from integrations.admin.rule_preview import FirstTable, first_table
from integrations.admin.shop_steps import ShopSteps
from integrations.admin.shop_stock import NO_STOCK
from integrations.admin.tones import HEALTH_TONES
from integrations.connectors import UnknownPlatform, all_connectors
from integrations.connectors import get as get_connector
from integrations.connectors.contract import Connector
from integrations.importing import feeds, first_look
from integrations.importing import load as loading
from integrations.models import Integration, Project
from integrations.runs.control import RunRefused
from integrations.shop_stock import taking_over
from integrations.shops import connection
from integrations.shops import settings as shop_settings
from integrations.shops.rule_settings import RulesRefused, save_rules
from integrations.shops.settings import TitleTaken

ADD = "integrations.add_integration"
FROM_NOW, SINCE = "now", "date"


class StartForm(forms.Form):
    """From when on the orders of a new shop are loaded."""

    begin = forms.ChoiceField(choices=[(FROM_NOW, ""), (SINCE, "")])
    since = forms.DateField(
        required=False, error_messages={"invalid": gettext_lazy("Enter a day, such as 2026-11-01.")}
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("begin") == SINCE and not values.get("since") and "since" not in self.errors:
            self.add_error("since", _("Choose the day to load from."))
        return values

    @property
    def day(self) -> date | None:
        return self.cleaned_data["since"] if self.cleaned_data["begin"] == SINCE else None


class ConnectShop(ShopSteps):
    def connect_routes(self) -> Sequence[Route]:
        return [
            ("connect/", self.connect, "connect"),
            ("<int:pk>/first-look/", self.first_look, "first_look"),
            ("<int:pk>/first-load/", self.first_load, "first_load"),
        ]

    @guarded(ADD, methods=("GET", "POST"))
    def connect(self, request: HttpRequest) -> HttpResponse:
        """Its platform first, where there are several; then address and keys, which are tested before they are kept."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        connectors = all_connectors()
        key = request.GET.get("platform", connectors[0].key if len(connectors) == 1 else "")
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Connect a shop"),
            "media": self.media,
            "connectors": connectors,
        }
        try:
            connector = get_connector(key)
        except UnknownPlatform:
            return TemplateResponse(request, "admin/integrations/integration/platforms.html", context)
        if connector.by_files:
            form, shop = self._file_server(request, project, connector)
        else:
            form, shop = self._shop(request, project, connector)
        if shop is not None:
            return HttpResponseRedirect(self.url("change" if connector.by_files else "first_look", shop.pk))
        context |= {"form": form, "connector": connector}
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/integrations/integration/connect.html", context, status=status)

    def _file_server(
        self, request: HttpRequest, project: Project, connector: Connector
    ) -> tuple[forms.Form, Integration | None]:
        """Saved before it is tested: its host key is confirmed on its page."""
        typed = request.POST if request.method == "POST" else None
        form = FileServerForm(typed, initial={"time_zone": project.time_zone})
        if not form.is_valid():
            return form, None
        try:
            shop = shop_settings.connect(project.pk, connector.key, form.settings(), form.credentials())
        except TitleTaken as error:
            form.add_error("title", str(error))
            return form, None
        self._note(request, shop, form.credentials())
        self.tell(request, connection.test_connection(shop))
        return form, shop

    def _shop(
        self, request: HttpRequest, project: Project, connector: Connector
    ) -> tuple[forms.Form, Integration | None]:
        """Tested before it is saved. A test that fails leaves nothing behind."""
        typed = request.POST if request.method == "POST" else None
        form = ConnectForm(typed, connector=connector, project=project, user_id=request.user.pk)
        if not form.is_valid():
            return form, None
        tried = form.integration()
        report = connection.try_out(tried, zone_is_sure=form.zone_is_sure)
        if not report.ok:
            form.refused(report)
            return form, None
        try:
            shop = form.connect(tried, report)
        except TitleTaken as error:
            form.add_error("title", str(error))
            form.keep_secrets()
            return form, None
        connection.keep(shop, report)
        feeds.put_off_load(shop)
        self._note(request, shop, form.credentials())
        self.tell(request, report)
        self._warn_of_twin(request, shop)
        if not taking_over.has_stock(project.pk):
            messages.warning(request, NO_STOCK)
        return form, shop

    def _warn_of_twin(self, request: HttpRequest, shop: Integration) -> None:
        if shop.base_url == shop.connector.default_base_url:
            return
        same = self.get_queryset(request).filter(platform=shop.platform, base_url=shop.base_url).exclude(pk=shop.pk)
        for twin in same[:1]:
            text = _("“%(shop)s” has the same address: orders loaded from both would be here twice.")
            messages.warning(request, text % {"shop": twin})

    def _note(self, request: HttpRequest, shop: Integration, credentials: dict[str, str]) -> None:
        self.log_addition(request, shop, "Connected.")
        note_credentials(request, shop, [key for key, value in credentials.items() if value])

    @guarded(ADD, methods=("GET", "POST"))
    def first_look(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the rules, as saved or as typed, would make of the shop's last orders; nothing is written."""
        shop = self.shop(request, pk)
        if (elsewhere := self._past_it(request, shop)) is not None:
            return elsewhere
        grid = RuleGrid(shop, request.POST if request.method == "POST" else None)
        rows = grid.wanted() if request.method == "POST" else None
        if request.method == "POST" and rows is None:
            return self._first_page(request, shop, grid, None, status=422)
        seen = first_look.look(shop)
        table = first_table(seen, seen.preview(shop, rows[1] if rows else []))
        return self._first_page(request, shop, grid, table)

    @guarded("integrations.load_orders")
    def first_load(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save the rules and load: from now on, or since a day."""
        shop = self.shop(request, pk)
        if (elsewhere := self._past_it(request, shop)) is not None:
            return elsewhere
        grid, start = RuleGrid(shop, request.POST), StartForm(request.POST)
        rows = grid.wanted()
        if rows is None or not start.is_valid():
            return self._first_page(request, shop, grid, None, start=start, status=422)
        filled, wanted = rows
        try:
            since = loading.window_start(shop, true_time.now(), start.day) if start.day else true_time.now()
            changes = save_rules(shop, wanted) if request.user.has_perm("integrations.change_statusrule") else []
            shop_settings.start_from(shop, since)
            loading.request_load(shop, user_id=request.user.pk)
        except RulesRefused as refusal:
            for place, sentence in refusal.problems.items():
                filled[place].add_error(None, sentence)
            return self._first_page(request, shop, grid, None, start=start, status=409)
        except RunRefused as refusal:
            start.add_error("since", str(refusal))
            return self._first_page(request, shop, grid, None, start=start, status=409)
        if changes:
            self.log_change(request, shop, " ".join(changes))
            text = ngettext("%(number)s rule is saved.", "%(number)s rules are saved.", len(changes))
            messages.success(request, text % {"number": len(changes)})
        return HttpResponseRedirect(reverse("admin:orders_order_changelist"))

    def _past_it(self, request: HttpRequest, shop: Integration) -> HttpResponse | None:
        """The shop's own page, where it has been loaded before or there is nothing to load."""
        if shop.complete_until is None and not shop.connector.by_files:
            return None
        if not shop.connector.by_files:
            messages.info(request, _("%(shop)s has been loaded before: its rules are on this page.") % {"shop": shop})
        return HttpResponseRedirect(self.url("change", shop.pk))

    def _first_page(
        self,
        request: HttpRequest,
        shop: Integration,
        grid: RuleGrid,
        table: FirstTable | None,
        *,
        start: StartForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        today = true_time.now().astimezone(shop.zone).date()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("%(shop)s: before the first load") % {"shop": shop},
            "media": self.media,
            "object": shop,
            "tone": HEALTH_TONES[shop.health],
            "connector": shop.connector,
            "rules": grid,
            "may_rule": request.user.has_perm("integrations.change_statusrule"),
            "may_load": request.user.has_perm("integrations.load_orders"),
            "preview": table,
            "start": start or StartForm(initial={"begin": FROM_NOW}),
            "with_date": not shop.project.account.on_trial,
            "today": today,
            "earliest": loading.earliest_date(shop, true_time.now()),
        }
        return TemplateResponse(request, "admin/integrations/integration/first_look.html", context, status=status)
