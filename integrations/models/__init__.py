from integrations.models.mappings import MetadataMapping, SkuMapping
from integrations.models.remote_orders import RemoteOrder
from integrations.models.runs import Run
from integrations.models.shops import CodeListEntry, Feed, Integration, StatusRule
from integrations.models.tenancy import Account, Membership, Project
from integrations.models.webhooks import OrderHint, Webhook

__all__ = [
    "Account",
    "CodeListEntry",
    "Feed",
    "Integration",
    "Membership",
    "MetadataMapping",
    "OrderHint",
    "Project",
    "RemoteOrder",
    "Run",
    "SkuMapping",
    "StatusRule",
    "Webhook",
]
