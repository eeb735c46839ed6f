"""A simulated shop of Shopify. Shopify counts points instead of requests."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.shopify import answering, webhooks

DIALECT = Dialect(
    answer=answering.answer,
    parcel=webhooks.parcel,
    too_many=answering.too_many,
    keys=lambda shop: {"client_id": shop.key, "client_secret": shop.secret},
)
