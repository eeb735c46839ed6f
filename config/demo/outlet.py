"""The demo's marketplace: its orders are made in a shop, and come into the book from there."""

from __future__ import annotations

from config.demo.director import Hands
from config.demo.telling import is_told
from config.demo.world import OUTLET, PRAGUE
from config.kit import true_time
from integrations.choices import CrossingKind, CrossingState
from integrations.importing.load import request_load
from integrations.marketplaces import copies, handing_on
from integrations.models import Crossing, Integration, Project, RemoteOrder
from orders.models import Order
from orders.work import shipping


def hand_on(project: Project) -> None:
    """From now on its orders go into the shop in Prague; those of before stay where they are."""
    marketplace = project.integrations.get(title=OUTLET.title)
    Integration.objects.filter(pk=marketplace.pk).update(start_at=true_time.now())
    target = project.integrations.get(title=PRAGUE.title)
    handing_on.set_target(marketplace, target.pk, invoice_after_import=False, takes_stock=True)


def check(project: Project, hands: Hands) -> None:
    """An order of the marketplace is in the shop once, in the book once, and both are told that it left."""
    marketplace = project.integrations.get(title=OUTLET.title)
    shop = project.integrations.get(title=PRAGUE.title)
    hands.director.place(OUTLET, {"MUG-BLUE": 2, "CHOC-72": 1})
    request_load(marketplace)
    hands.wait()
    remote = RemoteOrder.objects.filter(integration=marketplace).latest("pk")
    crossings = Crossing.objects.filter(kind=CrossingKind.ORDER, subject=remote.pk)
    hands.until(lambda: crossings.filter(state=CrossingState.SENT, checked_at__isnull=False).exists())
    reference = copies.reference_of(remote)
    made = [order for order in hands.director.description(PRAGUE)["orders"] if order["reference"] == reference]
    hands.row(f"{marketplace}: a new order, made in {shop}", len(made), 1)
    for _ in range(2):
        request_load(shop)
        hands.wait()
    echoes = Order.objects.filter(integration=shop, remote_order__external_id=crossings.get().remote_id)
    hands.row(f"The same in the book, as an order of {shop}", echoes.count(), 1)
    hands.row(f"Orders in the book that came from {marketplace} itself", marketplace.orders.count(), 0)
    number = f"JD{OUTLET.seed:010}"
    shipment = shipping.ship(echoes.get().pk, carrier="DHL", tracking_number=number)
    hands.until(lambda: is_told(shop, shipment) and is_told(marketplace, shipment))
    told = [hands.director.told(each, number) for each in (PRAGUE, OUTLET)]
    hands.row("Its shipment, told to shop and marketplace", told, [1, 1])
