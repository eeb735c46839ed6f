from __future__ import annotations

from django.urls import path

from integrations.api.letters import DistributionsView, DistributionView, MessagesView, MessageView
from integrations.api.office import (
    IntegrationsView,
    IntegrationView,
    RemoteOrdersView,
    RemoteOrderView,
    RunsView,
    RunView,
)
from integrations.api.webhooks import DeliveriesView, DeliveryView, SendAgainView, WebhooksView, WebhookView
from integrations.api.where import WhereView

urlpatterns = [
    path("distributions", DistributionsView.as_view(), name="office-distributions"),
    path("distributions/<str:public_id>", DistributionView.as_view(), name="office-distribution"),
    path("integrations", IntegrationsView.as_view(), name="office-integrations"),
    path("integrations/<str:public_id>", IntegrationView.as_view(), name="office-integration"),
    path("messages", MessagesView.as_view(), name="office-messages"),
    path("messages/<str:public_id>", MessageView.as_view(), name="office-message"),
    path("remote-orders", RemoteOrdersView.as_view(), name="office-remote-orders"),
    path("remote-orders/<str:public_id>", RemoteOrderView.as_view(), name="office-remote-order"),
    path("runs", RunsView.as_view(), name="office-runs"),
    path("runs/<str:public_id>", RunView.as_view(), name="office-run"),
    path("webhooks", WebhooksView.as_view(), name="office-webhooks"),
    path("webhooks/<str:public_id>", WebhookView.as_view(), name="office-webhook"),
    path("deliveries", DeliveriesView.as_view(), name="office-deliveries"),
    path("deliveries/<str:public_id>", DeliveryView.as_view(), name="office-delivery"),
    path("where-is-my-order", WhereView.as_view(), name="office-where"),
    path("deliveries/<str:public_id>/send-again", SendAgainView.as_view(), name="office-delivery-send-again"),
]
