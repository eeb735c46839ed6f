"""A person with telling values, known to every table that can know people, by the ways through which people come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import User
from django.test import Client
from pypdf import PdfWriter

from integrations.choices import BuyerListing, ImportAction, RemoteState, Role, RunKind
from integrations.connectors import shop_connectors
from integrations.connectors.listings import Window
from integrations.distributions import opt_outs
from integrations.distributions.dispatch import send_letters
from integrations.follow_up import steps
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate, digest_of, read, read_page
from integrations.importing.rules import Mode
from integrations.models import BuyerEntry, Integration, Project, RemoteOrder, StatusRule
from integrations.runs import claims, control, pages
from integrations.secrets import Secrets
from integrations.simulator import dialects, sales
from integrations.simulator.catalogue import BUYERS, Buyer
from integrations.simulator.receiver import Receiver
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.choices import Part
from orders.intake.incoming import IncomingAddress
from orders.models import Customer, Order, PreparedOrder
from orders.points import movements
from orders.preparing import gathering
from orders.preparing.leaving import set_parcel
from orders.work import attachments, crediting, editing, invoicing, lifecycle, notes, shipping
from tests.api.conftest import Partner, work_off
from tests.factories import IntegrationFactory, give_stock, member
from tests.integrations.webhooks.deliveries import endpoint_at
from tests.recorded import from_site, serve

CANARY = Buyer(
    "Canarina",
    "Vogelsang-Xq",
    "Gelbfeder Holding",
    "Kanarienweg 77x",
    "Vogelstadt",
    "CNRY9VGL",
    "DE",
    "+49 30 7741 9925",
)
OTHER = BUYERS[0]
EMAIL = CANARY.email
# What tells who it is, by name.
CANARIES = {
    "first name": "Canarina", "last name": "Vogelsang-Xq", "company": "Gelbfeder", "street": "Kanarienweg",
    "city": "Vogelstadt", "postal code and e-mail": "cnry9vgl", "phone": "7741 9925", "partner's id": "loyal-canary-1",
    "said": "zwitschert", "tracking": "TRACKCANARY",
}  # fmt: skip


@dataclass
class Planted:
    project: Project
    user: User
    shops: dict[str, tuple[Integration, SimulatedSite]]
    worked_on: Order
    by_partner: Order
    bystander: Order
    """Somebody else's, in which the address is quoted."""


@contextmanager
def everybody_is(buyer: Buyer) -> Iterator[None]:
    """Who buys in simulated shops."""
    with patch.object(sales, "BUYERS", [buyer]):
        yield


def fetched(shop: Integration, site: SimulatedSite) -> list[Candidate]:
    """All orders of a simulated shop, as a load reads them."""
    now, cursor, found = datetime.now(UTC), None, []
    while True:
        window = Window(now - timedelta(days=3), now)
        page, _ = serve(shop.connector.orders.in_window(shop.shop(), window, cursor), partial(from_site, site))
        found += read_page(shop.connector, shop.reader(), page.payloads)
        if page.next is None:
            return found
        cursor = page.next


def again(shop: Integration, site: SimulatedSite, ids: tuple[str, ...]) -> list[Candidate]:
    """These orders, as every look at known orders reads them."""
    found = []
    for external_id in ids:
        page, _ = serve(shop.connector.orders.by_ids(shop.shop(), (external_id,)), partial(from_site, site))
        found += read_page(shop.connector, shop.reader(), page.payloads)
    return found


def put(shop: Integration, candidates: Sequence[Candidate], mode: Mode = Mode.SWEEP) -> None:
    """Write a page as a run does."""
    run = control.request(RunKind.LOAD, shop)
    held = claims.claim(run.pk)
    assert held is not None
    pages.write(held, import_page(shop, candidates, None, mode=mode))
    claims.finish(held, "succeeded")  # type: ignore[arg-type]


def shop_of(project: Project, platform: str, seed: int = 1) -> tuple[Integration, SimulatedSite]:
    """A simulated shop with two orders of the canary, connected."""
    sold = SimulatedShop(platform, seed=seed, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    sold.place("processing", {"MUG-WHITE": 1}, age=7200)
    sold.place("completed", {"MUG-WHITE": 2}, age=3600)
    site = SimulatedSite(sold, platform)
    made = IntegrationFactory.create(
        project=project,
        platform=platform,
        base_url=f"https://{platform}.shop.example",
        credentials=Secrets(dialects.get(platform).keys(sold)),
    )
    return made, site


def from_shops(project: Project) -> dict[str, tuple[Integration, SimulatedSite]]:
    """Two orders in the book, one pending, one ignored and one unreadable order of each platform."""
    shops = {}
    for connector in shop_connectors():
        shop, site = shop_of(project, connector.key)
        seen = fetched(shop, site)
        assert len(seen) >= 2, connector.key
        for candidate in seen:
            StatusRule.objects.get_or_create(
                integration=shop, status=candidate.status, defaults={"action": ImportAction.HISTORY}
            )
        put(shop, seen)
        shops[connector.key] = (shop, site)
    return shops


def aside(shops: dict[str, tuple[Integration, SimulatedSite]]) -> None:
    """More orders of the same buyer that are pending, ignored and failed."""
    shop, site = shops["woocommerce"]
    StatusRule.objects.create(integration=shop, status="on-hold", action=ImportAction.SKIP)
    ids = {candidate.external_id for candidate in fetched(shop, site)}
    for status in ("pending", "on-hold", "processing"):
        site.shop.place(status, {"MUG-WHITE": 1}, age=1800)
    pending, ignored, failing = [each for each in fetched(shop, site) if each.external_id not in ids]
    put(shop, [pending], Mode.REVIEW)
    put(shop, [ignored])
    broken = failing.payload.replace('"total":"', '"total":"x', 1).encode()
    put(shop, [read(shop.connector, shop.reader(), broken, digest_of(broken))])
    states = RemoteOrder.objects.exclude(state=RemoteState.IMPORTED).values_list("state", flat=True)
    assert sorted(states) == ["failed", "ignored", "pending"]


def pdf_saying(text: str) -> bytes:
    written = BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_metadata({"/Title": text})
    writer.write(written)
    return written.getvalue()


def work_on(order: Order, user: User) -> None:
    """Everything people do to an order, saying who it is for."""
    said = f"Canarina zwitschert ({EMAIL})"
    notes.add_note(order.pk, said, seen=0, author_id=user.pk)
    attachments.attach(order.pk, "Vogelsang-Xq.txt", said.encode(), author_id=user.pk)
    attachments.attach(order.pk, "letter.pdf", pdf_saying(said), author_id=user.pk)
    address = IncomingAddress(first_name="Canarina", last_name="Vogelsang-Xq", city="Vogelstadt-Nord", country="DE")
    editing.edit_address(order.pk, Part.SHIPPING, address, actor_id=user.pk)
    editing.edit_note(order.pk, said, actor_id=user.pk)
    lifecycle.hold(order.pk, actor_id=user.pk, reason=said)
    lifecycle.release(order.pk, actor_id=user.pk, reason=said)
    gathering.gather(order.project_id, [order.pk], actor_id=user.pk)
    set_parcel(PreparedOrder.objects.get(order=order).pk, "DHL", "TRACKCANARY")
    shipping.ship(order.pk, carrier="DHL", tracking_number="TRACKCANARY", actor_id=user.pk)
    invoice = invoicing.issue(order.pk, actor_id=user.pk)
    crediting.credit_amount(invoice.pk, Decimal(1), reason="Damaged", actor_id=user.pk)


def by_api(partner: Partner) -> Order:
    """A live order with its answer kept, an import, a bulk call, and a file with their names."""
    give_stock(partner.project, BOX=9)
    customer = {
        "source_id": "loyal-canary-1", "email": EMAIL, "name": "Canarina Vogelsang-Xq", "phone": "+49 30 7741 9925",
        "description": "zwitschert", "address": {"line_1": "Kanarienweg 77x", "city": "Vogelstadt", "country": "DE"},
        "metadata": {"nickname": "zwitschert"},
    }  # fmt: skip
    item = {"source_id": "BOX", "quantity": 1, "amount": 500, "metadata": {"engraving": "Canarina"}}
    order = {"source_id": "po-1", "status": "PAID", "items": [item], "customer": customer, "metadata": {"for": EMAIL}}
    made = partner.post("/v1/orders", order, Idempotency_Key="once")
    assert made.status_code == 200, made.content
    partner.imported([{**order, "source_id": "po-2"}, {**order, "source_id": "po-3", "customer": customer}])
    fields = ["source_id", "metadata.for"]
    assert partner.post("/v1/orders/export", {"parameters": {"fields": fields}}).status_code == 200
    assert partner.post("/v1/customers/bulk/async", [{"source_id": customer["source_id"]}]).status_code == 202
    work_off()
    return Order.objects.get(source_id="po-1")


def lists(project: Project, user: User) -> None:
    """Blocked, allowed and unsubscribed, and what the admin writes down of that."""
    browser = Client()
    browser.force_login(user)
    entry = {"pattern": EMAIL, "listing": BuyerListing.BLOCK.value, "active": "on", "remark": "Canarina zwitschert"}
    assert browser.post("/integrations/buyerentry/add-entry/", entry).status_code == 302
    assert BuyerEntry.objects.get(pattern=EMAIL).remark
    opt_outs.opt_out(project.pk, [EMAIL], user_id=user.pk)


def quoted(project: Project, shops: dict[str, tuple[Integration, SimulatedSite]], user: User) -> Order:
    """An order of somebody else, in which a note and a document quote the address."""
    shop, site = shops["ecwid"]
    with everybody_is(OTHER):
        known = {each.external_id for each in fetched(shop, site)}
        site.shop.place("processing", {"MUG-WHITE": 1}, age=1500)
        (seen,) = [each for each in fetched(shop, site) if each.external_id not in known]
    document = seen.payload.replace("{", f'{{"orderComments": "for <{EMAIL.upper()}>\\n{EMAIL}",', 1).encode()
    put(shop, [read(shop.connector, shop.reader(), document, digest_of(document))])
    order = Order.objects.get(remote_order__external_id=seen.external_id)
    notes.add_note(order.pk, f"Paid by {EMAIL}.", seen=0, author_id=user.pk)
    return order


def plant(project: Project, receiver: Receiver, mail: Any, distributing: Any) -> Planted:
    user = member(project.account, Role.IMPORT_ADMIN)
    mail.refusals[EMAIL] = 550
    endpoint_at(project, receiver.url)
    distributing()
    with everybody_is(CANARY):
        shops = from_shops(project)
        aside(shops)
        first = Order.objects.filter(integration=shops["woocommerce"][0]).order_by("pk").first()
        assert first is not None
        by_partner = by_api(Partner(project))
        give_stock(project, MUG_WHITE=50)
        live = _live(shops)
        work_on(live, user)
    steps.follow_up(project.pk)
    send_letters(project.pk)
    customer = Customer.objects.get(email=EMAIL)
    movements.adjust(customer.pk, 5, "zwitschert", seen=None, actor_id=user.pk)
    bystander = quoted(project, shops, user)
    lists(project, user)
    return Planted(project, user, shops, live, by_partner, bystander)


def _live(shops: dict[str, tuple[Integration, SimulatedSite]]) -> Order:
    """An order that was imported as valid, and is in stock."""
    shop, site = shops["bigcommerce"]
    known = {each.external_id for each in fetched(shop, site)}
    site.shop.place("processing", {"MUG-WHITE": 1}, age=1700)
    (seen,) = [each for each in fetched(shop, site) if each.external_id not in known]
    StatusRule.objects.update_or_create(integration=shop, status=seen.status, defaults={"action": ImportAction.VALID})
    put(shop, [seen])
    return Order.objects.get(remote_order__external_id=seen.external_id, integration=shop)
