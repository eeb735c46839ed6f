"""An order of a marketplace in the words of the shop that it is made in."""

from __future__ import annotations

from msgspec.structs import asdict

from integrations.choices import ListKind
from integrations.connectors.outward import CopiedLine, Dispatch, DispatchLine, OrderCopy
from integrations.importing import mapping
from integrations.importing.payloads import Candidate, read_stored
from integrations.models import CodeListEntry, Integration, RemoteOrder, SkuMapping
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingAddress, IncomingOrder


class NotCopied(Exception):
    """It cannot be made in the shop. The message is a sentence for staff."""


def reference_of(remote: RemoteOrder) -> str:
    """By which the order is found again in the shop it was made in."""
    return f"{remote.integration.platform}-{remote.external_id}"[:50]


def copy_of(remote: RemoteOrder, shop: Integration) -> OrderCopy:
    """The order as `shop` is to have it. Raises NotCopied."""
    marketplace = remote.integration
    order = _in_our_words(remote)
    if order.residual:
        # Said as money that is charged or taken off without a name: no shop would take a total that does not add up.
        raise NotCopied(
            f"Its parts do not add up to its total ({order.residual} {order.currency} are left): make it by hand."
        )
    skus = dict(SkuMapping.objects.filter(integration=shop).values_list("sku", "shop_sku"))
    lines = [
        CopiedLine(skus.get(line.sku, line.sku), line.name, line.quantity, line.total, line.tax) for line in order.lines
    ]
    if order.fee_total or order.fee_tax:
        lines.append(CopiedLine("", order.fee_title or "Fee", 1, order.fee_total, order.fee_tax))
    return OrderCopy(
        reference=reference_of(remote),
        number=order.number,
        placed_at=order.placed_at,
        currency=order.currency,
        lines=tuple(lines),
        shipping_title=order.shipping_title,
        shipping_code=_code(shop, ListKind.SHIPPING_METHOD, order.shipping_title),
        shipping_net=order.shipping_total,
        shipping_tax=order.shipping_tax,
        payment_title=order.payment_title,
        payment_code=_code(shop, ListKind.PAYMENT, order.payment_title),
        paid=order.paid_at is not None,
        email=order.email,
        phone=order.phone,
        billing=_address(order.billing),
        shipping=_address(order.shipping),
        note=order.note,
        takes_stock=marketplace.takes_stock,
    )


def in_the_marketplaces_words(dispatch: Dispatch, remote: RemoteOrder) -> Dispatch:
    """A shipment of the echo as the marketplace is to know it: its lines found by their SKUs. Raises NotCopied."""
    left = {line.key: (line.sku, line.quantity) for line in _in_our_words(remote).lines}
    lines: list[DispatchLine] = []
    for gone in dispatch.lines:
        wanted = gone.quantity
        for key, (sku, units) in left.items():
            taken = min(wanted, units) if sku == gone.sku else 0
            if taken:
                lines.append(DispatchLine(key, sku, taken))
                left[key], wanted = (sku, units - taken), wanted - taken
    if not lines:
        raise NotCopied("None of what left is part of the order as the marketplace has it: tell it by hand.")
    return Dispatch(
        reference=dispatch.reference,
        order_id=remote.external_id,
        lines=tuple(lines),
        completes=dispatch.completes,
        carrier=dispatch.carrier,
        carrier_title=dispatch.carrier_title,
        tracking_number=dispatch.tracking_number,
        shipped_at=dispatch.shipped_at,
        tell_buyer=dispatch.tell_buyer,
    )


def _in_our_words(remote: RemoteOrder) -> IncomingOrder:
    marketplace = remote.integration
    seen: Candidate = read_stored(marketplace.connector, marketplace.reader(), remote.payload)
    if seen.order is None:
        raise NotCopied(f"Its document cannot be read: {seen.error}")
    ours = mapping.load(marketplace, [seen.order]).apply(seen.order)
    if isinstance(ours, Obstacle):
        raise NotCopied(ours.message)
    return ours


def _code(shop: Integration, kind: ListKind, name: str) -> str:
    """The shop's own code of what is called so here, or in the shop; "" where there is none, or several."""
    entries = CodeListEntry.objects.filter(integration=shop, kind=kind).exclude(code__contains="*")
    for field in ("name", "label"):
        codes = list(entries.filter(**{field: name}).values_list("code", flat=True)[:2]) if name else []
        if len(codes) == 1:
            return codes[0]
    return ""


def _address(address: IncomingAddress) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(address).items() if value}
