"""One row of every kind in a project, each with a word in what lists and pages show."""

from __future__ import annotations

from uuid import uuid4

from django.db.models import Model
from django.utils import timezone

from integrations.access import access_log, api_keys
from integrations.choices import (
    AccessKind,
    CrossingKind,
    FileState,
    ListKind,
    Process,
    RemoteState,
    RunKind,
    TroubleKind,
)
from integrations.models import (
    BulkImport,
    BuyerEntry,
    CarrierMapping,
    Crossing,
    Distribution,
    ErasureRequest,
    ExchangedFile,
    Export,
    FileFeed,
    FileRowError,
    Heartbeat,
    KeyFingerprint,
    MailOptOut,
    MailServer,
    Message,
    OrderInFile,
    Project,
    Run,
    ShopArticle,
    Trouble,
    WebhookDelivery,
)
from integrations.shops.connection import set_up
from integrations.webhooks import endpoints
from orders.choices import AnnouncementKind, EarningTrigger, SegmentKind
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadWording
from orders.models import Customer, Invoice, PointsMovement, RoutingRule, Shipment
from orders.points import earning_rules, movements
from orders.preparing import gathering
from orders.segments import definitions
from stock import warehouses
from stock.choices import PostingKind
from stock.models import Product, StockMovement, StockPosting
from tests.admin.conftest import imported, remote
from tests.factories import IntegrationFactory, give_stock, incoming, line

CANARY = "Zanzibar"


def rows_of(project: Project) -> dict[type[Model], Model]:
    """One row of every kind in a project, each with the canary in what lists and pages show."""
    shop = IntegrationFactory.create(project=project, title=f"{CANARY} shop")
    set_up(shop)
    give_stock(project, ZANZIBAR=5)
    [order] = imported(shop, [incoming(line("ZANZIBAR"), number=CANARY, email="zanzibar@mail.example")], "history")
    [waiting] = imported(shop, [incoming(line("ZANZIBAR"), number=f"{CANARY} 2", email="zanzibar@mail.example")])
    run = Run.objects.create(project=project, integration=shop, kind=RunKind.LOAD, reason=CANARY)
    failed = remote(shop, CANARY, RemoteState.FAILED)
    erasure = ErasureRequest.objects.create(
        project=project, integration=shop, external_id="1", person=CANARY, told_at=timezone.now()
    )
    person = Customer.objects.get(project=project)
    distribution = Distribution.objects.create(project=project, name=CANARY, trigger="order_paid", channel="email")
    now = timezone.now()
    segment = definitions.create(project.pk, definitions.SegmentWish(CANARY, SegmentKind.STATIC), [person.pk])
    movements.adjust(person.pk, 5, CANARY, seen=None, actor_id=None)
    KeyFingerprint.objects.create(kind="signing", digest=f"of {project.pk}")
    Heartbeat.objects.create(name=f"tick of {project.pk}", kind=Process.TICK, at=now)
    BulkImport.objects.create(run=run, project=project, request_id="req_1")
    Export.objects.create(run=run, project=project, token="t")
    MailServer.objects.create(project=project, host="mail.example", port=587, from_address="shop@mail.example")
    Trouble.objects.create(integration=shop, kind=TroubleKind.CREDENTIALS, opened_at=now, next_try_at=now)
    shop.code_list.create(kind=ListKind.PAYMENT, code="cod", label=CANARY)
    shop.metadata_mappings.create(source="key", name=CANARY)
    order.announcements.create(project=project, kind=AnnouncementKind.CREATED, at=now, taken_at=now)
    url = f"https://{CANARY.lower()}.example/hooks"
    endpoint = endpoints.create(project, url, ["customer.order.created"]).endpoint
    stock_feed = shop.feeds.create(kind=RunKind.STOCK_FILES, enabled=False)
    FileFeed.objects.create(feed=stock_feed, pattern=f"{CANARY}*")
    file = ExchangedFile.objects.create(
        project=project, feed=stock_feed, name=f"{CANARY}.csv", state=FileState.DONE, reason=CANARY
    )
    FileRowError.objects.create(file=file, row=1, sentence=CANARY)
    OrderInFile.objects.create(feed=stock_feed, file=file, order_id=order.pk)
    CarrierMapping.objects.create(integration=shop, carrier=CANARY, code="dhl")
    found: list[Model | None] = [
        Crossing.objects.create(
            integration=shop,
            kind=CrossingKind.SHIPMENT,
            subject=Shipment.objects.get(project=project).pk,
            order_id=order.pk,
            label=CANARY,
            answer=CANARY,
        ),
        ShopArticle.objects.create(integration=shop, sku=CANARY, name=CANARY, wanted=5, told=4, in_shop=4),
        file,
        segment,
        earning_rules.create(
            project.pk, earning_rules.EarningRuleWish(CANARY, EarningTrigger.SEGMENT_ENTERED, 5, segment.pk)
        ),
        PointsMovement.objects.get(customer=person),
        distribution,
        Message.objects.create(
            distribution=distribution,
            cause="order-1",
            customer_id=person.pk,
            reason=CANARY,
            next_attempt_at=now,
            created_at=now,
        ),
        MailOptOut.objects.create(project=project, email=f"{CANARY}@mail.example", at=now),
        endpoint,
        WebhookDelivery.objects.create(
            endpoint=endpoint, project=project, event_id="evt_1", number=CANARY, happened_at=now, body=b"{}"
        ),
        shop,
        erasure,
        BuyerEntry.objects.create(project=project, pattern=f"{CANARY.lower()}.example", remark=CANARY),
        order,
        run,
        api_keys.make(project.pk, CANARY).key,
        access_log.note(AccessKind.KEY_MADE, access_log.Origin(), account_id=project.account_id, name=CANARY),
        failed,
        person,
        Invoice.objects.get(project=project),
        Shipment.objects.get(project=project),
        letterheads.change(
            project.pk, LetterheadWording(CANARY), logo=None, seen=project.letterheads.get().pk, actor_id=None
        ),
        Product.objects.get(project=project),
        gathering.gather(project.pk, [waiting.pk], actor_id=None).preparation,
        StockPosting.objects.create(
            project=project,
            kind=PostingKind.RECEIPT,
            warehouse_id=warehouses.first_of(project.pk),
            token=uuid4(),
            note=CANARY,
            at=now,
        ),
        warehouses.add(project.pk, CANARY),
        RoutingRule.objects.create(project=project, position=1, shipping=CANARY),
        StockMovement.objects.get(level__product__project=project),
    ]
    return {type(row): row for row in found if row is not None}
