"""What an order gets of the stock: what each line reserves, waits for or ships. Pure counting."""

from __future__ import annotations

from collections.abc import Mapping

from orders.choices import OrderStatus
from orders.intake.drafts import Draft, DraftLine, Intake, Obstacle
from orders.intake.plans import Plan
from orders.intake.tabs import tab_of
from stock.availability import Level, issue, shortages
from stock.warehouses import Place


def draft(
    intake: Intake, products: Mapping[str, int], levels: Mapping[int, Level], place: Place = None
) -> Draft | Obstacle:
    """Decide one order: what each line reserves, waits for or ships of the levels of its warehouse."""
    made = Draft(intake, place)
    for incoming in intake.order.lines:
        product_id = None
        if incoming.stocked and incoming.sku:
            product_id = products.get(incoming.sku)
            if product_id is None:
                return unknown_product(incoming.sku)
        made.lines.append(DraftLine(incoming, product_id))
    plan = intake.plan
    if plan.move_stock:
        missing = _issue_all(made, levels)
        if missing:
            return missing
    for line in made.lines:
        _share(line, plan, levels)
    made.tab = tab_of(plan.status, [(line.reserved, line.waiting) for line in made.lines if line.product_id])
    return made


def unknown_product(sku: str) -> Obstacle:
    message = f"SKU {sku} is not among the products: create the product, or map the SKU to one of yours."
    return Obstacle("unknown_sku", message[:500], sku)


def _issue_all(draft: Draft, levels: Mapping[int, Level]) -> Obstacle | None:
    wanted: dict[int, int] = {}
    for line in draft.lines:
        if line.product_id is not None:
            wanted[line.product_id] = wanted.get(line.product_id, 0) + line.incoming.quantity
    missing = shortages(levels, wanted)
    if missing:
        skus = {line.product_id: line.incoming.sku for line in draft.lines}
        what = ", ".join(f"{units} × {skus[product_id]}" for product_id, units in sorted(missing.items()))
        message = f"“Import and complete” needs every unit on stock; missing: {what}. Receive them first."
        return Obstacle("insufficient_stock", message[:500], skus[min(missing)])
    issue(levels, wanted)
    return None


def _share(line: DraftLine, plan: Plan, levels: Mapping[int, Level]) -> None:
    quantity = line.incoming.quantity
    if plan.status == OrderStatus.CANCELLED:
        line.cancelled = quantity
    elif plan.ship:
        line.shipped = quantity
    elif plan.reserve:
        line.cancelled = min(line.incoming.refunded, quantity)
        if line.product_id is not None:
            level, wanted = levels.get(line.product_id), quantity - line.cancelled
            line.reserved = level.take(wanted) if level and wanted else 0
            line.waiting = wanted - line.reserved
