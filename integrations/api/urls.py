from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from integrations.api import bulk
from integrations.api.action_results import BulkReportViewSet
from integrations.api.async_actions import AsyncActionViewSet
from integrations.api.document import DocumentView
from integrations.api.exports import ExportViewSet

router = Router()
router.register("async-actions", AsyncActionViewSet, "api-async-action")
router.register("exports", ExportViewSet, "api-export")

urlpatterns = [
    *bulk.urlpatterns,
    path(
        "async-actions/<id:action_id>/report",
        BulkReportViewSet.as_view({"get": "report"}),
        name="api-async-action-report",
    ),
    *router.urls,
    path("openapi.json", DocumentView.as_view(), name="api-document"),
]
