from __future__ import annotations

from django.urls import path

from integrations.api.async_actions import AsyncActionsView, AsyncActionView
from integrations.api.document import DocumentView
from integrations.api.exports import ExportView

urlpatterns = [
    path("async-actions", AsyncActionsView.as_view(), name="api-async-actions"),
    path("async-actions/<path:action_id>", AsyncActionView.as_view(), name="api-async-action"),
    path("exports/<path:export_id>", ExportView.as_view(), name="api-export"),
    path("openapi.json", DocumentView.as_view(), name="api-document"),
]
