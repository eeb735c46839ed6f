"""The addresses of this room, below the admin's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from config.site.login import members_page
from config.site.login.colleagues import demand_second_factor, end_sessions_of
from config.site.login.entering import CodeStep
from config.site.login.profile import end_other_sessions, end_session, profile
from config.site.login.setting_up import renew_codes, second_factor_page, switch_off, switch_on

# A view that is told what every page of the admin shows.
Page = Callable[[HttpRequest, dict[str, Any]], HttpResponse]


def routes(site: AdminSite) -> list[URLPattern]:
    def page(view: Page) -> Callable[[HttpRequest], HttpResponse]:
        return site.admin_view(lambda request: view(request, site.each_context(request)))

    return [
        path("login/code/", CodeStep.as_view(), name="login_code"),
        # Open to those who lack a second factor, too: else they could only go on, and never away.
        path("logout/", never_cache(site.logout), name="logout"),
        path("profile/second-factor/", second_factor_page, name="second_factor"),
        path("profile/second-factor/on/", switch_on, name="second_factor_on"),
        path("profile/second-factor/off/", switch_off, name="second_factor_off"),
        path("profile/second-factor/codes/", renew_codes, name="second_factor_codes"),
        path("profile/", page(profile), name="profile"),
        path("profile/sessions/end/", site.admin_view(end_other_sessions), name="end_other_sessions"),
        path("profile/sessions/<slug:handle>/end/", site.admin_view(end_session), name="end_session"),
        path("people/", page(members_page.people_page), name="colleagues"),
        path("people/second-factor/", site.admin_view(demand_second_factor), name="demand_second_factor"),
        path("people/invite/", site.admin_view(require_POST(members_page.invite)), name="invite"),
        path(
            "people/<int:user_id>/invite/",
            site.admin_view(require_POST(members_page.invite_again)),
            name="invite_again",
        ),
        path("people/<int:user_id>/role/", site.admin_view(require_POST(members_page.change_role)), name="change_role"),
        path("people/<int:user_id>/take-out/", site.admin_view(require_POST(members_page.take_out)), name="take_out"),
        path("people/<int:user_id>/end/", site.admin_view(end_sessions_of), name="end_sessions_of"),
    ]
