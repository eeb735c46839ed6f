"""What can be done on a shop's page: test, save the rules, set and start feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.admin.rule_grid import RuleGrid
from integrations.admin.rule_preview import preview_table
from integrations.choices import AfterImport, RunKind
from integrations.connectors.contract import ConnectionReport
from integrations.importing import feeds
from integrations.importing.preview import DAYS, preview
from integrations.models import Feed, Integration
from integrations.runs import control
from integrations.runs.control import RunRefused
from integrations.shop_webhooks import registration
from integrations.shops import connection, settings
from integrations.shops.rule_settings import RulesRefused, save_rules
from orders.choices import Part

CHANGE = "integrations.change_integration"
LONGEST_INTERVAL = 7 * 24 * 60


class FeedForm(forms.Form):
    enabled = forms.BooleanField(required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("Every … minutes"),
        min_value=feeds.SHORTEST_MINUTES,
        max_value=LONGEST_INTERVAL,
        error_messages={
            "invalid": gettext_lazy("Enter how many minutes lie between two runs, e.g. 15."),
            "required": gettext_lazy("Enter how many minutes lie between two runs, e.g. 15."),
        },
    )


class AfterForm(forms.Form):
    after_import = forms.ChoiceField(choices=AfterImport.choices)
    hold_gone = forms.BooleanField(required=False)


class OursForm(forms.Form):
    parts = forms.MultipleChoiceField(required=False, choices=Part.choices)


class ShopSteps(PageAdmin[Integration]):
    def steps(self) -> Sequence[Route]:
        return [
            ("<int:pk>/test/", self.test, "test"),
            ("<int:pk>/rules/", self.rules, "rules"),
            ("<int:pk>/rules/preview/", self.preview, "preview"),
            ("<int:pk>/read/", self.read, "read"),
            ("<int:pk>/webhooks/", self.register_webhooks, "webhooks"),
            ("<int:pk>/after/", self.after, "after"),
            ("<int:pk>/ours/", self.ours, "ours"),
            ("<int:pk>/feeds/<int:feed_id>/", self.set_feed, "feed"),
            ("<int:pk>/feeds/<int:feed_id>/start/", self.start_feed, "start_feed"),
        ]

    def shop(self, request: HttpRequest, pk: int) -> Integration:
        shop: Integration | None = self.get_object(request, str(pk))
        if shop is None:
            raise Http404
        return shop

    def back(self, shop: Integration, part: str) -> HttpResponse:
        return HttpResponseRedirect(f"{self.url('change', shop.pk)}#{part}")

    def tell(self, request: HttpRequest, report: ConnectionReport) -> None:
        """The answer of a connection test, as messages."""
        messages.add_message(request, messages.SUCCESS if report.ok else messages.ERROR, report.summary)
        for hint in report.hints:
            messages.info(request, hint)

    @guarded(CHANGE)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test the connection: ask the shop whether address and credentials work."""
        shop = self.shop(request, pk)
        self.tell(request, connection.test_connection(shop))
        return self.back(shop, "connection")

    @guarded(CHANGE)
    def ours(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose the parts of an order that stay as they were edited here when it is synchronized."""
        shop = self.shop(request, pk)
        form = OursForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("There is no such part of an order: choose from the list."))
        elif settings.set_ours(shop, form.cleaned_data["parts"]):
            kept = ", ".join(str(Part(part).label) for part in shop.ours_wins) or "none"
            self.log_change(request, shop, f"Kept as edited here: {kept}.")
            messages.success(request, _("The settings are saved."))
        else:
            messages.info(request, _("Nothing was changed."))
        return self.back(shop, "ours")

    @guarded(CHANGE)
    def after(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose what newer versions of a shop do to orders that are here already."""
        shop = self.shop(request, pk)
        form = AfterForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("There is no such choice: choose from the list."))
        elif settings.set_after(shop, form.cleaned_data["after_import"], hold_gone=form.cleaned_data["hold_gone"]):
            kept = "; orders that are gone are put on hold" if shop.hold_gone else ""
            self.log_change(request, shop, f"After the import: {shop.get_after_import_display()}{kept}.")
            messages.success(request, _("The settings are saved."))
        else:
            messages.info(request, _("Nothing was changed."))
        return self.back(shop, "after")

    @guarded("integrations.change_statusrule")
    def rules(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save the order import settings, all rows at once."""
        shop = self.shop(request, pk)
        grid = RuleGrid(shop, request.POST)
        rows = grid.wanted()
        if rows is None:
            return self.render_page(request, shop, status=422, rules=grid)
        filled, wanted = rows
        try:
            changes = save_rules(shop, wanted)
        except RulesRefused as refusal:
            for place, sentence in refusal.problems.items():
                filled[place].add_error(None, sentence)
            return self.render_page(request, shop, status=409, rules=grid)
        if changes:
            self.log_change(request, shop, " ".join(changes))
            text = ngettext("%(number)s rule is saved.", "%(number)s rules are saved.", len(changes))
            messages.success(request, text % {"number": len(changes)} + " " + _("They act on new orders only."))
        else:
            messages.info(request, _("Nothing was changed."))
        return self.back(shop, "rules")

    @guarded("integrations.change_statusrule")
    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what the rules as typed would have done to the last days' orders; nothing is saved."""
        shop = self.shop(request, pk)
        grid = RuleGrid(shop, request.POST)
        rows = grid.wanted()
        if rows is None:
            return self.render_page(request, shop, status=422, rules=grid)
        days = DAYS[-1] if request.POST.get("days") == str(DAYS[-1]) else DAYS[0]
        return self.render_page(request, shop, rules=grid, preview=preview_table(preview(shop, rows[1], days)))

    @guarded(CHANGE)
    def read(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the shop's products or its lists, now."""
        shop = self.shop(request, pk)
        kind = request.POST.get("kind", "")
        if kind not in {RunKind.PRODUCTS, RunKind.CODE_LISTS}:
            raise Http404
        try:
            run = control.request(RunKind(kind), shop, user_id=request.user.pk)
        except RunRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("%(run)s has started.") % {"run": run})
        return self.back(shop, "feeds")

    @guarded(CHANGE)
    def register_webhooks(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the shop tell us of its orders."""
        shop = self.shop(request, pk)
        registered = registration.register(shop, sure=request.POST.get("sure") == "on")
        refused = messages.INFO if registered.by_hand else messages.ERROR
        messages.add_message(request, messages.SUCCESS if registered.ok else refused, registered.summary)
        return self.back(shop, "webhooks")

    def _feed(self, shop: Integration, feed_id: int) -> Feed:
        feed = Feed.objects.filter(integration=shop, pk=feed_id).first()
        if feed is None:
            raise Http404
        feed.integration = shop
        return feed

    @guarded("integrations.change_feed")
    def set_feed(self, request: HttpRequest, pk: int, feed_id: int) -> HttpResponse:
        """Switch a feed on or off and set its interval."""
        shop = self.shop(request, pk)
        feed = self._feed(shop, feed_id)
        form = FeedForm(request.POST)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, f"{feed.get_kind_display()}: {' '.join(map(str, errors))}")
            return self.back(shop, "feeds")
        enabled, minutes = form.cleaned_data["enabled"], form.cleaned_data["minutes"]
        if feeds.set_feed(feed, enabled=enabled, interval=timedelta(minutes=minutes)):
            said = _("on, every %(minutes)s minutes") % {"minutes": minutes} if enabled else _("off")
            self.log_change(request, shop, f"Feed “{feed.get_kind_display()}”: {said}.")
            messages.success(request, _("%(feed)s: %(said)s.") % {"feed": feed.get_kind_display(), "said": said})
        else:
            messages.info(request, _("Nothing was changed."))
        return self.back(shop, "feeds")

    @guarded("integrations.change_feed")
    def start_feed(self, request: HttpRequest, pk: int, feed_id: int) -> HttpResponse:
        """Run a feed now, whatever its interval."""
        shop = self.shop(request, pk)
        feed = self._feed(shop, feed_id)
        try:
            run = feeds.start(feed, user_id=request.user.pk)
        except RunRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("%(run)s has started.") % {"run": run})
        return self.back(shop, "feeds")
