"""The project's own app, and Django's admin with our site."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ProjectConfig(AppConfig):
    name = "config"
    verbose_name = "Countinghouse"
    default = True

    def ready(self) -> None:
        from config.site import checks  # noqa: F401  registers the system checks


class AdminConfig(admin.AdminConfig):
    default_site = "config.site.admin_site.CountinghouseAdminSite"
    default = False
