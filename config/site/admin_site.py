"""The admin site: who may enter, which project is open, what every page carries."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from config.site.login.own_password import OwnPassword
from config.site.login.refusing import busy
from config.site.navigation import sections
from config.site.open_project import SESSION_KEY
from integrations.access import password_links
from integrations.access.hashing_room import TooBusyRefused
from integrations.access.tenancy import projects_of


class LoginForm(AuthenticationForm):
    """People of an account come in; being “staff” in Django's sense is not asked."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not (user.is_superuser or user.memberships.exists()):
            raise ValidationError(_("You belong to no account yet. Ask whoever invited you to add you to theirs."))


class CountinghouseAdminSite(AdminSite):
    site_header = "Countinghouse"
    site_title = "Countinghouse"
    index_title = _("Overview")
    site_url = None
    enable_nav_sidebar = False  # ours is part of the header: see templates/admin/base_site.html
    login_form = LoginForm
    login_template = "admin/login/login.html"
    index_template = "admin/overview.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def has_permission(self, request: HttpRequest) -> bool:
        """Members of some account - a role is in force, or waits for their first project - and operators."""
        user: Any = request.user
        if not user.is_active:
            return False
        return bool(user.is_superuser or getattr(user, "role_in_force", None) or user.memberships.exists())

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        if not context["has_permission"]:
            return context
        # Only now: these read the admin packages, which register themselves with this very site.
        from config.site.notices import notices

        user: Any = request.user
        return {
            **context,
            "project": getattr(request, "project", None),
            "sections": sections(request),
            "notices": notices(request),
            "projects": getattr(user, "may_open", ()),
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Our own navigation stands in for the list of apps."""
        return []

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().login(request, {"letters": password_links.available(), **(extra_context or {})})
        except TooBusyRefused:
            return busy(request)

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
        return HttpResponseRedirect(reverse("admin:index"))
