"""All addresses: the admin at the root, the partner API and health beside it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.site.health import healthz, readyz

handler400 = "config.site.outage.refused"
handler500 = "config.site.outage.failed"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("config.api")),
    path("", include("integrations.urls")),
    path("", include("config.site.login.forgotten")),
    path("", include("config.site.login.beginning")),
    path("", include("config.site.login.members_page")),
    path("", admin.site.urls),
]
