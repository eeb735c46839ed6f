"""Every state of the integrations app, with its meaning."""

from __future__ import annotations

from enum import Enum

from django.db.models import TextChoices

from orders.choices import AnnouncementKind


class AccountPlan(TextChoices):
    TRIAL = "trial", "Trial"
    STANDARD = "standard", "Standard"


class Role(TextChoices):
    """What a member of an account may do; the permissions are in `integrations.access.roles`."""

    IMPORT_ADMIN = "import_admin", "Import admins"
    ORDER_STAFF = "order_staff", "Order staff"
    WAREHOUSE = "warehouse", "Warehouse"
    READ_ONLY = "read_only", "Read only"


class ImportAction(TextChoices):
    """What an order with a given remote status becomes."""

    SKIP = "skip", "Do not import"
    IMPORT = "import", "Import"
    """Legacy, readable in old data, never selectable."""
    VALID = "valid", "Import as valid"
    INVOICE = "invoice", "Import and invoice"
    CANCEL = "cancel", "Import and cancel"
    HOLD = "hold", "Import and hold"
    COMPLETE = "complete", "Import and complete"
    HISTORY = "history", "Import as history"


class RemoteState(TextChoices):
    """Every remote order is in exactly one of these, with a reason a person can read."""

    PENDING = "pending", "Pending"
    IMPORTED = "imported", "Succeeded"
    IGNORED = "ignored", "Ignored"
    FAILED = "failed", "Failed"
    DISMISSED = "dismissed", "Dismissed"
    HANDED_ON = "handed_on", "Handed on"
    """Made in another shop, from which it comes into the book."""


class Whereabouts(TextChoices):
    """Where an order is that somebody asks for: each order is at exactly one of these."""

    IN_BOOK = "in_book", "In the book"
    FAILED = "failed", "Import failed"
    BY_RULE = "ignored_by_rule", "Left out by its rule"
    WAITING = "waiting_for_status", "Waits for its status"
    PENDING = "pending_review", "Waits for a decision"
    DUPLICATE = "duplicate", "May be a double"
    DISMISSED = "dismissed", "Marked as cancel"
    HANDED_ON = "handed_on", "On its way into a shop"
    NOT_FETCHED = "not_fetched", "Not fetched yet"
    REJECTED = "rejected_webhook", "Its webhook was rejected"
    BEFORE_START = "before_start", "Older than what is loaded"
    PLAN = "plan_limit", "Beyond the trial plan"
    NOT_IN_SHOP = "not_in_shop", "Not in the shop"
    NOT_ASKED = "shop_not_asked", "The shop could not be asked"


class RunKind(TextChoices):
    LOAD = "load", "Load new orders"
    OPEN_ORDERS = "open_orders", "Open orders re-read"
    RETRY = "retry", "Retry"
    PRODUCTS = "products", "Product import"
    CODE_LISTS = "code_lists", "Code lists"
    WEBHOOK_ORDERS = "hints", "Orders told of by webhook"
    WEBHOOK_CHECK = "webhook_check", "Webhook check"
    BULK_BY_API = "orders_import", "Bulk call by API"
    """What a partner sends by the thousand, without a shop: one of `models.partners.BulkAction`."""
    EXPORT_BY_API = "orders_export", "Export by API"
    INVOICE_FILES = "invoice_files", "Invoices as files"
    """Of a period, without a shop: see `integrations.invoice_files`."""
    IMPORT_ORDERS = "fetch", "Import Orders"
    SYNCHRONIZE = "synchronize", "Synchronize"
    ORDER_UPDATE = "status_update", "Order update"
    ERASURE = "erasure", "Erasure of a person"
    """Without a shop: see `integrations.erasing`."""
    STOCK_COMPARISON = "stock_comparison", "Comparison of stock"
    STOCK_TAKE_OVER = "stock_take_over", "Take-over of stock"
    """Books a comparison or takes it back, and asks no shop: see `integrations.shop_stock`."""
    OUTGOING = "outgoing", "Confirmations to the shop"
    """Shipments, payments, documents and orders that a shop is told of: see `integrations.pushes`."""
    STOCK_EXPORT = "stock_export", "Stock export"
    STOCK_CHECK = "stock_check", "Stock check"
    """Reads what the shop has, compares, and changes nothing."""
    STOCK_FILES = "stock_files", "Stock in"
    SHIPMENT_FILES = "shipment_files", "Shipment confirmations in"
    ORDER_FILES = "order_files", "Orders in"
    ORDERS_OUT = "orders_out", "Orders out"
    """These four exchange files: see `integrations.warehouses`."""


class RunState(TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    """Expected: the shop could not be read, and a person or time must help."""
    ERRORED = "errored", "Errored"
    """A fault of ours; parked until somebody looks."""
    CANCELLED = "cancelled", "Cancelled"


FILES_IN = (RunKind.STOCK_FILES, RunKind.SHIPMENT_FILES, RunKind.ORDER_FILES)
FILE_KINDS = (RunKind.ORDERS_OUT, *FILES_IN)

RUN_OPEN = (RunState.WAITING, RunState.RUNNING)


# A feed starts runs of its own kind.
FeedKind = RunKind


class CrossingKind(TextChoices):
    """What goes out to a shop or a warehouse, one thing at a time."""

    SHIPMENT = "shipment", "Shipment"
    PAYMENT = "payment", "Payment"
    PAPER = "paper", "Document"
    ORDER = "order", "Order"


class CrossingState(TextChoices):
    """Where one thing that goes out stands."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    """Nobody knows whether it arrived until the answer is written: the other side is asked before it is sent again."""
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    """With the other side's sentence; a person can send it again."""
    NOT_NEEDED = "not_needed", "Not needed"


class Outgoing(TextChoices):
    """What an integration that is live may be told."""

    SHIPMENTS = "shipments", "Shipments with tracking"
    STOCK = "stock", "Stock"
    PAYMENTS = "payments", "Payments"
    PAPERS = "papers", "Numbers of invoices and credit notes"


class ArticleState(TextChoices):
    """Where the quantity of one article in one shop stands."""

    KNOWN = "known", "In the shop"
    UNKNOWN = "unknown", "Not in the shop"
    UNMANAGED = "unmanaged", "Without stock there"
    """The shop keeps no stock of it."""
    REFUSED = "refused", "Refused"


class IntegrationHealth(TextChoices):
    UNKNOWN = "unknown", "Not tried yet"
    OK = "ok", "Connected"
    CREDENTIALS = "credentials", "Credentials rejected"
    """Nothing is tried until they are changed or the connection is tested again."""
    UNREACHABLE = "unreachable", "Not reachable"
    BUSY = "busy", "Busy"
    """It answers, and asks us to wait; tried again by itself."""


class TroubleKind(TextChoices):
    """What of a shop waits for a person, who is written to."""

    CREDENTIALS = "credentials", "Credentials rejected"
    WEBHOOKS = "webhooks", "Webhooks do not work"


class BuyerListing(TextChoices):
    """What a list entry says about a buyer; allowed wins over blocked."""

    BLOCK = "block", "Block"
    ALLOW = "allow", "Allow"


class ListKind(TextChoices):
    STATUS = "status", "Order statuses"
    SHIPPING_METHOD = "delivery", "Shipping methods"
    PAYMENT = "payment", "Payments"
    TAX = "tax", "Taxes"


class UnknownProducts(TextChoices):
    CREATE = "create", "Create with zero stock"
    FAIL = "fail", "Fail the order"


class ArticleKey(TextChoices):
    """What the article of a shop's line is found by; what is mapped by hand comes before all of these."""

    SKU = "sku", "Its SKU"
    SKU_EAN = "sku_ean", "Its SKU, or else its EAN"
    EAN_SKU = "ean_sku", "Its EAN, or else its SKU"


class UnknownCodes(TextChoices):
    """What happens to an order whose payment or shipping method nobody has named."""

    KEEP = "keep", "Keep the shop's name"
    FAIL = "fail", "Fail the order until it is named"


class UnknownTaxes(TextChoices):
    """What happens to an order whose lines have a tax that nobody has named."""

    LEAVE = "leave", "Import its lines without one"
    FAIL = "fail", "Fail the order until it is named"


class MappedField(TextChoices):
    """What a value of the shop's document becomes here."""

    METADATA = "metadata", "Metadata, under a name"
    NOTE = "note", "Note of the buyer"
    PHONE = "phone", "Phone"
    COMPANY = "company", "Company of the buyer"
    PAYMENT = "payment_title", "Payment"
    SHIPPING = "shipping_title", "Shipping method"


class Transform(TextChoices):
    """What is done with a value on its way; a list is joined by commas before."""

    NONE = "none", "As it is"
    TRIM = "trim", "Without spaces around"
    UPPER = "upper", "In capitals"
    LOWER = "lower", "In small letters"
    DIGITS = "digits", "Digits only"
    FIRST_LINE = "first_line", "First line only"


class AfterImport(TextChoices):
    """What a newer document of the shop does to an order that is here already."""

    STATUS = "status", "Status only"
    """The order update feed carries statuses over."""
    FOLLOW = "follow", "Orders nobody has worked on follow the shop"
    NOTHING = "nothing", "Nothing"


class ApiScope(TextChoices):
    """What an API key may be used for."""

    ORDERS = "orders", "Orders"
    ASYNC_ACTIONS = "async-actions", "Async actions"
    EXPORTS = "exports", "Exports"
    BACK_OFFICE = "back-office", "Back office, to read"
    RUNS = "runs", "Start and cancel runs"
    LIVE_ORDERS = "live-orders", "Work with live orders and stock"
    WEBHOOKS = "webhooks", "Webhook endpoints and deliveries"
    CUSTOMERS = "customers", "Customers"
    SEGMENTS = "segments", "Segments and their members"
    PRODUCTS = "products", "Products and their SKUs"
    SKUS = "skus", "SKUs, to read"


class WebhookEvent(TextChoices):
    """What endpoints are told of, by the published names."""

    ORDER_CREATED = AnnouncementKind.CREATED.value, AnnouncementKind.CREATED.label
    ORDER_PAID = AnnouncementKind.PAID.value, AnnouncementKind.PAID.label
    ORDER_UPDATED = AnnouncementKind.UPDATED.value, AnnouncementKind.UPDATED.label
    ORDER_CANCELED = AnnouncementKind.CANCELED.value, AnnouncementKind.CANCELED.label
    SEGMENT_ENTERED = "customer.segment.entered", "Customer entered a segment"
    """Sent by distributions, to the endpoint each of them names."""
    TEST = "webhook.test", "Test"
    """Sent when a person asks for it, whatever the endpoint is subscribed to."""


SUBSCRIBABLE = tuple(event for event in WebhookEvent if event.value.startswith("customer.order."))


class DeliveryState(TextChoices):
    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    """Given up; a person can send it again."""


class OnConflict(TextChoices):
    """What a bulk import does with an order that is here already."""

    UPDATE = "update", "Update it"
    SKIP = "skip", "Leave it"
    ERROR = "error", "Fail the row"


class MailSecurity(TextChoices):
    """How letters travel to a mail server."""

    TLS = "tls", "TLS (usually port 465)"
    STARTTLS = "starttls", "STARTTLS (usually port 587)"
    PLAIN = "plain", "None (local servers only)"


class AccessKind(TextChoices):
    """What the access log tells of."""

    LOGIN = "login", "Logged in"
    FAILED = "failed", "Wrong login"
    LOCKED = "locked", "Locked out for a while"
    LOGOUT = "logout", "Logged out"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    RESET_REQUESTED = "reset_requested", "Password link asked for"
    RESET_DONE = "reset_done", "Password set by link"
    FACTOR_ON = "factor_on", "Second factor on"
    FACTOR_OFF = "factor_off", "Second factor off"
    FACTOR_FAILED = "factor_failed", "Wrong code"
    RECOVERY_USED = "recovery_used", "Recovery code used"
    RECOVERY_MADE = "recovery_made", "Recovery codes made"
    FACTOR_REQUIRED = "factor_required", "Second factor required"
    FACTOR_FREE = "factor_free", "Second factor not required"
    SESSIONS_ENDED = "sessions_ended", "Sessions ended"
    KEY_MADE = "key_made", "API key made"
    KEY_REVOKED = "key_revoked", "API key revoked"
    KEY_MAY_WRITE = "key_may_write", "API key lets write"
    CREDENTIALS = "credentials", "Credentials of a shop changed"
    BEGUN = "begun", "Owner of the installation"
    INVITED = "invited", "Invited"
    JOINED = "joined", "Invitation accepted"
    ROLE_CHANGED = "role_changed", "Role changed"
    LEFT = "left", "Taken out of the account"


class FactorState(Enum):
    """What a session that is logged in with a password still lacks."""

    ENOUGH = "enough"
    CODE_MISSING = "code_missing"
    """The person has a second factor, and this session has not shown it."""
    SET_UP_MISSING = "set_up_missing"
    """An account of theirs demands one, and they have none."""


class DistributionTrigger(TextChoices):
    """What a distribution answers to, once each time."""

    SEGMENT_ENTERED = "segment_entered", "A customer enters a segment"
    ORDER_CREATED = "order_created", "An order comes in"
    ORDER_PAID = "order_paid", "An order is paid"


class DistributionChannel(TextChoices):
    EMAIL = "email", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class MessageState(TextChoices):
    """Where one message of a distribution stands."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    SKIPPED = "skipped", "Not sent"
    """There was no need or no way to send it, e.g. the customer has no address or wants no letters."""
    FAILED = "failed", "Failed"
    UNSURE = "unsure", "Unsure"
    """The worker died while it was handing the letter over: it may have arrived or not."""


class Process(TextChoices):
    """A process that works beside the web processes."""

    WORKER = "worker", "Worker"
    TICK = "tick", "Tick"


class FileState(TextChoices):
    """Where a file stands that came from a server, or goes to one."""

    SEEN = "seen", "Seen"
    """It may still be written; it is taken once it stands still."""
    WORKING = "working", "Being worked on"
    DONE = "done", "Worked off"
    REFUSED = "refused", "Refused"
    """Nothing of it was booked, but for what `reason` says."""
    REPEATED = "repeated", "Worked off before"
    """Its content was worked off before, under whatever name."""
    SENDING = "sending", "Being sent"
    """Its orders are chosen; nobody sees it on the server yet."""
    RENAMING = "renaming", "Being handed over"
    """It lies on the server whole, under a name that nobody reads; the next step gives it its own."""
    SENT = "sent", "Sent"


# A name stands for one of these at a time.
FILE_OPEN = (FileState.SEEN, FileState.WORKING, FileState.SENDING, FileState.RENAMING)
