"""The admin site: who may enter, which project is open, what every page carries."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from config.site.login import entering
from config.site.login.own_password import OwnPassword
from config.site.open_project import SESSION_KEY
from integrations.access import second_factor
from integrations.access.tenancy import projects_of
from integrations.choices import FactorState


class CountinghouseAdminSite(AdminSite):
    site_header = "Countinghouse"
    site_title = "Countinghouse"
    index_title = _("Overview")
    site_url = None
    enable_nav_sidebar = False  # ours is part of the header: see templates/admin/base_site.html
    index_template = "admin/overview.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """Members of some account and operators, who have shown their second factor where they have or need one."""
        user: Any = request.user
        return entering.belongs_here(user) and second_factor.state_of(user) == FactorState.ENOUGH

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        if not context["has_permission"]:
            return context
        # Only now: these read the admin packages, which register themselves with this very site.
        from config.site.navigation import sections
        from config.site.notices import folded, notices

        user: Any = request.user
        urgent, later = folded(notices(request))
        return {
            **context,
            "project": getattr(request, "project", None),
            "sections": sections(request),
            "notices": urgent,
            "more_notices": later,
            "projects": getattr(user, "may_open", ()),
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Our own navigation stands in for the list of apps."""
        return []

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return entering.login(self, request, extra_context or {})

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        if any("\x00" in value for value in request.GET.values()):
            raise Http404
        return super().autocomplete_view(request)

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from config.site.overview import overview

        return super().index(request, {**overview(request), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from config.site.login.routes import routes

        # Leads to the pages of objects beside the admin; ours have none, and it fails at tables that are not there.
        of_django = [found for found in super().get_urls() if getattr(found, "name", "") != "view_on_site"]
        return [
            path("project/", self.admin_view(self.open_project), name="open_project"),
            path("where/", self.admin_view(self.where), name="where"),
            path("api/", self.admin_view(self.api), name="api"),
            path("api/openapi.json", self.admin_view(self.api_document), name="api_document"),
            *routes(self),
            *of_django,
        ]

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        view = OwnPassword.as_view(
            form_class=AdminPasswordChangeForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def where(self, request: HttpRequest) -> HttpResponse:
        """The search of every page, and where an order is."""
        from config.site import where_page

        return where_page.where(request, self.each_context(request))

    def api(self, request: HttpRequest) -> HttpResponse:
        """The documentation of the API, to read and to try."""
        context = {**self.each_context(request), "title": _("API documentation")}
        return TemplateResponse(request, "admin/api.html", context)

    def api_document(self, request: HttpRequest) -> HttpResponse:
        from integrations.api.document import document

        return HttpResponse(document(), content_type="application/json")

    def open_project(self, request: HttpRequest) -> HttpResponse:
        """Switch to another project the person may open."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        wanted = request.POST.get("project", "")
        user: Any = request.user
        if not wanted.isdecimal() or not projects_of(user).filter(pk=wanted).exists():
            raise PermissionDenied
        request.session[SESSION_KEY] = int(wanted)
        then = request.POST.get("next", "")
        own = url_has_allowed_host_and_scheme(then, allowed_hosts=None)
        return HttpResponseRedirect(then if own else reverse("admin:index"))
