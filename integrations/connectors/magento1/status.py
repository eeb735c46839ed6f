"""The status of an order, as Magento 2 has it: Magento's code, and what of the goods has left."""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import rules
from integrations.connectors.magento2 import status

# A buyer who is at the Ogone payment page.
DEFAULT_RULES = (
    *rules(ImportAction.SKIP, {"pending_ogone": "Pending Ogone", "pending_amazon_asv": "Pending ASV"}, retry=True),
    *status.DEFAULT_RULES,
)
LABELS = {rule.status: rule.label for rule in DEFAULT_RULES}
