"""Units that were paid back: asked for only where a refund may still keep goods from being sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.errors import Failure, PayloadError, ShopError
from integrations.connectors.http import Request, Response
from tests.integrations.connectors.woocommerce.orders import SHOP, order
from tests.payloads import PAYLOADS
from tests.recorded import answer, serve

woo = get("woocommerce")
REFUNDS = json.loads((PAYLOADS / "woocommerce" / "refunds.json").read_text())


def refunded(told: Response | ShopError | None = None, **changes: Any) -> tuple[list[int], list[Request]]:
    """Units paid back of each line, and what was asked. `told`: the answer about the refunds."""
    document = order(**changes)

    def shop(request: Request) -> Response | ShopError:
        return (told or answer(REFUNDS)) if request.url.endswith("/refunds") else answer([document])

    page, requests = serve(woo.orders.by_ids(SHOP, (str(document["id"]),)), shop)
    [payload] = page.payloads
    assert woo.identify(payload, SHOP).external_id == str(document["id"])
    read = woo.parse(payload, SHOP)
    assert read.warnings == woo.parse(json.dumps(document).encode(), SHOP).warnings
    return [line.refunded for line in read.lines], requests


def test_units_are_read_by_the_lines_they_are_about() -> None:
    """One of an amount alone, of a line that is not there, or without its line's id takes nothing off."""
    units, requests = refunded()
    assert (units, len(requests)) == ([1, 0], 2)
    assert requests[1].url.endswith("/wp-json/wc/v3/orders/727/refunds")
    assert dict(requests[1].params)["_fields"] == "id,line_items"


def test_several_refunds_of_a_line_add_up_to_no_more_than_it_has() -> None:
    assert refunded(answer([REFUNDS[0], REFUNDS[0]]))[0] == [2, 0]
    assert refunded(answer([REFUNDS[0]] * 5))[0] == [2, 0]


@pytest.mark.parametrize("quantity", ["-1", -1, 1, "1", -1.0])
def test_quantities_come_in_many_ways(quantity: Any) -> None:
    line = {"quantity": quantity, "meta_data": [{"key": "_refunded_item_id", "value": 316}]}
    assert refunded(answer([{"line_items": [line]}]))[0] == [0, 1]


@pytest.mark.parametrize("changes", [{"refunds": []}, {"status": "cancelled"}, {"status": "refunded"}])
def test_where_nothing_is_to_be_sent_nobody_asks(changes: dict[str, Any]) -> None:
    units, requests = refunded(**changes)
    assert (units, len(requests)) == ([0, 0], 1)


FAILURES: dict[str, Response | ShopError] = {
    "fails": ShopError(Failure.UNAVAILABLE, "No.", status=500),
    "answers with nonsense": answer(b"<br />"),
    "does not show them": answer({"code": "woocommerce_rest_cannot_view"}, 401),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_units_that_are_not_known_are_not_taken_for_none(failure: str) -> None:
    """They would be open again here, and be sent."""
    with pytest.raises(PayloadError, match="which items of this order were paid back"):
        refunded(FAILURES[failure])


def test_an_order_that_is_deleted_meanwhile_has_none() -> None:
    assert refunded(answer({"code": "woocommerce_rest_shop_order_invalid_id"}, 404))[0] == [0, 0]


def test_a_shop_that_is_too_busy_is_asked_later() -> None:
    with pytest.raises(ShopError):
        refunded(ShopError(Failure.BUSY, "Later.", status=429))
