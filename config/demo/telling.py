"""The demo's shops that are told: of shipments, of stock, and again of what they refused."""

from __future__ import annotations

from django.db.models import F, Sum

from config.demo.director import Hands
from config.demo.world import PANTRY, PRAGUE
from integrations.choices import CrossingKind, CrossingState, RunKind
from integrations.follow_up import steps
from integrations.models import Crossing, Integration
from integrations.pushes import going_live
from integrations.runs import control
from orders.intake.allocation import change_stock
from orders.models import Shipment
from orders.work import shipping
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product, StockLevel

SKU, RECEIVED = "SPOON-OLIVE", 7


def check(hands: Hands) -> None:
    """Ship, receive, and have a shop refuse: what it is told, as the shop itself shows it."""
    shops = [Integration.objects.get(title=shop.title, live=True) for shop in (PRAGUE, PANTRY)]
    _shipments(shops, hands)
    _stock(shops, hands)
    _refused(shops[0], hands)


def is_told(integration: Integration | None, shipment: Shipment) -> bool:
    """Whether the shop has been told of a shipment, and has shown that it has it."""
    rows = Crossing.objects.filter(integration=integration, kind=CrossingKind.SHIPMENT, subject=shipment.pk)
    return rows.filter(state=CrossingState.SENT, checked_at__isnull=False).exists()


def _shipments(shops: list[Integration], hands: Hands) -> None:
    numbers = {shop: f"JD{shop.pk:010}" for shop in shops}
    for shop, number in numbers.items():
        shipment = shipping.ship(hands.new_order(shop, {SKU: 1}).pk, carrier="DHL", tracking_number=number)
        hands.until(lambda shop=shop, shipment=shipment: is_told(shop, shipment))  # type: ignore[misc]
    for shop, number in numbers.items():
        told = hands.director.told(hands.director.shop(shop), number)
        hands.row(f"{shop}: shipments with the tracking number of ours", told, 1)


def _stock(shops: list[Integration], hands: Hands) -> None:
    """A receipt here changes the quantity there."""

    def there(shop: Integration) -> int:
        return int(hands.director.description(hands.director.shop(shop))["quantities"][SKU])

    def all_told() -> bool:
        return all(there(shop) == _available(shop) for shop in shops)

    for shop in shops:
        control.request(RunKind.STOCK_CHECK, shop)
    hands.wait()
    steps.ring_due()  # as the tick does within seconds
    hands.until(all_told)
    before = [there(shop) for shop in shops]
    for shop in shops:
        received = Change(_product(shop).pk, RECEIVED, MovementReason.RECEIPT, "Spoons")
        change_stock(shop.project_id, [received])
    steps.ring_due()
    hands.until(all_told)
    for shop, units in zip(shops, before, strict=True):
        what = f"{shop}: units of {SKU}, {units} before {RECEIVED} were received here"
        hands.row(what, there(shop), units + RECEIVED)


def _product(shop: Integration) -> Product:
    return Product.objects.get(project=shop.project_id, sku=SKU)


def _available(shop: Integration) -> int:
    levels = StockLevel.objects.filter(product=_product(shop)).aggregate(units=Sum(F("on_hand") - F("reserved")))
    return int(levels["units"] or 0)


def _refused(integration: Integration, hands: Hands) -> None:
    """What a shop refuses is shown as failed, and goes out by a person's click."""
    shop, number = hands.director.shop(integration), "JD0000000000"
    order = hands.new_order(integration, {SKU: 1})
    hands.director.ask(shop, "faults", {"kind": "refuse_write", "status": 400, "path": "/notes"})
    shipment = shipping.ship(order.pk, carrier="DHL", tracking_number=number)
    rows = Crossing.objects.filter(integration=integration, kind=CrossingKind.SHIPMENT, subject=shipment.pk)
    hands.until(lambda: rows.filter(state=CrossingState.FAILED).exists())
    row = rows.get()
    hands.row(f"{integration}: a shipment that the shop refuses", row.state, CrossingState.FAILED)
    sent = going_live.send_again(integration, [row.pk])
    hands.until(lambda: is_told(integration, shipment))
    hands.row("Sent again by a click, then in the shop", (sent, hands.director.told(shop, number)), (1, 1))
