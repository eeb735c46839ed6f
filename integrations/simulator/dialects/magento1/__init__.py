"""A simulated shop of Magento 1 (OpenMage)."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.magento1 import answering, orders

DIALECT = Dialect(
    answer=answering.answer,
    parcel=lambda shop, hook, event: None,
    too_many=answering.too_many,
    keys=answering.keys,
    external_id=orders.external_id,
)
