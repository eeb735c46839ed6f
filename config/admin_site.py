"""The admin site."""

from __future__ import annotations

from django.contrib.admin import AdminSite


class CountinghouseAdminSite(AdminSite):
    site_header = "Countinghouse"
    site_title = "Countinghouse"
    index_title = "Overview"
    site_url = None
