"""The addresses of this room, below the admin's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from config.site.login.colleagues import colleagues, end_sessions_of
from config.site.login.profile import end_other_sessions, end_session, profile

# A view that is told what every page of the admin shows.
Page = Callable[[HttpRequest, dict[str, Any]], HttpResponse]


def routes(site: AdminSite) -> list[URLPattern]:
    def page(view: Page) -> Callable[[HttpRequest], HttpResponse]:
        return site.admin_view(lambda request: view(request, site.each_context(request)))

    return [
        path("profile/", page(profile), name="profile"),
        path("profile/sessions/end/", site.admin_view(end_other_sessions), name="end_other_sessions"),
        path("profile/sessions/<slug:handle>/end/", site.admin_view(end_session), name="end_session"),
        path("people/", page(colleagues), name="colleagues"),
        path("people/<int:user_id>/end/", site.admin_view(end_sessions_of), name="end_sessions_of"),
    ]
