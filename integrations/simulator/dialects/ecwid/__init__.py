"""A simulated shop of Ecwid."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.ecwid import answering, webhooks

DIALECT = Dialect(
    answer=answering.answer,
    parcel=webhooks.parcel,
    too_many=answering.too_many,
    keys=lambda shop: {"store_id": "1003", "access_token": shop.key, "client_secret": shop.secret},
    external_id=answering.external_id,
    limit=answering.LIMIT,
)
