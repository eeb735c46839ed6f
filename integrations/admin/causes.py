"""Items in error by root cause: the cards above the list, the page of a cause, how far fixes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from integrations.admin.cause_cards import Card, card, key_of, trouble
from integrations.admin.cause_filling import fill
from integrations.admin.cause_forms import CauseForm
from integrations.admin.cause_lists import SHOWN, cards
from integrations.admin.fix_progress import fixes_shown, told
from integrations.admin.open_project import shops_of
from integrations.choices import RemoteState
from integrations.models import Integration, RemoteOrder
from integrations.review import causes
from integrations.review.causes import CONNECTION, MOST_CAUSES, RULED, Cause
from integrations.shops import attention

VIEW = "integrations.view_remoteorder"
REVIEW = "integrations.review_remoteorder"
ORDERS_SHOWN = 50


class Causes(PageAdmin[RemoteOrder]):
    def cause_routes(self) -> Sequence[Route]:
        return [
            ("cause/", self.cause, "cause"),
            ("causes/", self.all_causes, "causes"),
            ("fixes/", self.fixes, "fixes"),
        ]

    def causes_context(self, request: HttpRequest, state: RemoteState, most: int = SHOWN) -> dict[str, Any]:
        """The cards of a tab."""
        project = project_of(request)
        if project is None:
            return {}
        shown, more = cards(project.pk, shops_of(request), state, request.user, most)
        return {"cards": shown, "more_causes": more, **self._fixes(request, project.pk)}

    def _fixes(self, request: HttpRequest, project_id: int) -> dict[str, Any]:
        return {"fixes": fixes_shown(project_id), "may_review": request.user.has_perm(REVIEW)}

    def _cause(self, request: HttpRequest) -> tuple[Integration, Cause]:
        """The cause that is meant; another project's is as unknown as none."""
        form = CauseForm(request.POST if request.method == "POST" else request.GET)
        if not form.is_valid():
            raise Http404
        values = form.cleaned_data
        shop = Integration.objects.filter(project=project_of(request), pk=values["shop"]).select_related("project")
        found = shop.first()
        if found is None:
            raise Http404
        return found, Cause(found.pk, values["code"], values["subject"])

    def card_of(self, request: HttpRequest, shop: Integration, cause: Cause) -> Card:
        if cause.code == CONNECTION:
            return trouble(shop, request.user)
        state = RemoteState.IGNORED if cause.code in RULED else RemoteState.FAILED
        samples = causes.samples(shop.project_id, [cause], state)
        shown = card(shop, causes.group_of(shop.project_id, cause, state), samples.get(cause), request.user)
        fill([shown], request.user)
        return shown

    def _page(self, request: HttpRequest, shop: Integration, cause: Cause, **bound: Form) -> HttpResponse:
        shown = self.card_of(request, shop, cause)
        shown.forms |= bound
        orders = causes.orders_of(shop.project_id, cause).defer("payload").order_by("first_seen_at")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": shown.title,
            "card": shown,
            "orders": orders[:ORDERS_SHOWN],
            "more_orders": (shown.group.count if shown.group else 0) > ORDERS_SHOWN,
            **self._fixes(request, shop.project_id),
            "media": self.media,
        }
        template = "admin/integrations/remoteorder/cause.html"
        return TemplateResponse(request, template, context, status=422 if bound else 200)

    @guarded(VIEW, methods=("GET",))
    def cause(self, request: HttpRequest) -> HttpResponse:
        """One cause, its orders and the form that puts it right."""
        return self._page(request, *self._cause(request))

    @guarded(VIEW, methods=("GET",))
    def all_causes(self, request: HttpRequest) -> HttpResponse:
        """Every cause of what is in error, where there are more than fit above the list."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("All causes"),
            "media": self.media,
            **self.causes_context(request, RemoteState.FAILED, MOST_CAUSES),
        }
        return TemplateResponse(request, "admin/integrations/remoteorder/causes.html", context)

    @guarded(VIEW, methods=("GET",))
    def fixes(self, request: HttpRequest) -> HttpResponse:
        """How far the latest fixes are, for the page that shows them."""
        project = project_of(request)
        if project is None:
            raise Http404
        left = {key_of(group.cause): group.count for group in causes.groups(project.pk)}
        failed = attention.open_failures(project.pk)
        return JsonResponse({"fixes": told(project.pk), "causes": left, "failed": failed})
