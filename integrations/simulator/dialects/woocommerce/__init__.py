"""A simulated shop of WooCommerce. WooCommerce has no limit."""

from __future__ import annotations

from integrations.simulator.dialects.dialect import Dialect
from integrations.simulator.dialects.woocommerce import answering, webhooks

DIALECT = Dialect(
    answer=answering.answer,
    parcel=webhooks.parcel,
    too_many=answering.too_many,
    keys=lambda shop: {"consumer_key": shop.key, "consumer_secret": shop.secret},
)
