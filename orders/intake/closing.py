"""Switch a warehouse off, once nothing is to be done there any more."""

from __future__ import annotations

from django.db import transaction

from orders.models import Order, RoutingRule
from stock import ledger, warehouses
from stock.models import Warehouse
from stock.warehouses import WarehouseRefused


@transaction.atomic
def close(warehouse: Warehouse) -> Warehouse:
    """From now on no order goes there. Raises WarehouseRefused while orders, goods or the default are there."""
    ledger.lock_project(warehouse.project_id)  # so that no page that is on its way brings an order
    here = warehouses.of(warehouse.project_id)
    orders = Order.objects.filter(project_id=warehouse.project_id, warehouse=here.place(warehouse.pk))
    if orders.exclude(tab="").exists():
        raise WarehouseRefused(
            f"Open orders are served from {warehouse}: ship them, or let them be served from another warehouse first."
        )
    if RoutingRule.objects.filter(warehouse=warehouse).exists():
        raise WarehouseRefused(f"A routing rule sends orders to {warehouse}: change the rules first.")
    return warehouses.switch_off(warehouse)
