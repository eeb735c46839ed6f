from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from integrations.api import action_results, bulk
from integrations.api.async_actions import AsyncActionViewSet
from integrations.api.document import DocumentView
from integrations.api.exports import ExportViewSet

router = Router()
router.register("async-actions", AsyncActionViewSet, "api-async-action")
router.register("exports", ExportViewSet, "api-export")

urlpatterns = [
    *bulk.urlpatterns,
    *action_results.urlpatterns,
    *router.urls,
    path("openapi.json", DocumentView.as_view(), name="api-document"),
]
