"""Erasure requests: who is to be forgotten, what is held about them, the confirmation, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from integrations.admin.open_project import shops_of
from integrations.erasing import confirming
from integrations.erasing.confirming import ErasureRefused, HeldRows
from integrations.erasing.holdings import PLACES
from integrations.models import ErasureRequest
from integrations.shop_webhooks import erasures
from orders.models import Customer

ERASE = "integrations.erase_person"
TITLES = {place.key: place.title for place in PLACES} | {"mentions": gettext_lazy("Texts that quoted the address")}


class AskForm(forms.Form):
    """Either an e-mail address, or what one shop calls the buyer."""

    email = forms.CharField(label=gettext_lazy("E-mail address"), max_length=254, required=False)
    shop = forms.ChoiceField(label=gettext_lazy("or a buyer of"), required=False)
    name = forms.CharField(
        label=gettext_lazy("by their name or number there"), max_length=100, required=False, strip=True
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        shops = [("", "–"), *((str(shop.pk), shop.title) for shop in shops_of(request))]
        self.fields["shop"].choices = shops  # type: ignore[attr-defined]


@admin.register(ErasureRequest)
class ErasureAdmin(PageAdmin[ErasureRequest]):
    list_display = ("person_shown", "shop", "told_at", "state", "by")
    list_select_related = ("run",)
    ordering = ("-id",)
    change_list_template = "admin/integrations/erasurerequest/change_list.html"
    page_template = "admin/integrations/erasurerequest/page.html"
    empty_sentence = gettext_lazy("Nobody has asked to be forgotten.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("ask/", self.ask, "ask"),
            ("customer/<int:pk>/", self.ask_customer, "customer"),
            ("<int:pk>/erase/", self.erase, "erase"),
            ("<int:pk>/settle/", self.settle, "settle"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ErasureRequest]:
        named = {"shop_title": F("integration__title"), "done_by_name": F("done_by__username")}
        return super().get_queryset(request).select_related("project", "run", "asked_by").annotate(**named)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = AskForm(request) if request.user.has_perm(ERASE) else None
        return super().changelist_view(request, {"ask_form": form, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: ErasureRequest) -> dict[str, Any]:
        may, waits = request.user.has_perm(ERASE), obj.done_at is None and obj.confirmed_at is None
        look = confirming.look(obj) if waits and may else None
        return {
            "look": look,
            "erased": [_shown(held) for held in look.erased if held.count] if look else [],
            "stays": [_shown(held) for held in look.stays if held.count] if look else [],
            "orders": erasures.orders_of(obj) if waits and obj.integration_id and not may else [],
            "most": erasures.MOST_ORDERS,
            "report": [(TITLES.get(key, key), count) for key, count in obj.report.items()],
            "may_erase": may and obj.done_at is None and not (obj.run and obj.run.is_open),
            "may_settle": waits and request.user.has_perm("integrations.settle_erasurerequest"),
        }

    @guarded(ERASE)
    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask for a person to be erased; what is held is shown first."""
        form = AskForm(request, request.POST)
        shop = next((each for each in shops_of(request) if str(each.pk) == request.POST.get("shop")), None)
        if form.is_valid() and shop is not None and not form.cleaned_data["email"]:
            return self._asked(request, shop=shop, name=form.cleaned_data["name"])
        return self._asked(request, email=request.POST.get("email", ""))

    @guarded(ERASE)
    def ask_customer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same for a customer, from their page."""
        customer = Customer.objects.filter(pk=pk, project=project_of(request)).first()
        if customer is None:
            raise Http404
        return self._asked(request, customer=customer)

    def _asked(self, request: HttpRequest, **whom: Any) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise Http404
        try:
            how = confirming.ask_by_name if "shop" in whom else confirming.ask
            asked = how(project, user_id=request.user.pk or 0, **whom)
        except ErasureRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.url("changelist"))
        return HttpResponseRedirect(self.url("change", asked.pk))

    @guarded(ERASE)
    def erase(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erase what the page has shown."""
        if self.get_object(request, str(pk)) is None:
            raise Http404
        if request.POST.get("sure") != "on":
            messages.error(request, _("Nothing was erased: tick that you are sure first."))
            return HttpResponseRedirect(self.url("change", pk))
        try:
            confirming.confirm(pk, user_id=request.user.pk or 0, forced=request.POST.get("forced") == "on")
        except ErasureRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The person is being erased: this page tells when it is done."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("integrations.settle_erasurerequest")
    def settle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark as done without erasing anything here."""
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        if found.confirmed_at is not None and found.done_at is None:
            messages.error(request, _("The person is being erased at this moment: it marks itself as done."))
        elif erasures.settle(ErasureRequest.objects.filter(pk=pk, confirmed_at=None), request.user.pk or 0):
            messages.success(request, _("Marked as done. The name is forgotten here, too."))
        else:
            messages.info(request, _("It was marked as done already."))
        return HttpResponseRedirect(self.url("changelist"))

    @admin.display(description=gettext_lazy("person"))
    def person_shown(self, asked: ErasureRequest) -> str:
        return _("forgotten") if asked.done_at else str(asked)

    @admin.display(description=gettext_lazy("shop"))
    def shop(self, asked: ErasureRequest) -> str:
        title: str | None = asked.shop_title  # type: ignore[attr-defined]
        return title or (_("asked here") if asked.asked_by_id else _("a partner, by the API"))

    @admin.display(description=gettext_lazy("state"))
    def state(self, asked: ErasureRequest) -> str:
        if asked.done_at is not None:
            return badge(_("Done"), "good")
        return badge(_("Under way"), "info") if asked.confirmed_at else badge(_("Open"), "warn")

    @admin.display(description=gettext_lazy("by"))
    def by(self, asked: ErasureRequest) -> str:
        name: str | None = asked.done_by_name  # type: ignore[attr-defined]
        return name or "–"


def _shown(held: HeldRows) -> dict[str, Any]:
    page = held.place.page
    links = [(reverse(f"admin:{page}_change", args=[pk]), name) for pk, name in held.first] if page else []
    return {"place": held.place, "count": held.count, "links": links, "more": held.count - len(links) if links else 0}
