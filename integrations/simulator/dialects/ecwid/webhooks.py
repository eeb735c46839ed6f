"""Ecwid's webhooks: entered by hand (at the director's door), signed over the event's id and time."""

from __future__ import annotations

import base64
import hmac
import json

from integrations.simulator.dialects.ecwid.orders import order_id, statuses
from integrations.simulator.shop import SimulatedShop
from integrations.simulator.switchboard import Event, Hook, Parcel


def parcel(shop: SimulatedShop, hook: Hook, event: Event) -> Parcel | None:
    """Abandoned carts have events of another name, which nobody has asked for."""
    payment, fulfilment = statuses(event.sale, shop.now())
    if payment == "INCOMPLETE":
        return None
    at, kind = int(shop.now().timestamp()), f"order.{event.kind}"
    identifier = f"80aece08-40e8-4145-8764-{event.sale.id:06x}{at & 0xFFFFFF:06x}"
    told = {
        "eventId": identifier,
        "eventCreated": at,
        "storeId": 1003,
        "entityId": event.sale.id,
        "eventType": kind,
        "data": {
            "orderId": order_id(event.sale),
            "newPaymentStatus": payment,
            "newFulfillmentStatus": fulfilment,
        },
    }
    signature = hmac.digest(hook.secret.encode(), f"{at}.{identifier}".encode(), "sha256")
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "X-Ecwid-Webhook-Signature": base64.b64encode(signature).decode(),
    }
    return Parcel(headers, json.dumps(told, separators=(",", ":")).encode())
