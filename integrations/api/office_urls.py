from __future__ import annotations

from django.urls import path

from config.kit.api.urlconf import Router
from integrations.api.letters import DistributionViewSet, MessageViewSet
from integrations.api.office import IntegrationViewSet, RemoteOrderViewSet, RunViewSet
from integrations.api.webhooks import DeliveryViewSet, WebhookViewSet
from integrations.api.where import WhereView

router = Router()
router.register("distributions", DistributionViewSet, "office-distribution")
router.register("integrations", IntegrationViewSet, "office-integration")
router.register("messages", MessageViewSet, "office-message")
router.register("remote-orders", RemoteOrderViewSet, "office-remote-order")
router.register("runs", RunViewSet, "office-run")
router.register("webhooks", WebhookViewSet, "office-webhook")
router.register("deliveries", DeliveryViewSet, "office-delivery")

urlpatterns = [*router.urls, path("where-is-my-order", WhereView.as_view(), name="office-where")]
