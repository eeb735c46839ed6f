"""A simulated shop of Magento 2."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.magento2 import answering, auth

DIALECT = Dialect(
    answer=answering.answer,
    parcel=lambda shop, hook, event: None,
    too_many=answering.too_many,
    keys=auth.keys,
)
