"""Import Orders in the list of transactions: fetch missing orders, accept their buyers, mark them as cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import post_button
from config.kit.admin.model_admins import Route, TenantAdmin
from config.kit.admin.undo import Undo, say_done
from integrations.access.tenancy import project_of
from integrations.admin.open_project import loadable_shops_of
from integrations.choices import RemoteState, RunKind
from integrations.importing import fetch_missing
from integrations.models import Integration, RemoteOrder, Run
from integrations.review import decisions
from integrations.review.decisions import Reviewed
from integrations.runs.control import RunRefused
from orders.admin import progress

REVIEW = "integrations.review_remoteorder"
BY_ORDER, BY_TIME = "order", "time"
# Where the session keeps what was typed wrongly, for one page.
TYPED = "fetch_typed"
# Refusals told one by one; of more only the number is told.
SHOWN_SENTENCES = 5


class FetchForm(forms.Form):
    """The Import Filters: a platform, a store of that platform, and one order or some hours."""

    platform = forms.CharField(max_length=30)
    store = forms.IntegerField(error_messages={"required": gettext_lazy("Choose the store.")})
    by = forms.ChoiceField(choices=[(BY_ORDER, gettext_lazy("Order ID")), (BY_TIME, gettext_lazy("Time"))])
    order = forms.CharField(required=False, max_length=fetch_missing.LONGEST_ID, strip=True)
    hours = forms.TypedChoiceField(
        required=False, coerce=int, empty_value="", choices=[(hours, f"{hours}h") for hours in fetch_missing.HOURS]
    )

    def __init__(self, *args: Any, shops: Sequence[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shops = {shop.pk: shop for shop in shops}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        shop = self.shops.get(values.get("store", 0))
        if "store" in values and shop is None:
            self.add_error("store", _("There is no such store: choose one of the list."))
        elif shop is not None and shop.platform != values.get("platform"):
            text = _("%(shop)s is a store of %(platform)s: choose that platform, or another store.")
            self.add_error("store", text % {"shop": shop, "platform": shop.connector.label})
        if values.get("by") == BY_ORDER and not values.get("order"):
            self.add_error("order", _("Enter the order's number, or its id in the shop."))
        if values.get("by") == BY_TIME and not values.get("hours"):
            self.add_error("hours", _("Choose how many hours to look back."))
        return values


class ActionForm(helpers.ActionForm):
    """The action bar, with the reason an order is marked as cancel for."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Reason, for “Mark as cancel”"), "size": 28}),
    )


def _request(form: FetchForm, user_id: int | None) -> Run:
    """Raises RunRefused with a sentence."""
    values = form.cleaned_data
    shop = form.shops[values["store"]]
    if values["by"] == BY_ORDER:
        return fetch_missing.request_order(shop, values["order"], user_id=user_id)
    return fetch_missing.request_hours(shop, values["hours"], user_id=user_id)


def _person(request: HttpRequest) -> dict[str, Any]:
    """Who decides, as `reviewing` wants it."""
    return {"actor_id": request.user.pk, "actor": request.user.get_username()}


class ReviewOrders(TenantAdmin[RemoteOrder]):
    """What the list of transactions and the page of a remote order can do about orders that wait for a person."""

    def review_routes(self) -> Sequence[Route]:
        return [
            ("fetch/", self.fetch, "fetch"),
            ("fetch/progress/", self.fetch_progress, "fetch_progress"),
            ("<int:pk>/accept/", self.accept_one, "accept"),
            ("<int:pk>/dismiss/", self.dismiss_one, "dismiss"),
            ("<int:pk>/take-back/", self.take_back_one, "take_back"),
            ("take-back/", self.take_back_several, "take_back_several"),
        ]

    def transactions_context(self, request: HttpRequest) -> dict[str, Any]:
        """What stands above the pending orders: the filters for those who may fetch, and how far fetches are."""
        progress.tell_ended(request, RunKind.IMPORT_ORDERS)
        shops = [shop for shop in loadable_shops_of(request) if shop.enabled]
        platforms = {shop.platform: shop.connector.label for shop in shops}
        return {
            "panel": progress.panel(request, RunKind.IMPORT_ORDERS),
            "may_cancel": request.user.has_perm("integrations.cancel_run"),
            "may_review": request.user.has_perm(REVIEW),
            "typed": request.session.pop(TYPED, {"by": BY_ORDER}),
            "fetch_stores": shops,
            "fetch_platforms": sorted(platforms.items(), key=lambda item: item[1]),
            "fetch_hours": list(fetch_missing.HOURS),
        }

    @guarded(REVIEW)
    def fetch(self, request: HttpRequest) -> HttpResponse:
        """Start fetching what the filters say; after a mistake what was typed stands there again."""
        form = FetchForm(request.POST, shops=[shop for shop in loadable_shops_of(request) if shop.enabled])
        problems = [str(error) for errors in form.errors.values() for error in errors]
        if not problems:
            try:
                progress.remember(request, [_request(form, request.user.pk).pk])
            except RunRefused as refusal:
                problems = [str(refusal)]
        for problem in problems:
            messages.error(request, problem)
        if problems:
            typed = {name: request.POST.get(name, "")[: fetch_missing.LONGEST_ID] for name in form.fields}
            request.session[TYPED] = {name: text.replace("\x00", "") for name, text in typed.items()}
        return self._to_list(RemoteState.PENDING)

    @guarded("integrations.view_run", methods=("GET",))
    def fetch_progress(self, request: HttpRequest) -> HttpResponse:
        """Asked every other second while orders are being fetched."""
        return JsonResponse(progress.as_json(request, RunKind.IMPORT_ORDERS))

    @guarded(REVIEW)
    def accept_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Accept Buyer, from the list or from the order's page, where a blocked buyer can be accepted anyway."""
        remote = self._one(request, pk)
        anyway = request.POST.get("anyway") == "yes"
        results = decisions.accept(remote.project_id, [pk], blocked_too=anyway, **_person(request))
        self._tell(request, results)
        return self._back(request, remote)

    @guarded(REVIEW)
    def dismiss_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mark as Cancel."""
        remote = self._one(request, pk)
        results = decisions.dismiss(remote.project_id, [pk], _reason(request), **_person(request))
        self._tell(request, results, Undo(self.url("take_back", pk), {}))
        return self._back(request, remote)

    @guarded(REVIEW)
    def take_back_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo Mark as Cancel."""
        remote = self._one(request, pk)
        self._tell(request, decisions.take_back(remote.project_id, [pk], **_person(request)))
        return self._back(request, remote)

    @guarded(REVIEW)
    def take_back_several(self, request: HttpRequest) -> HttpResponse:
        """Undo Mark as Cancel for those whose ids are sent."""
        ids = [int(pk) for pk in request.POST.getlist("order") if pk.isdecimal() and len(pk) < 19]
        found = self.get_queryset(request).filter(pk__in=ids[: decisions.MOST_AT_ONCE]).values_list("pk", flat=True)
        self._tell(request, decisions.take_back(_project_id(request), found, **_person(request)))
        return self._to_list(RemoteState.PENDING)

    @guarded_action(REVIEW, description=gettext_lazy("Accept buyer"), limit=decisions.MOST_AT_ONCE)
    def accept_chosen(self, request: HttpRequest, queryset: QuerySet[RemoteOrder]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        self._tell(request, decisions.accept(_project_id(request), ids, **_person(request)))

    @guarded_action(REVIEW, description=gettext_lazy("Mark as cancel"), limit=decisions.MOST_AT_ONCE)
    def dismiss_chosen(self, request: HttpRequest, queryset: QuerySet[RemoteOrder]) -> None:
        ids = queryset.values_list("pk", flat=True)
        results = decisions.dismiss(_project_id(request), ids, _reason(request), **_person(request))
        changed = [result.remote_id for result in results if result.done]
        self._tell(request, results, Undo(self.url("take_back_several"), {"order": changed}))

    @guarded_action(REVIEW, description=gettext_lazy("Take “Mark as cancel” back"), limit=decisions.MOST_AT_ONCE)
    def take_back_chosen(self, request: HttpRequest, queryset: QuerySet[RemoteOrder]) -> None:
        ids = queryset.values_list("pk", flat=True)
        self._tell(request, decisions.take_back(_project_id(request), ids, **_person(request)))

    def decision_buttons(self, remote: RemoteOrder) -> SafeString:
        """What can be done about a row that waits, or was dismissed."""
        if remote.state == RemoteState.DISMISSED:
            return post_button(self.url("take_back", remote.pk), _("Take back"), remote)
        view = format_html(
            '<a class="row-button" href="{}" aria-label="{} {}">{}</a>',
            self.url("change", remote.pk), _("View"), remote, _("View"),
        )  # fmt: skip
        accept = post_button(self.url("accept", remote.pk), _("Accept Buyer"), remote)
        dismiss = post_button(self.url("dismiss", remote.pk), _("Mark as Cancel"), remote)
        return format_html('<span class="row-buttons">{} {} {}</span>', accept, dismiss, view)

    def _one(self, request: HttpRequest, pk: int) -> RemoteOrder:
        remote = self.get_object(request, str(pk))
        if remote is None:
            raise Http404
        return remote

    def _back(self, request: HttpRequest, remote: RemoteOrder) -> HttpResponse:
        """To where the button was: the order's page, or the tab it was in."""
        if request.POST.get("back") == "page":
            return HttpResponseRedirect(self.url("change", remote.pk))
        return self._to_list(RemoteState(remote.state))

    def _to_list(self, state: RemoteState) -> HttpResponse:
        return HttpResponseRedirect(f"{self.url('changelist')}?tab={state.value}")

    @staticmethod
    def _tell(request: HttpRequest, results: Sequence[Reviewed], undo: Undo | None = None) -> None:
        done = [result for result in results if result.done]
        refused = [result for result in results if not result.done]
        if len(done) == 1:
            say_done(request, done[0].sentence, undo)
        elif done:
            say_done(request, _("Done for %(number)s orders.") % {"number": f"{len(done):,}"}, undo)
        for result in refused[:SHOWN_SENTENCES]:
            messages.warning(request, result.sentence)
        if len(refused) > SHOWN_SENTENCES:
            more = len(refused) - SHOWN_SENTENCES
            text = ngettext("%(number)s more stays as it is.", "%(number)s more stay as they are.", more)
            messages.warning(request, text % {"number": f"{more:,}"})


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "")


def _project_id(request: HttpRequest) -> int:
    """The open project; without one no row can have been chosen."""
    project = project_of(request)
    return project.pk if project else 0


def with_template(response: HttpResponse, template: str) -> HttpResponse:
    """The same list in another dress; redirects stay as they are."""
    if isinstance(response, TemplateResponse) and not response.is_rendered:
        response.template_name = template
    return response
