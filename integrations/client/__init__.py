"""The only network: drives connectors' operations over HTTP, talks to mail and file servers, safely."""

from integrations.client.certificates import certified_key
from integrations.client.driver import drive
from integrations.client.limits import Limits
from integrations.client.poster import Posted, post

__all__ = ["Limits", "Posted", "certified_key", "drive", "post"]
