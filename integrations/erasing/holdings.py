"""Where anything about a person may lie: one table of every column, how it is found, and what becomes of it.

Each text, JSON and binary column of ours stands here: in a place that is erased, among what stays and why, among the
texts in which an address is blotted out, or among those that hold nothing of a buyer. A test reads all models and
fails on a column that nobody has thought of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from integrations.choices import BuyerListing
from integrations.erasing import book, traffic
from integrations.erasing.persons import Confirmed, Person
from integrations.models import BuyerEntry, ErasureRequest, MailOptOut, RemoteOrder
from orders.choices import DocumentType
from orders.models import (
    Attachment,
    Invoice,
    OrderEvent,
    OrderLine,
    OrderNote,
    PointsMovement,
    PreparedOrder,
    SegmentMember,
    Shipment,
)

# Fields by model: {"orders.OrderNote": "text"}.
Columns = Mapping[str, str]


@dataclass(frozen=True)
class PersonalPlace:
    """A kind of rows with something of a person in it."""

    key: str
    title: str
    removed: str
    """What an erasure takes away, for staff."""
    columns: Columns
    held: Callable[[Person], QuerySet[Any]]
    """The rows that still hold something; none of them once they were erased."""
    erase: Callable[[Sequence[int], Confirmed], None]
    """Erases some of the rows, in the caller's transaction."""
    page: str = ""
    """The admin's name of the rows' model, where each has a page: "orders_order"."""


@dataclass(frozen=True)
class Stays:
    """What is kept although it names the person."""

    title: str
    why: str
    columns: Columns
    held: Callable[[Person], QuerySet[Any]]
    page: str = ""


def _of_orders(model: Any, more: Q = Q()) -> Callable[[Person], QuerySet[Any]]:  # noqa: B008  a Q is never changed
    return lambda person: model.objects.filter(more, order__in=person.their_orders())


# In this order: once the remote orders are closed nothing new is made of them, and files of partners come last.
PLACES = (
    PersonalPlace(
        "remote_orders", "Orders as their shops sent them",
        "the shop's document, the buyer and what the shop calls them; orders that are not in the book are dismissed",
        {"integrations.RemoteOrder": "buyer buyer_key payload taken digest reason_code reason subject search"},
        lambda person: RemoteOrder.objects.filter(pk__in=person.remote_orders, erased_at=None),
        traffic.erase_remote_orders, "integrations_remoteorder",
    ),
    PersonalPlace(
        "orders", "Orders",
        "names, addresses, e-mail, telephone, notes and metadata; goods, amounts, dates and the country stay",
        {"orders.Order": "buyer email phone billing shipping note metadata warnings partner search"},
        lambda person: person.their_orders().filter(erased_at=None),
        book.erase_orders, "orders_order",
    ),
    PersonalPlace(
        "lines", "Metadata and addresses of order lines",
        "what was sent along with an item, such as an engraving; where it went, of an order to several addresses",
        {"orders.OrderLine": "metadata shipping"},
        _of_orders(OrderLine, ~Q(metadata={}, shipping={})), book.erase_lines,
    ),
    PersonalPlace(
        "history", "Entries of order histories",
        "old and new values and what people wrote; that something happened, when and by whom stays",
        {"orders.OrderEvent": "message changes"},
        _of_orders(OrderEvent, book.told()), book.erase_history,
    ),
    PersonalPlace(
        "notes", "Internal notes", "the whole note", {"orders.OrderNote": "text remote_key remote_author"},
        _of_orders(OrderNote), book.erase_notes,
    ),
    PersonalPlace(
        "files", "Files of orders", "the whole file",
        {"orders.Attachment": "name data digest"},
        _of_orders(Attachment), book.erase_files,
    ),
    PersonalPlace(
        "shipments", "Shipments", "name, address, remarks and tracking number; what left and when stays",
        {"orders.Shipment": "buyer address remarks tracking_number"},
        _of_orders(Shipment, ~Q(buyer__startswith="Erased on ")), book.erase_shipments, "orders_shipment",
    ),
    PersonalPlace(
        "prepared", "Tracking numbers of orders in preparation", "the tracking number",
        {"orders.PreparedOrder": "tracking_number"},
        _of_orders(PreparedOrder, ~Q(tracking_number="")), book.erase_prepared,
    ),
    PersonalPlace(
        "deliveries", "Webhooks that were sent", "what was said, and what the receiver answered",
        {"integrations.WebhookDelivery": "body", "integrations.DeliveryAttempt": "answer"},
        traffic.deliveries, traffic.erase_deliveries, "integrations_webhookdelivery",
    ),
    PersonalPlace(
        "answers", "Answers kept for partners", "the whole answer; a call that comes again is answered anew",
        {"integrations.KeptAnswer": "key fingerprint body"},
        traffic.answers, traffic.erase_answers,
    ),
    PersonalPlace(
        "entries", "Allow / block list", "entries that allow, and remarks",
        {"integrations.BuyerEntry": "remark"},
        traffic.entries, traffic.erase_entries, "integrations_buyerentry",
    ),
    PersonalPlace(
        "points", "Points given by hand", "why they were given; the points stay",
        {"orders.PointsMovement": "note"},
        lambda person: PointsMovement.objects.filter(customer__in=person.customers).exclude(note=""),
        book.erase_points,
    ),
    PersonalPlace(
        "customers", "Customers",
        "name, e-mail, telephone, address, date of birth, description, metadata, the partner's id; orders, segments"
        " and points go on to belong to somebody without a name",
        {"orders.Customer": "source_id email name phone description address metadata"},
        lambda person: person.their_customers(),
        book.erase_customers, "orders_customer",
    ),
    PersonalPlace(
        "portions", "Leftovers of partners' imports", "all of them", {"integrations.BulkPortion": "payload"},
        traffic.portions, traffic.erase_portions,
    ),
    PersonalPlace(
        "reports", "Reports of partners' bulk calls",
        "all reports of these order books: they are kept for a week at most",
        {"integrations.BulkReport": "content"},
        traffic.reports, traffic.erase_reports,
    ),
    PersonalPlace(
        "exports", "Files of partners' exports",
        "all files of these order books: they are kept for a week at most, and can be asked for again",
        {"integrations.ExportPart": "content place"},
        traffic.files, traffic.erase_files_of_partners,
    ),
)  # fmt: skip

STAYS = (
    Stays(
        "Invoices",
        "Tax law has invoices kept as they were issued, with name and address, for as long as it says.",
        {"orders.Invoice": "buyer billing lines reason"},
        _of_orders(Invoice, Q(document_type=DocumentType.INVOICE)), "orders_invoice",
    ),
    Stays(
        "Credit notes", "They correct invoices and are kept like them.", {},
        _of_orders(Invoice, Q(document_type=DocumentType.CREDIT_NOTE)), "orders_invoice",
    ),
    Stays(
        "Block list",
        "Without the address nobody could go on to refuse their orders. Delete the entry where that is over.",
        {"integrations.BuyerEntry": "pattern"},
        lambda person: BuyerEntry.objects.filter(
            project__in=person.projects, pattern__in=person.emails, listing=BuyerListing.BLOCK
        ),
        "integrations_buyerentry",
    ),
    Stays(
        "Unsubscribed addresses",
        "Without the address they would be written to again with their next order.",
        {"integrations.MailOptOut": "email"},
        lambda person: MailOptOut.objects.filter(project__in=person.projects, email__in=person.emails),
        "integrations_mailoptout",
    ),
    Stays(
        "E-mails and messages", "That something was sent and when; what was written is not kept.", {},
        traffic.letters, "integrations_message",
    ),
    Stays(
        "Stays in segments and points", "Figures and balances, of somebody without a name from then on.", {},
        lambda person: SegmentMember.objects.filter(customer__in=person.customers),
    ),
    Stays(
        "Requests to be forgotten", "That somebody was erased, when and by whom; who it was is kept as a hash.",
        {"integrations.ErasureRequest": "whom external_id report person email found"},
        lambda person: ErasureRequest.objects.filter(project__in=person.projects, email__in=person.emails),
        "integrations_erasurerequest",
    ),
)  # fmt: skip

# Free texts of other rows in which the address may be quoted: it is blotted out wherever it stands. By model, the way
# to its project, and its columns.
MENTIONS: Mapping[str, tuple[str, str]] = {
    "integrations.RemoteOrder": ("project", "payload reason subject"),
    "integrations.Crossing": ("integration__project", "answer"),
    "integrations.ShopArticle": ("integration__project", "message"),
    "integrations.Run": ("project", "reason scope results"),
    "integrations.Fix": ("project", "subject done"),
    "integrations.FileRowError": ("file__project", "sentence"),
    "integrations.BuyerEntry": ("project", "remark"),
    "integrations.BulkFailure": ("bulk_import__project", "source_id reason"),
    "integrations.Export": ("project", "parameters"),
    "integrations.SavedView": ("project", "name parameters"),
    "integrations.WebhookDelivery": ("project", "reason"),
    "orders.Order": ("project", "billing shipping note metadata warnings"),
    "orders.OrderLine": ("order__project", "metadata shipping"),
    "orders.OrderEvent": ("order__project", "message changes"),
    "orders.OrderNote": ("order__project", "text remote_author"),
    "orders.Attachment": ("order__project", "name"),
    "orders.Shipment": ("project", "address remarks"),
    "orders.Customer": ("project", "description metadata"),
    "orders.PointsMovement": ("project", "note"),
    "stock.StockMovement": ("project", "note"),
    "stock.StockPosting": ("project", "note"),
    "stock.StockTransfer": ("project", "note"),
}

# What the site's people write down of each other's deeds; of the whole installation, because it knows no project.
LOG = {"admin.LogEntry": "object_repr change_message"}

# Columns that hold nothing of a buyer: settings, states, codes, keys, sums, numbers of orders, and what the shop sells.
NOT_PERSONAL: Columns = {
    "admin.LogEntry": "object_id",
    # Of people who work here.
    "integrations.AccessEvent": "kind name agent detail",
    "integrations.Account": "name plan",
    "integrations.ApiKey": "name app_id prefix digest scopes reading",
    "integrations.Authenticator": "name secrets",
    "integrations.BrowserSession": "session_key session_data agent",
    "integrations.BulkFailure": "key",
    "integrations.BulkImport": "request_id action on_conflict token",
    "integrations.BuyerEntry": "listing",
    "integrations.CarrierMapping": "carrier code",
    "integrations.CleaningRound": "name",
    "integrations.CodeListEntry": "kind code label name color",
    "integrations.Crossing": "kind label digest state remote_id",
    "integrations.Distribution": "name trigger channel subject text",
    "integrations.Export": "exported_object token",
    "integrations.ExchangedFile": "name digest state reason moved_to problem",
    "integrations.Feed": "kind",
    "integrations.FileFeed": "folder pattern layout options",
    "integrations.Fix": "reason_code orders",
    "integrations.Heartbeat": "kind name",
    "integrations.KeyFingerprint": "kind digest",
    "integrations.Integration": "platform title base_url credentials time_zone unknown_products unknown_payments"
    " articles_by unknown_taxes"
    " unknown_deliveries ours_wins after_import health health_note sends",
    "integrations.MailServer": "host security username secrets from_name from_address problem",
    "integrations.Membership": "role",
    "integrations.Message": "cause state reason",
    "integrations.MetadataMapping": "source field name transform",
    "integrations.OrderHint": "external_id",
    "integrations.PasswordRequest": "email",
    "integrations.PlatformKey": "name key",
    "integrations.Project": "name currency time_zone id_key",
    "integrations.RemoteOrder": "external_id number status currency state action",
    "integrations.Run": "kind state cursor",
    "integrations.SavedView": "list_name columns",
    "integrations.ShopArticle": "sku name place state",
    "integrations.ShopQuantity": "external_id shop_sku sku name",
    "integrations.SkuMapping": "shop_sku sku",
    "integrations.StatusRule": "status label action",
    "integrations.Trouble": "kind",
    "integrations.Webhook": "token secrets external_id problem registered_for topics",
    "integrations.WebhookDelivery": "event_id event subject number state",
    "integrations.WebhookEndpoint": "url events secrets reason",
    "orders.Announcement": "kind",
    "orders.Attachment": "content_type",
    "orders.CustomerSummary": "country",
    "orders.EarningRule": "name trigger",
    "orders.Invoice": "document_type code order_number payment_title currency",
    "orders.Letterhead": "company address tax_ids bank_account footer slip_keys logo",
    "orders.NumberSeries": "document_type",
    "orders.Order": "number status tab import_action remote_status currency source_id payment_code payment_title"
    " shipping_code shipping_title fee_title residual_title edited",
    "orders.OrderEffect": "effect",
    "orders.OrderEvent": "kind",
    "orders.OrderLine": "key sku name tax_name",
    "orders.PointsMovement": "reason",
    "orders.PreparedOrder": "carrier scans",
    "orders.RoutingRule": "countries postcodes shipping currency sku_prefix",
    "orders.Segment": "name kind junction conditions",
    "orders.Shipment": "code order_number carrier",
    "orders.ShipmentLine": "sku name",
    "stock.ParentProduct": "source_id name attributes metadata image_url",
    "stock.Product": "sku name ean currency attributes metadata image_url",
    "stock.StockLevel": "location",
    "stock.StockMovement": "reason",
    "stock.StockPosting": "kind lines served",
    "stock.Warehouse": "name",
}


def declared() -> list[tuple[str, str]]:
    """Every column of the tables above, as (model, field)."""
    tables: list[Columns] = [place.columns for place in PLACES] + [each.columns for each in STAYS]
    tables += [{model: columns for model, (_, columns) in MENTIONS.items()}, LOG, NOT_PERSONAL]
    return [(model, field) for table in tables for model, fields in table.items() for field in fields.split()]
