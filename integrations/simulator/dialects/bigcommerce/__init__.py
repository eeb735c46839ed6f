"""A simulated shop of BigCommerce."""

from __future__ import annotations

from integrations.simulator.dialects.bigcommerce import answering, webhooks
from integrations.simulator.dialects.dialect import Dialect

DIALECT = Dialect(
    answer=answering.answer,
    parcel=webhooks.parcel,
    too_many=answering.too_many,
    keys=lambda shop: {"store_hash": "simulated", "access_token": shop.key, "client_secret": shop.secret},
    limit=answering.LIMIT,
)
