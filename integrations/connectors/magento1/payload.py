"""A Magento 1 order, read as one of Magento 2, whose fields it has under older names.

The document is the answer to `sales_order.info`, as JSON. Its key is the number that people see (`increment_id`);
`order_id` is internal. An order that is edited is cancelled and goes on as a new one: 100000200 becomes 100000200-1.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from integrations.connectors.contract import Shop
from integrations.connectors.kit import values
from integrations.connectors.kit.identities import identifying
from integrations.connectors.kit.json_documents import lenient
from integrations.connectors.magento1.shapes import Brief, RawExtras, RawOrder
from integrations.connectors.magento2.history import moment
from integrations.connectors.magento2.lines import Reading
from integrations.connectors.magento2.payload import normalised
from integrations.connectors.magento2.shapes import RawAssignment, RawShipping
from integrations.connectors.magento2.status import status
from orders.intake.incoming import IncomingOrder

_ORDER, _EXTRAS = msgspec.json.Decoder(RawOrder), msgspec.json.Decoder(RawExtras)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_brief = lenient(Brief)
_CARD = re.compile(r's:1:"c";s:\d+:"([^"]{1,64})"')
# The fields of Magento's own that are not read here: what else is there, a plugin has written.
_OWN = re.compile(
    r"base_.+|gw_.+|customer_.+|hidden_tax_.+|paypal_.+|payment_.+|quote_.+|relation_.+|reward_.+|r?wrd_.+|shipping_.+"
    r"|(?:subtotal|discount|tax|total|adjustment|bs_customer|store_to|billing)_.+|.+_currency_code|.+_at"
    r"|applied_rule_ids|can_ship_.+|coupon_.+|edit_increment|email_sent|ext_.+|forced_.+|gift_(?:cards|message).*"
    r"|grand_total|hold_before_.+|imported|increment_id|is_virtual|order_id|original_increment_id|protect_code"
    r"|remote_ip|state|status|store_.+|subtotal|weight|x_forwarded_for"
)


def parse(payload: bytes, shop: Shop) -> IncomingOrder:
    """Raises PayloadError, and nothing else, for what cannot be an order."""
    reading = Reading(payload)
    raw = reading.document(_ORDER)
    brief = _brief(payload)
    raw.extension_attributes = _extras(raw, reading)
    raw.customer_note = "\n\n".join(text for text in (raw.customer_note, raw.gift_message) if text)
    external_id = values.identifier(brief.increment_id, "increment_id")
    raw.increment_id = external_id
    return normalised(raw, brief.plain(), reading, shop, external_id, _own(reading))


def _extras(raw: RawOrder, reading: Reading) -> RawExtras:
    """What Magento 2 keeps apart from an order; a virtual one has no delivery."""
    extras = reading.document(_EXTRAS)
    extras.gift_cards = [{"code": code} for code in _CARD.findall(str(raw.gift_cards))]
    if raw.shipping_address or raw.shipping_method:
        shipping = RawShipping(address=raw.shipping_address, method=raw.shipping_method)
        extras.shipping_assignments = [RawAssignment(shipping)]
    return extras


def _own(reading: Reading) -> list[tuple[str, Any]]:
    """Fields of plugins."""
    fields = reading.document(_FIELDS).items()
    texts = [(name, bytes(value)) for name, value in fields if not _OWN.fullmatch(name)]
    return [(name, msgspec.json.decode(value)) for name, value in texts if value.startswith(b'"')]


identify = identifying(
    Brief,
    rb'"increment_id"\s*:\s*"([^"\\]{1,50})"',
    external_id=lambda brief: values.identifier(brief.increment_id),
    status=lambda brief: status(brief.plain()),
    modified_at=lambda brief: moment(brief.updated_at, "updated_at"),
    searched=8000,
)
