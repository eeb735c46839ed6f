"""All addresses: the admin at the root, health beside it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from config.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", admin.site.urls),
]
