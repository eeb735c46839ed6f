"""Addresses the outside calls."""

from __future__ import annotations

from django.urls import path

from integrations.views import hook

urlpatterns = [path("hooks/<str:token>/", hook, name="hook")]
