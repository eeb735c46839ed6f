from integrations.models.access_events import AccessEvent
from integrations.models.browser_sessions import BrowserSession
from integrations.models.buyers import BuyerEntry
from integrations.models.crossings import CarrierMapping, Crossing, ShopArticle
from integrations.models.distributions import Distribution, MailOptOut, MailServer, Message
from integrations.models.endpoints import DeliveryAttempt, WebhookDelivery, WebhookEndpoint
from integrations.models.erasures import ErasureRequest
from integrations.models.files import ExchangedFile, FileFeed, FileRowError, OrderInFile
from integrations.models.fixes import Fix
from integrations.models.heartbeats import Heartbeat
from integrations.models.key_fingerprints import KeyFingerprint
from integrations.models.mappings import MetadataMapping, SkuMapping
from integrations.models.partners import (
    ApiKey,
    BulkAction,
    BulkFailure,
    BulkImport,
    BulkPortion,
    BulkReport,
    Export,
    ExportPart,
    KeptAnswer,
)
from integrations.models.password_requests import PasswordRequest
from integrations.models.remote_orders import RemoteOrder
from integrations.models.retention import CleaningRound
from integrations.models.runs import Run
from integrations.models.saved_views import SavedView
from integrations.models.second_factor import Authenticator
from integrations.models.shops import CodeListEntry, Feed, Integration, ShopPace, StatusRule
from integrations.models.take_overs import ShopQuantity, TakeOver
from integrations.models.tenancy import Account, Membership, Project
from integrations.models.troubles import Trouble
from integrations.models.webhooks import OrderHint, PlatformKey, Webhook

__all__ = [
    "AccessEvent",
    "Account",
    "ApiKey",
    "Authenticator",
    "BrowserSession",
    "BulkAction",
    "BulkFailure",
    "BulkImport",
    "BulkPortion",
    "BulkReport",
    "BuyerEntry",
    "CarrierMapping",
    "CleaningRound",
    "CodeListEntry",
    "Crossing",
    "DeliveryAttempt",
    "Distribution",
    "ErasureRequest",
    "ExchangedFile",
    "Export",
    "ExportPart",
    "Feed",
    "FileFeed",
    "FileRowError",
    "Fix",
    "Heartbeat",
    "Integration",
    "KeptAnswer",
    "KeyFingerprint",
    "MailOptOut",
    "MailServer",
    "Membership",
    "Message",
    "MetadataMapping",
    "OrderHint",
    "OrderInFile",
    "PasswordRequest",
    "PlatformKey",
    "Project",
    "RemoteOrder",
    "Run",
    "SavedView",
    "ShopArticle",
    "ShopPace",
    "ShopQuantity",
    "SkuMapping",
    "StatusRule",
    "TakeOver",
    "Trouble",
    "Webhook",
    "WebhookDelivery",
    "WebhookEndpoint",
]
