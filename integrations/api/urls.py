from __future__ import annotations

from django.urls import path

from integrations.api.async_actions import AsyncActionsView, AsyncActionView

urlpatterns = [
    path("async-actions", AsyncActionsView.as_view(), name="api-async-actions"),
    path("async-actions/<path:action_id>", AsyncActionView.as_view(), name="api-async-action"),
]
