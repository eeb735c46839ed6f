"""Earning rules: what customers get points for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit import true_time
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge, link
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.money import money
from integrations.access.tenancy import project_of
from orders.choices import EarningTrigger
from orders.models import EarningRule, PointsMovement, Segment
from orders.points import earning_rules
from orders.points.earning_rules import EarningRuleWish
from orders.points.movements import PointsRefused

ADD, CHANGE = "orders.add_earningrule", "orders.change_earningrule"
MOVEMENTS_SHOWN = 20
TIME = "%Y-%m-%dT%H:%M"


def moment(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=TIME)
    return forms.DateTimeField(label=label, help_text=help_text, required=False, widget=widget, input_formats=[TIME])


class RuleForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=earning_rules.LONGEST_NAME)
    trigger = forms.ChoiceField(
        label=gettext_lazy("Points for"),
        choices=EarningTrigger.choices,
        help_text=gettext_lazy("Orders: new ones only. Orders that were imported as history earn nothing."),
    )
    segment = forms.ModelChoiceField(
        label=gettext_lazy("Segment"),
        queryset=Segment.objects.none(),
        required=False,
        help_text=gettext_lazy("For entering a segment. Who belongs to it already has entered before."),
    )
    points = forms.IntegerField(label=gettext_lazy("Points"))
    per_amount = forms.DecimalField(
        label=gettext_lazy("For each full amount of"),
        max_digits=14,
        decimal_places=4,
        required=False,
        help_text=gettext_lazy("For orders, in the project's currency. Empty: the same points for every order."),
    )
    starts_at = moment(gettext_lazy("From"), gettext_lazy("Empty: from now on."))
    ends_at = moment(gettext_lazy("Until"), gettext_lazy("Empty: for ever."))
    enabled = forms.BooleanField(label=gettext_lazy("On"), required=False, initial=True)

    def __init__(self, request: HttpRequest, rule: EarningRule | None = None) -> None:
        initial = {} if rule is None else {name: getattr(rule, name) for name in self.base_fields}
        if initial.get("per_amount") is not None:
            initial["per_amount"] = f"{initial['per_amount'].normalize():f}"
        super().__init__(request.POST if request.method == "POST" else None, initial=initial)
        chosen: Any = self.fields["segment"]
        chosen.queryset = Segment.objects.filter(project=project_of(request), deleted_at=None).order_by("name")
        if rule is not None:
            self.fields["trigger"].disabled = True

    @property
    def wish(self) -> EarningRuleWish:
        values = dict(self.cleaned_data)
        segment = values.pop("segment")
        values["trigger"] = EarningTrigger(values["trigger"])
        return EarningRuleWish(segment_id=segment.pk if segment else None, **values)


@admin.register(EarningRule)
class EarningRuleAdmin(PageAdmin[EarningRule]):
    list_display = ("name", "earned_by", "gives", "active", "changed")
    list_select_related = ("segment", "project")
    sorted_by_index = frozenset({"name"})
    ordering = ("name",)
    page_template = "admin/orders/earningrule/page.html"
    empty_sentence = gettext_lazy("No earning rules here. Add one, and customers get points for orders or segments.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("new/", self.create, "create"), ("<int:pk>/edit/", self.edit, "edit")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[EarningRule]:
        return super().get_queryset(request).select_related("segment", "project")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = [(_("Add earning rule"), self.url("create"))] if request.user.has_perm(ADD) else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    @admin.display(description=gettext_lazy("points for"))
    def earned_by(self, rule: EarningRule) -> str:
        return f"{rule.get_trigger_display()}: {rule.segment}" if rule.segment_id else rule.get_trigger_display()

    @admin.display(description=gettext_lazy("gives"))
    def gives(self, rule: EarningRule) -> str:
        return gives(rule)

    @admin.display(description=gettext_lazy("state"))
    def active(self, rule: EarningRule) -> str:
        return state(rule)

    @admin.display(description=gettext_lazy("changed"))
    def changed(self, rule: EarningRule) -> Any:
        return rule.updated_at

    def page_context(self, request: HttpRequest, obj: EarningRule) -> dict[str, Any]:
        movements = PointsMovement.objects.filter(project=obj.project_id, rule=obj).select_related("customer", "order")
        segment = link("orders_segment", obj.segment_id, obj.segment) if obj.segment_id else ""
        return {
            "gives": gives(obj),
            "state": state(obj),
            "segment": segment,
            "movements": movements.order_by("-pk")[:MOVEMENTS_SHOWN],
            "may_change": request.user.has_perm(CHANGE),
        }

    @guarded(ADD, methods=("GET", "POST"))
    def create(self, request: HttpRequest) -> HttpResponse:
        """A new rule."""
        return self._form(request, None)

    @guarded(CHANGE, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """All of it but what it is for."""
        rule: EarningRule | None = self.get_object(request, str(pk))
        if rule is None:
            raise Http404
        return self._form(request, rule)

    def _form(self, request: HttpRequest, rule: EarningRule | None) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = RuleForm(request, rule)
        if form.is_valid():
            try:
                saved = (
                    earning_rules.change(rule.pk, form.wish) if rule else earning_rules.create(project.pk, form.wish)
                )
            except PointsRefused as refusal:
                form.add_error(refusal.field, str(refusal))
            else:
                log = self.log_change if rule else self.log_addition
                log(request, saved, f"“{saved.name}” gives {gives(saved)}; {'on' if saved.enabled else 'off'}.")
                messages.success(request, _("The rule is saved. It acts on what happens from now on."))
                return HttpResponseRedirect(self.url("change", saved.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change earning rule") if rule else _("Add earning rule"),
            "form": form,
            "rule": rule,
            "media": self.media,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/orders/earningrule/form.html", context, status=status)


def gives(rule: EarningRule) -> str:
    """“10 points”, “10 points for each €5.00”."""
    if rule.per_amount is None:
        return ngettext("%(points)s point", "%(points)s points", rule.points) % {"points": f"{rule.points:,}"}
    amount = money(rule.per_amount, rule.project.currency)
    text = ngettext("%(points)s point for each %(amount)s", "%(points)s points for each %(amount)s", rule.points)
    return text % {"points": f"{rule.points:,}", "amount": amount}


def state(rule: EarningRule) -> str:
    now = true_time.now()
    if not rule.enabled:
        return badge(_("Off"))
    if rule.starts_at and rule.starts_at > now:
        return badge(_("Not begun"), "info")
    return badge(_("Over"), "warn") if rule.ends_at and rule.ends_at <= now else badge(_("On"), "good")
