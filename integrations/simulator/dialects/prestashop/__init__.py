"""A simulated shop of PrestaShop 8.2.1."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.prestashop import answering

DIALECT = Dialect(
    answer=answering.answer,
    parcel=lambda shop, hook, event: None,
    too_many=answering.too_many,
    keys=lambda shop: {"key": answering.key_of(shop)},
)
