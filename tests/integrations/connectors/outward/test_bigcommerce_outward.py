"""What BigCommerce is told, word for word, and the cases that only it has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Connector, Shipments, Shop, StockLevels
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.outward import Dispatch, DispatchLine, StockOutcome
from tests.integrations.connectors.outward.telling import PAPER, SENT_AT, Spoken, Told, copy, target

SHOP = Shop("https://api.bigcommerce.com", {"store_hash": "abc123", "access_token": "t"})
DISPATCH = Dispatch(
    reference="SH2026000001",
    order_id="105",
    lines=(DispatchLine("51", "MUG-BLUE", 2), DispatchLine("52", "TEA", 1)),
    completes=True,
    carrier="usps",
    carrier_title="US Mail",
    tracking_number="T1",
    shipped_at=SENT_AT,
)
PATH = "/stores/abc123/v2/orders/105/shipments"


@pytest.fixture
def connector() -> Connector:
    return get("bigcommerce")


@pytest.fixture
def shipments(connector: Connector) -> Shipments:
    assert connector.outward.shipments is not None
    return connector.outward.shipments


@pytest.fixture
def stock(connector: Connector) -> StockLevels:
    assert connector.outward.stock is not None
    return connector.outward.stock


def order(addresses: dict[int, list[int]], status: int = 11) -> tuple[int, Any]:
    shipping = [{"id": own, "line_items": [{"id": line} for line in lines]} for own, lines in addresses.items()]
    return 200, {"id": 105, "status_id": status, "consignments": {"shipping": shipping, "pickups": []}}


def shipment(own: int, address: int, **more: Any) -> dict[str, Any]:
    return {"id": own, "order_address_id": address, "comments": "", "tracking_number": "", **more}


def test_a_shipment_names_address_and_items(shipments: Shipments) -> None:
    spoken = Spoken(order({7: [51, 52]}), (201, shipment(3, 7)))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "3"
    assert spoken.writes == [("POST", PATH)]
    assert spoken.bodies == [
        {
            "order_address_id": 7,
            "items": [{"order_product_id": 51, "quantity": 2}, {"order_product_id": 52, "quantity": 1}],
            "shipping_provider": "usps",
            "shipping_method": "US Mail",
            "tracking_number": "T1",
            "comments": "SH2026000001",
        }
    ]
    assert [request.idempotent for request in spoken.asked] == [None, None]


@pytest.mark.parametrize(
    ("carrier", "named"),
    [
        ("carrier_12", {"shipping_provider": "carrier_12"}),
        ("dhl-germany", {"tracking_carrier": "dhl-germany"}),
        ("", {}),
    ],
)
def test_carriers_that_have_no_code_are_named(shipments: Shipments, carrier: str, named: dict[str, str]) -> None:
    spoken = Spoken(order({7: [51, 52]}), (201, shipment(3, 7)))
    spoken.drive(shipments.send(SHOP, replace(DISPATCH, carrier=carrier)))
    told = {
        name: spoken.bodies[0][name] for name in ("shipping_provider", "tracking_carrier") if name in spoken.bodies[0]
    }
    assert told == named


def test_two_addresses_are_two_shipments(shipments: Shipments) -> None:
    two = order({7: [51], 8: [52]})
    spoken = Spoken(two, (204, None), (201, shipment(3, 7)), (201, shipment(4, 8)))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "3,4"
    one = (200, [shipment(3, 7, comments="SH2026000001")])
    assert Spoken(two, one).drive(shipments.find(SHOP, DISPATCH)) is None
    spoken = Spoken(two, one, (201, shipment(4, 8)))
    assert spoken.drive(shipments.send(SHOP, DISPATCH)).remote_id == "3,4"
    assert spoken.bodies[0]["order_address_id"] == 8


def test_it_is_known_by_our_number_or_its_tracking_number(shipments: Shipments) -> None:
    for told, known in (
        ({"comments": "Sent SH2026000001"}, True),
        ({"tracking_number": "T1"}, True),
        ({"tracking_number": "T2", "comments": "SH2026000002"}, False),
    ):
        spoken = Spoken(order({7: [51, 52]}), (200, [shipment(3, 7, **told)]))
        assert (spoken.drive(shipments.find(SHOP, DISPATCH)) is not None) == known


def test_an_order_that_is_picked_up_is_completed(shipments: Shipments) -> None:
    spoken = Spoken(order({}), (200, {"id": 105, "status_id": 10}))
    assert "picked up" in spoken.drive(shipments.send(SHOP, DISPATCH)).note
    assert spoken.bodies == [{"status_id": 10}]


@pytest.mark.parametrize("status", [4, 5, 6])
def test_an_order_that_is_off_is_not_told(shipments: Shipments, status: int) -> None:
    with pytest.raises(ShopError) as refused:
        Spoken(order({7: [51, 52]}, status)).drive(shipments.find(SHOP, DISPATCH))
    assert refused.value.kind == Failure.REFUSED


def item(sku: str, quantity: int, variant: int, product: int) -> dict[str, Any]:
    level = {"location_id": 1, "location_enabled": True, "total_inventory_onhand": quantity}
    return {"identity": {"sku": sku, "variant_id": variant, "product_id": product}, "locations": [level]}


def data(*entries: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"data": list(entries), "meta": {}}


DONE = (200, {"transaction_id": "6b5f"})
BAD = (422, {"status": 422, "title": "[Item is not tracked]"})


def test_quantities_are_set_at_once(stock: StockLevels) -> None:
    mug, tea = item("MUG", 9, 78, 5), item("TEA", 4, 79, 6)
    spoken = Spoken(data(mug, tea), data(), DONE, data(item("MUG", 7, 78, 5), item("TEA", 2, 79, 6)))
    answers = spoken.drive(stock.send(SHOP, (target("MUG", 7), target("TEA", 2))))
    assert [each.quantity for each in answers] == [7, 2]
    assert dict(spoken.asked[0].params)["sku:in"] == "MUG,TEA"
    assert spoken.writes == [("PUT", "/stores/abc123/v3/inventory/adjustments/absolute")]
    assert spoken.bodies == [
        {
            "reason": "Countinghouse",
            "items": [
                {"location_id": 1, "variant_id": 78, "quantity": 7},
                {"location_id": 1, "variant_id": 79, "quantity": 2},
            ],
        }
    ]


def test_what_is_not_taken_in_yet_is_not_told_as_there(stock: StockLevels) -> None:
    spoken = Spoken(data(item("MUG", 9, 78, 5)), data(), DONE, data(item("MUG", 9, 78, 5)))
    answer = spoken.drive(stock.send(SHOP, (target("MUG", 7),)))[0]
    assert (answer.outcome, answer.quantity) == (StockOutcome.SET, None)
    assert "delay" in answer.message


def test_a_bad_article_is_found_by_halves(stock: StockLevels) -> None:
    """The second of three is refused by the id of its variant and by that of its product."""
    three = [item("A", 1, 71, 1), item("B", 1, 72, 2), item("C", 1, 73, 3)]
    spoken = Spoken(data(*three), data(), BAD, DONE, BAD, BAD, BAD, DONE, data(*three))
    answers = spoken.drive(stock.send(SHOP, tuple(target(sku, 1) for sku in "ABC")))
    assert [each.outcome for each in answers] == [StockOutcome.SET, StockOutcome.REFUSED, StockOutcome.SET]
    sent = [[next(iter({*each} - {"location_id", "quantity"})) for each in body["items"]] for body in spoken.bodies]
    assert sent == [
        ["variant_id"] * 3,
        ["variant_id"],
        ["variant_id"] * 2,
        ["variant_id"],
        ["product_id"],
        ["variant_id"],
    ]


def test_products_without_variants_go_by_their_own_id_at_once(stock: StockLevels) -> None:
    both = data(item("MUG", 7, 78, 5), item("TEA", 2, 79, 6))
    spoken = Spoken(both, data({"id": 5, "sku": "MUG"}), DONE, both)
    spoken.drive(stock.send(SHOP, (target("MUG", 7), target("TEA", 2))))
    assert [sorted({*each} - {"location_id", "quantity"}) for each in spoken.bodies[0]["items"]] == [
        ["product_id"],
        ["variant_id"],
    ]


def test_the_id_that_was_right_is_remembered(told: Told) -> None:
    """A product without variants is set by its own id."""
    first = told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 7),)))[0]
    assert first.place["by"] == "product_id"
    told.direct("DELETE", "log")
    told.ask(told.stock.send(told.shop, (target("MUG-BLUE", 8, place=first.place),)))
    assert [(each["method"], each["status"]) for each in told.server.site.log] == [("PUT", 200), ("GET", 200)]


def test_the_location_is_the_one_that_is_set(stock: StockLevels) -> None:
    entry = item("MUG", 9, 78, 5)
    entry["locations"].append({"location_id": 4, "location_enabled": True, "total_inventory_onhand": 3})
    there = replace(SHOP, settings={"location": "4"})
    assert Spoken(data(entry)).drive(stock.read(there, (target("MUG", 0),)))[0].quantity == 3


def test_staff_notes_get_another_line(connector: Connector) -> None:
    assert connector.outward.name_paper is not None
    spoken = Spoken((200, {"id": 105, "staff_notes": "Ring twice"}), (200, {"id": 105}))
    spoken.drive(connector.outward.name_paper(SHOP, "105", PAPER))
    assert spoken.bodies == [{"staff_notes": f"Ring twice\nInvoice IN2026000001: {PAPER.url}"}]


def test_an_order_is_written_as_the_api_documents_it(connector: Connector) -> None:
    assert connector.outward.creation is not None
    variant = {"id": 78, "product_id": 5, "sku": "MUG-BLUE"}
    spoken = Spoken(data(variant), data(), (201, {"id": 900, "total_inc_tax": "68.3700"}))
    made = spoken.drive(connector.outward.creation.create(SHOP, copy()))
    assert made.remote_id == "900" and "Earl Grey" in made.note
    written = spoken.bodies[0]
    assert written["products"] == [
        {
            "product_id": 5,
            "variant_id": 78,
            "name": "A mug, blue",
            "quantity": 2,
            "price_ex_tax": 12.3,
            "price_inc_tax": 14.885,
        },
        {"sku": "TEA-EARL-100", "name": "Earl Grey", "quantity": 3, "price_ex_tax": 9.0, "price_inc_tax": 10.89},
    ]
    assert (written["total_ex_tax"], written["total_inc_tax"]) == ("56.50", "68.37")
    assert (written["external_order_id"], written["status_id"]) == ("ebay-12-34567-89012", 11)
    assert written["shipping_addresses"][0]["shipping_method"] == "Courier"


def test_an_order_of_another_reference_is_not_ours(connector: Connector) -> None:
    assert connector.outward.creation is not None
    spoken = Spoken((200, [{"id": 1, "external_order_id": "ebay-1"}]))
    assert spoken.drive(connector.outward.creation.find(SHOP, "ebay-12")) is None
