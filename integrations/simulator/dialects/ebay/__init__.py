"""A simulated shop of eBay."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.ebay import answering, notifications

DIALECT = Dialect(
    answer=answering.answer,
    parcel=notifications.parcel,
    too_many=answering.too_many,
    keys=answering.keys,
    external_id=answering.external_id,
    limit=answering.LIMIT,
)
