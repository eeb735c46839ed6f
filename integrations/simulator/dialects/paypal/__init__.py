"""A simulated shop of PayPal. PayPal does not publish its limit."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.paypal import answering, webhooks

DIALECT = Dialect(
    answer=answering.answer,
    parcel=webhooks.parcel,
    too_many=answering.too_many,
    keys=answering.keys,
    external_id=answering.external_id,
)
