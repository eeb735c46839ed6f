from __future__ import annotations

from django.urls import path

from integrations.api.office import (
    IntegrationsView,
    IntegrationView,
    RemoteOrdersView,
    RemoteOrderView,
    RunsView,
    RunView,
)

urlpatterns = [
    path("integrations", IntegrationsView.as_view(), name="office-integrations"),
    path("integrations/<str:public_id>", IntegrationView.as_view(), name="office-integration"),
    path("remote-orders", RemoteOrdersView.as_view(), name="office-remote-orders"),
    path("remote-orders/<str:public_id>", RemoteOrderView.as_view(), name="office-remote-order"),
    path("runs", RunsView.as_view(), name="office-runs"),
    path("runs/<str:public_id>", RunView.as_view(), name="office-run"),
]
