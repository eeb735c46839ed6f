"""“Load new orders” above the orders list: the dialog, the start, the progress, the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.kit import true_time
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route, TenantAdmin
from integrations.access.tenancy import project_of
from integrations.admin.open_project import loadable_shops_of, open_runs_of
from integrations.choices import ImportAction, RunKind
from integrations.importing import load as loading
from integrations.models import Integration, StatusRule
from integrations.runs.control import RunRefused
from orders.admin import progress
from orders.models import Order

ALL_SHOPS = "all"
# The runs whose progress the orders page shows.
WATCHED = (RunKind.LOAD, RunKind.SYNCHRONIZE)


class LoadForm(forms.Form):
    """What the dialog sends. The services check dates and plan once more, whoever asks."""

    shop = forms.CharField(max_length=20)
    from_date = forms.BooleanField(required=False)
    date_from = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("from_date") and not values.get("date_from") and "date_from" not in self.errors:
            self.add_error("date_from", _("Choose the day to load from, or untick the box."))
        return values

    @property
    def day(self) -> date | None:
        return self.cleaned_data["date_from"] if self.cleaned_data["from_date"] else None


class LoadOrders(TenantAdmin[Order]):
    def loading_routes(self) -> Sequence[Route]:
        return [("load/", self.load, "load"), ("load/progress/", self.load_progress, "load_progress")]

    @guarded("integrations.load_orders")
    def load(self, request: HttpRequest) -> HttpResponse:
        """Start a load for each chosen shop, or say why not."""
        back = HttpResponseRedirect(self.url("changelist"))
        form = LoadForm(request.POST)
        if not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, " ".join(map(str, errors)))
            return back
        wanted = form.cleaned_data["shop"]
        known = loadable_shops_of(request)
        shops = [shop for shop in known if wanted == str(shop.pk) or (wanted == ALL_SHOPS and shop.enabled)]
        if not shops:
            messages.error(request, _("There is no such shop to load from: choose one of the list."))
        refusals = dict[str, None]()
        for shop, day in _days(shops, form.day, loading.days_offered(known, true_time.now())):
            try:
                run = loading.request_load(shop, user_id=request.user.pk, date_from=day)
            except RunRefused as refusal:
                refusals[str(refusal)] = None
            else:
                progress.remember(request, [run.pk])
        for said in refusals:  # the same of several shops once
            messages.error(request, said)
        return back

    @guarded("integrations.view_run", methods=("GET",))
    def load_progress(self, request: HttpRequest) -> HttpResponse:
        """Asked every other second by the orders page while loads are open."""
        return JsonResponse(progress.as_json(request, *WATCHED))

    def loading_context(self, request: HttpRequest) -> dict[str, Any]:
        """The panel while a load is open, else the button and its dialog for those who may."""
        progress.tell_ended(request, *WATCHED)
        loading_now = bool(open_runs_of(request, RunKind.LOAD))
        may_load = request.user.has_perm("integrations.load_orders")
        return {
            "panel": progress.panel(request, *WATCHED),
            "may_cancel": request.user.has_perm("integrations.cancel_run"),
            "load_dialog": _dialog(request) if may_load and not loading_now else None,
        }


def _days(
    shops: list[Integration], day: date | None, offered: tuple[date, date] | None
) -> Iterator[tuple[Integration, date | None]]:
    """Each shop with the day it is loaded from; a day of the dialog is good for all of them."""
    in_dialog = day is not None and offered is not None and offered[0] <= day <= offered[1]
    for shop in shops:
        yield shop, loading.nearest_date(shop, day, true_time.now()) if day is not None and in_dialog else day


def _dialog(request: HttpRequest) -> dict[str, Any] | None:
    project = project_of(request)
    shops = [shop for shop in loadable_shops_of(request) if shop.enabled]
    if project is None:
        return None
    return {
        "shops": shops,
        "first_load": any(shop.complete_until is None for shop in shops),
        "with_date": not project.account.on_trial,
        "days": loading.days_offered(shops, true_time.now()),
        "outlook": _outlook(shops),
    }


def _outlook(shops: list[Integration]) -> list[dict[str, Any]]:
    """Per shop: what else imports by itself, and what the rules will make of the orders."""
    rules: dict[int, list[StatusRule]] = {shop.pk: [] for shop in shops}
    for rule in StatusRule.objects.filter(integration__in=shops):
        rules[rule.integration_id].append(rule)
    titles = {shop.pk: shop.title for shop in shops}
    return [
        {
            "shop": shop,
            "every": _every(shop.loads_every),  # type: ignore[attr-defined]
            "into": titles.get(shop.into_shop_id or 0, ""),
            "brings": [other.title for other in shops if other.into_shop_id == shop.pk],
            "rules": _in_short(rules[shop.pk]),
        }
        for shop in shops
    ]


def _every(interval: timedelta | None) -> str:
    if interval is None:
        return ""
    minutes = max(1, round(interval.total_seconds() / 60))
    if minutes % 60:
        return ngettext("every minute", "every %(number)s minutes", minutes) % {"number": minutes}
    return ngettext("every hour", "every %(number)s hours", minutes // 60) % {"number": minutes // 60}


def _in_short(rules: list[StatusRule]) -> list[tuple[str, str]]:
    """(what happens, to which statuses), the imports first."""
    order = Counter({action: -place for place, action in enumerate([*ImportAction.values[1:], ImportAction.SKIP])})
    groups: dict[str, list[str]] = {}
    for rule in sorted(rules, key=lambda rule: (-order[rule.action], rule.pk)):
        groups.setdefault(rule.get_action_display(), []).append(rule.label or rule.status)
    return [(action, ", ".join(labels)) for action, labels in groups.items()]
