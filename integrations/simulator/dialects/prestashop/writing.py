"""What may be written into a PrestaShop: tracking numbers, states, messages and quantities, as XML (8.2.1).

Of a PUT a field that is left out is emptied, or refused where the row needs it; the rows of one request are saved one
after the other until one fails. The tracking number of an order and its entries of states are kept beside the orders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from defusedxml.ElementTree import ParseError, fromstring

from integrations.simulator import writing
from integrations.simulator.catalogue import DELIVERIES, PRODUCTS, SHIRT
from integrations.simulator.dialects.dialect import number_of
from integrations.simulator.dialects.prestashop.orders import CUSTOM, FIRST_CARRIER, STATES, local
from integrations.simulator.dialects.prestashop.tables import PAID, SHIPPED
from integrations.simulator.dialects.prices import priced
from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.sales import Sale
from integrations.simulator.shop import SimulatedShop

Json = dict[str, Any]
FIRST_MESSAGE = 500_000
NEEDED = {
    "order_carriers": {"id_order", "id_carrier"},
    "stock_availables": {"id_product", "id_product_attribute", "quantity", "depends_on_stock", "out_of_stock"},
    "order_histories": {"id_order", "id_order_state"},
    "messages": {"message"},
}
SINGULAR = {"order_histories": "order_history"}


class Refused(Exception):
    """An error of the webservice."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def answer(shop: SimulatedShop, asked: Asked, resource: str) -> Answered:
    """Raises Refused."""
    saving = SAVING.get((asked.method, resource))
    if saving is None:
        raise Refused(405, 25, f"Method {asked.method} is not allowed for the resource {resource}")
    try:
        entities = [{field.tag: field.text or "" for field in entity} for entity in fromstring(asked.body)]
    except ParseError:
        raise Refused(500, 127, "XML error : String could not be parsed as XML") from None
    if asked.method == "PUT" and not all(entity.get("id") for entity in entities):
        raise Refused(400, 90, "id is required when modifying a resource")
    if asked.method == "POST" and any(entity.get("id") for entity in entities):
        raise Refused(400, 91, "id is forbidden when adding a new resource")
    made: Json = {}
    for entity in entities:
        for field in sorted(NEEDED[resource] - set(entity)):
            raise Refused(400, 41, f'parameter "{field}" required')
        made = saving(shop, asked, entity)
    return as_json({SINGULAR.get(resource, resource[:-1]): made}, 201 if asked.method == "POST" else 200)


def _sale(shop: SimulatedShop, number: str) -> Sale:
    sale = shop.sales.get(int(number)) if number.isdigit() else None
    if sale is None or sale.visible_at > shop.now() or not number_of(shop, sale):
        raise Refused(400, 85, "Validation error: Property Order->id_order is not valid")
    return sale


def carrier_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    """One a sale."""
    goods = priced(shop, sale).goods
    place = next(place for place, each in enumerate(DELIVERIES) if each[0] == goods.delivery[0])
    return [
        {
            "id": sale.id,
            "id_order": str(sale.id),
            "id_carrier": str(FIRST_CARRIER + place),
            "id_order_invoice": "0",
            "weight": "0.500000",
            "shipping_cost_tax_excl": f"{priced(shop, sale).shipping:.6f}",
            "shipping_cost_tax_incl": f"{priced(shop, sale).shipping + priced(shop, sale).shipping_tax:.6f}",
            "tracking_number": tracking_of(shop, sale),
            "date_add": local(shop, sale.placed_at),
        }
    ]


def tracking_of(shop: SimulatedShop, sale: Sale) -> str:
    return str(shop.records.kept.get("tracking", {}).get(str(sale.id), ""))


def _carrier(shop: SimulatedShop, asked: Asked, entity: Json) -> Json:
    sale = _sale(shop, entity["id_order"])
    before = carrier_documents(shop, sale)[0]
    lost = [name for name in ("weight", "date_add") if entity.get(name) != before[name]]
    if lost or entity["id"] != str(sale.id):
        raise Refused(400, 85, f"Validation error: {lost} is empty")
    number = entity.get("tracking_number", "")
    shop.records.kept.setdefault("tracking", {})[str(sale.id)] = number
    told = next(iter(shop.records.of(sale.id)), None)
    if told is not None:
        writing.correct(shop, told, told.carrier, number)
    shop.news.append({"tracking": number, "order": sale.id, "letter": asked.get("sendemail") == "1"})
    shop.change(sale.id, stamped=False)
    return carrier_documents(shop, sale)[0]


def history_documents(shop: SimulatedShop, sale: Sale) -> list[Json]:
    rows: list[Json] = [row for row in shop.records.kept.get("histories", []) if row["id_order"] == str(sale.id)]
    return rows


def _history(shop: SimulatedShop, asked: Asked, entity: Json) -> Json:
    """Twice the same state makes two entries."""
    sale, state = _sale(shop, entity["id_order"]), int(entity["id_order_state"])
    rows = shop.records.kept.setdefault("histories", [])
    row = {
        "id": len(rows) + 1,
        "id_order": str(sale.id),
        "id_order_state": str(state),
        "date_add": local(shop, shop.now()),
    }
    rows.append(row)
    left = {place: units for place, units in writing.left(shop, sale).items() if units}
    if state in SHIPPED and left:
        writing.ship(shop, sale, left, "", tracking_of(shop, sale), letter=asked.get("sendemail") == "1")
    elif state in PAID and sale.paid_at(shop.now()) is None:
        writing.pay(shop, sale)
    else:
        names = {number: name for name, number in STATES.items()}
        writing.restate(shop, sale, names.get(state, "custom") if state != CUSTOM else "custom")
    return row


def written_messages(shop: SimulatedShop, sale: Sale) -> list[Json]:
    return [
        {
            "id": FIRST_MESSAGE + note.id,
            "id_order": str(sale.id),
            "id_employee": "0",
            "private": "0" if note.to_buyer else "1",
            "date_add": local(shop, note.at),
            "message": note.text,
        }
        for note in shop.records.notes
        if note.order == sale.id
    ]


def _message(shop: SimulatedShop, asked: Asked, entity: Json) -> Json:
    sale = _sale(shop, entity.get("id_order", ""))
    told = writing.note(shop, sale, entity["message"], to_buyer=entity.get("private") != "1", stamped=False)
    return next(each for each in written_messages(shop, sale) if each["id"] == FIRST_MESSAGE + told.id)


def stock_documents(shop: SimulatedShop) -> list[Json]:
    """A row of each product; that of one with variations holds their sum."""
    held = {each.key: shop.records.quantities.get(each.sku) or 0 for each in PRODUCTS}
    pieces = [(each.parent or each.key, each.key if each.parent else 0, held[each.key]) for each in PRODUCTS]
    pieces.append((SHIRT, 0, sum(held[each.key] for each in PRODUCTS if each.parent)))
    own = {product.key: product.sku for product in PRODUCTS}
    return [
        {
            "id": number,
            "id_product": str(product),
            "id_product_attribute": str(variation),
            "id_shop": "1",
            "id_shop_group": "0",
            "quantity": str(count),
            "depends_on_stock": str(int(own.get(variation or product, "-") in shop.records.kept.get("depends", ()))),
            "out_of_stock": "2",
            "location": "",
        }
        for number, (product, variation, count) in enumerate(pieces, 1)
    ]


def _stock(shop: SimulatedShop, asked: Asked, entity: Json) -> Json:
    row = next((each for each in stock_documents(shop) if str(each["id"]) == entity["id"]), None)
    if row is None:
        raise Refused(404, 92, "Invalid ID")
    if not entity["quantity"].removeprefix("-").isdigit():
        raise Refused(400, 85, "Validation error: Property StockAvailable->quantity is not valid")
    if row["depends_on_stock"] == "1":
        raise Refused(500, 133, "You cannot update the available stock when it depends on stock.")
    if any(entity.get(name) != value for name, value in row.items() if name not in ("id", "quantity")):
        raise Refused(400, 85, "Validation error: a field is empty")
    key = int(row["id_product_attribute"]) or int(row["id_product"])
    product = next((each for each in PRODUCTS if each.key == key), None)
    if product is not None and product.sku:
        writing.set_quantity(shop, product.sku, int(entity["quantity"]))
    return row | {"quantity": entity["quantity"]}


SAVING: dict[tuple[str, str], Callable[[SimulatedShop, Asked, Json], Json]] = {
    ("PUT", "order_carriers"): _carrier,
    ("POST", "order_histories"): _history,
    ("POST", "messages"): _message,
    ("PUT", "stock_availables"): _stock,
}
