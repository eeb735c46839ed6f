from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from integrations.api.async_actions import AsyncActionsView, AsyncActionView
from integrations.api.document import DocumentView
from integrations.api.exports import ExportViewSet

router = Router()
router.register("exports", ExportViewSet, "api-export")

urlpatterns = [
    path("async-actions", AsyncActionsView.as_view(), name="api-async-actions"),
    path("async-actions/<path:action_id>", AsyncActionView.as_view(), name="api-async-action"),
    *router.urls,
    path("openapi.json", DocumentView.as_view(), name="api-document"),
]
