"""Routing rules: from which warehouse orders are served, changed all at once and tried on existing orders before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from integrations.admin.open_project import shops_of, warehouses_of
from integrations.models import Integration
from orders.intake import routing_rules
from orders.intake.routing_rules import (
    MOST_RULES,
    MOST_TRIED,
    TRIED_DAYS,
    RoutingRefused,
    RoutingTrial,
    RoutingWish,
    parts,
)
from orders.models import RoutingRule
from stock.warehouses import Warehouses

CHANGE = "orders.change_routingrule"
BY_STOCK = "stock"
EVERYTHING = gettext_lazy("First by priority that has everything")


class RoutingRuleForm(forms.Form):
    """One rule. A row without a warehouse and without conditions is left out."""

    position = forms.IntegerField(label=gettext_lazy("Turn"), min_value=1, max_value=999)
    target = forms.ChoiceField(label=gettext_lazy("Served from"), required=False)
    integration = forms.ChoiceField(label=gettext_lazy("Shop"), required=False)
    countries = forms.CharField(
        label=gettext_lazy("Countries"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Two letters each: CZ, SK."),
    )
    postcodes = forms.CharField(
        label=gettext_lazy("Postcode begins with"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("For example 6, 75."),
    )
    shipping = forms.CharField(
        label=gettext_lazy("Shipping method"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Code or title; * stands for any text: DHL*."),
    )
    currency = forms.RegexField(
        "^[A-Za-z]{3}$",
        label=gettext_lazy("Currency"),
        required=False,
        help_text=gettext_lazy("Three letters, e.g. EUR."),
        error_messages={"invalid": gettext_lazy("Enter the currency as three letters, e.g. EUR.")},
    )
    total_from = forms.DecimalField(
        label=gettext_lazy("Total from"), required=False, min_value=0, max_digits=14, decimal_places=4
    )
    total_to = forms.DecimalField(
        label=gettext_lazy("Total to"), required=False, min_value=0, max_digits=14, decimal_places=4
    )
    sku_prefix = forms.CharField(label=gettext_lazy("A SKU begins with"), required=False, max_length=100)

    def __init__(self, request: HttpRequest, number: int, data: QueryDict | None, wish: RoutingWish | None) -> None:
        super().__init__(data, prefix=f"rule-{number}", initial=_initial(wish) | {"position": number + 1})
        targets: Any = self.fields["target"]
        rows = [(str(row.pk), row.name) for row in warehouses_of(request).active]
        targets.choices = [("", _("– left out –")), *rows, (BY_STOCK, EVERYTHING)]
        shops: Any = self.fields["integration"]
        shops.choices = [("", _("Any")), *((str(shop.pk), shop.title) for shop in shops_of(request))]

    @property
    def is_empty(self) -> bool:
        return not any(value for name, value in self.cleaned_data.items() if name != "position")

    def clean_countries(self) -> str:
        countries = [part.upper() for part in parts(self.cleaned_data["countries"])]
        if any(len(each) != 2 or not each.isascii() or not each.isalpha() for each in countries):
            raise forms.ValidationError(_("Enter countries as two letters with commas between: CZ, SK."))
        return ", ".join(countries)

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not values.get("target") and any(value for name, value in values.items() if name != "position"):
            self.add_error("target", _("Choose a warehouse, or empty the conditions to leave the rule out."))
        lowest, highest = values.get("total_from"), values.get("total_to")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("total_to", _("This is less than where it begins: enter a higher total."))
        return values

    @property
    def wish(self) -> RoutingWish:
        values = {name: value for name, value in self.cleaned_data.items() if name != "position"}
        target, shop = values.pop("target"), values.pop("integration")
        return RoutingWish(
            warehouse_id=None if target == BY_STOCK else int(target),
            integration_id=int(shop) if shop else None,
            **values,
        )


def _initial(wish: RoutingWish | None) -> dict[str, Any]:
    if wish is None:
        return {}
    values = {name: getattr(wish, name) for name in RoutingWish.__dataclass_fields__}
    for name in ("total_from", "total_to"):
        if values[name] is not None:
            values[name] = f"{values[name].normalize():f}"
    values["target"] = BY_STOCK if wish.warehouse_id is None else str(wish.warehouse_id)
    values["integration"] = str(wish.integration_id or "")
    return values


class RoutingTable:
    """The rules of the open project as forms, unbound to show them or bound to what was posted."""

    def __init__(self, request: HttpRequest, wishes: Sequence[RoutingWish]) -> None:
        sent = request.POST if request.method == "POST" else None
        count = len(wishes) + 1
        if sent is not None:
            typed = sent.get("rows", "")
            count = int(typed) if typed.isdecimal() and len(typed) < 4 else 0
        saved = dict(enumerate(wishes))
        numbers = range(min(count, MOST_RULES + 1))
        self.forms = [RoutingRuleForm(request, number, sent, saved.get(number)) for number in numbers]
        self.full = len(self.forms) > MOST_RULES

    def more(self, request: HttpRequest) -> None:
        """Another empty row below what was posted."""
        if not self.full:
            self.forms.append(RoutingRuleForm(request, len(self.forms), None, None))

    def wishes(self) -> list[RoutingWish] | None:
        """The rules in the order of their turns; None when one of them is not possible."""
        valid = [form.is_valid() for form in self.forms]  # all of them, so that every row says what is wrong
        if not all(valid):
            return None
        filled = [form for form in self.forms if not form.is_empty]
        return [form.wish for form in sorted(filled, key=lambda form: int(form.cleaned_data["position"]))]


@dataclass(frozen=True)
class TriedRow:
    warehouse: str
    now: str
    then: str


@admin.register(RoutingRule)
class RoutingRuleAdmin(PageAdmin[RoutingRule]):
    list_display = ("turn", "target", "conditions")
    list_display_links = None
    ordering = ("position",)
    page_template = ""
    empty_sentence = gettext_lazy("No routing rules here: every new order is served from the default warehouse.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("edit/", self.edit, "edit")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoutingRule]:
        shop = Integration.objects.filter(pk=OuterRef("integration_id"))
        return (
            super()
            .get_queryset(request)
            .select_related("warehouse")
            .annotate(shop_title=Subquery(shop.values("title")[:1]))
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_change = request.user.has_perm(CHANGE) and warehouses_of(request).several
        tools = [(_("Change routing rules"), self.url("edit"))] if may_change else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A rule has no page of its own: the list shows all of it."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if self.get_object(request, object_id) is None:
            return self.missing(request, object_id)
        return HttpResponseRedirect(self.url("changelist"))

    @admin.display(description=gettext_lazy("turn"))
    def turn(self, rule: RoutingRule) -> int:
        return rule.position

    @admin.display(description=gettext_lazy("served from"))
    def target(self, rule: RoutingRule) -> str:
        return rule.warehouse.name if rule.warehouse else str(EVERYTHING)

    @admin.display(description=gettext_lazy("orders"))
    def conditions(self, rule: RoutingRule) -> str:
        return described(rule)

    @guarded(CHANGE, methods=("GET", "POST"))
    def edit(self, request: HttpRequest) -> HttpResponse:
        """All rules at once: saved, or tried on existing orders, or a row more."""
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        saved, seen = routing_rules.saved(project.pk)
        table = RoutingTable(request, saved)
        if request.method != "POST":
            return self._page(request, table, seen)
        seen = request.POST.get("seen", "")
        if "more" in request.POST:
            table.more(request)
            return self._page(request, table, seen)
        wishes = table.wishes()
        if wishes is None:
            return self._page(request, table, seen, status=422)
        if "try" in request.POST:
            here = warehouses_of(request)
            return self._page(request, table, seen, tried=_tried(here, routing_rules.try_on(project.pk, here, wishes)))
        try:
            routing_rules.save(project.pk, wishes, seen)
        except RoutingRefused as refusal:
            return self._page(request, table, seen, status=422, refusal=str(refusal))
        count = len(wishes)
        self.log_change(request, project, f"Routing rules saved: {count}.")  # type: ignore[arg-type]
        messages.success(request, _("The routing rules are saved. They act on orders that come from now on."))
        return HttpResponseRedirect(self.url("changelist"))

    def _page(
        self, request: HttpRequest, table: RoutingTable, seen: str, status: int = 200, **extra: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change routing rules"),
            "table": table,
            "seen": seen,
            "media": self.media,
            "default": warehouses_of(request).name(warehouses_of(request).default),
            **extra,
        }
        return TemplateResponse(request, "admin/orders/routingrule/edit.html", context, status=status)


def described(rule: RoutingRule) -> str:
    """Its conditions in words; `rule` as the list reads it."""
    shop: str | None = rule.shop_title  # type: ignore[attr-defined]
    said = [
        (_("shop"), shop or ""),
        (_("country"), rule.countries),
        (_("postcode"), ", ".join(f"{part}…" for part in parts(rule.postcodes))),
        (_("shipping"), rule.shipping),
        (_("currency"), rule.currency),
        (_("total from"), "" if rule.total_from is None else f"{rule.total_from.normalize():f}"),
        (_("total to"), "" if rule.total_to is None else f"{rule.total_to.normalize():f}"),
        (_("SKU"), f"{rule.sku_prefix}…" if rule.sku_prefix else ""),
    ]
    return "; ".join(f"{name} {value}" for name, value in said if value) or _("all")


def _tried(here: Warehouses, tried: RoutingTrial) -> dict[str, Any]:
    """What the page shows of a try."""
    if not tried.orders:
        return {"sentence": _("No order of the last %(days)s days is here to try the rules on.") % {"days": TRIED_DAYS}}
    looked = ngettext(
        "One order of the last %(days)s days, decided anew from what is available now.",
        "%(number)s orders of the last %(days)s days, decided anew from what is available now.",
        tried.orders,
    ) % {"number": f"{tried.orders:,}", "days": TRIED_DAYS}
    moved = ngettext(
        "%(number)s would have been served from another warehouse.",
        "%(number)s would have been served from another warehouse.",
        tried.elsewhere,
    ) % {"number": f"{tried.elsewhere:,}"}
    cut = _("Only the newest %(most)s are counted.") % {"most": f"{MOST_TRIED:,}"} if tried.cut else ""
    places = [here.place(row.pk) for row in here.rows]
    rows = [
        TriedRow(here.name(place), f"{tried.now.get(place, 0):,}", f"{tried.then.get(place, 0):,}") for place in places
    ]
    return {"sentence": " ".join(filter(None, (looked, moved, cut))), "rows": rows}
