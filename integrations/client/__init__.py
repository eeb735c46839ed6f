"""The only HTTP: drives connectors' operations over the network, safely."""

from integrations.client.certificates import certified_key
from integrations.client.driving import drive
from integrations.client.limits import Limits

__all__ = ["Limits", "certified_key", "drive"]
