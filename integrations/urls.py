"""Addresses the outside calls."""

from __future__ import annotations

from django.urls import path

from integrations.views import hook, stop_letters

urlpatterns = [
    path("hooks/<str:token>/", hook, name="hook"),
    path("letters/<str:token>/", stop_letters, name="stop-letters"),
]
