"""The platform that the connectors' README builds as an example, taken from there: it reads, and keeps the contract."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations import connectors
from integrations.connectors.contract import Connector, Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Request, Response
from integrations.connectors.listings import Window
from integrations.simulator import dialects
from orders.intake.incoming import ZERO
from tests.integrations.connectors import test_contract
from tests.recorded import answer, play, serve

README = Path(connectors.__file__).with_name("README.md")
BLOCK = re.compile(r"^```python\n# (integrations/\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SHOP = Shop("https://corner.example", {"token": "t"})
WINDOW = Window(NOON - timedelta(days=1))
PROMISES = [
    promise
    for name, promise in vars(test_contract).items()
    if name.startswith("test_")
    and not {"payload", "body"} & set(inspect.signature(promise).parameters)
    # No payloads are kept for it, and it sells nothing that has stock.
    and name not in {"test_it_has_payloads_of_its_own", "test_products_come_with_their_skus"}
]

server, shop, ask = test_contract.server, test_contract.shop, test_contract.ask


@pytest.fixture
def connector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connector]:
    """The README's files, found like those of any other platform while a test runs."""
    known = set(sys.modules)
    for path, code in BLOCK.findall(README.read_text()):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(code)
    for package in (connectors, dialects):
        added = tmp_path.joinpath(*package.__name__.split("."))
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(added)])
        package.found.cache_clear()
    yield connectors.get("cornershop")
    for package in (connectors, dialects):
        package.found.cache_clear()
        vars(package).pop("cornershop", None)
    for name in set(sys.modules) - known:
        if "cornershop" in name:
            del sys.modules[name]


def order(number: int) -> dict[str, Any]:
    line = {"id": 1, "quantity": 2, "sku": "MUG", "name": "Mug", "total": "20.00", "tax": "4.20"}
    stamps = {"placed": "2026-11-01T10:00:00Z", "changed": "2026-11-01T11:00:00Z"}
    return {"id": number, "status": "paid", "currency": "EUR", "total": "24.20", "lines": [line], **stamps}


def test_a_page_is_read_from_recorded_answers(connector: Connector) -> None:
    one, all_there = answer({"orders": [order(1)], "total": 2}), answer({"orders": [order(1), order(2)], "total": 2})
    page, asked = play(connector.orders.in_window(SHOP, WINDOW, None), [one, all_there])
    assert (page.next, page.until) == (None, NOON - timedelta(seconds=1))
    assert [dict(request.params)["page"] for request in asked] == ["1", "1"]
    read = [connector.parse(payload, SHOP) for payload in page.payloads]
    assert [(each.external_id, each.total, each.residual) for each in read] == [
        ("1", Decimal("24.20"), ZERO),
        ("2", Decimal("24.20"), ZERO),
    ]


def test_a_list_that_grew_is_not_believed(connector: Connector) -> None:
    one, more = answer({"orders": [order(1)], "total": 1}), answer({"orders": [order(1), order(2)], "total": 2})
    with pytest.raises(ShopError, match="grew") as caught:
        play(connector.orders.in_window(SHOP, WINDOW, None), [one, more])
    assert caught.value.kind == Failure.NONSENSE


def test_no_order_that_stays_is_lost_while_others_leave(connector: Connector) -> None:
    shop, there, read = replace(SHOP, settings={"per_page": 5}), list(range(1, 13)), list[str]()

    def answered(request: Request) -> Response:
        size, page = (int(dict(request.params)[name]) for name in ("size", "page"))
        return answer({"orders": [order(each) for each in there][size * (page - 1) : size * page], "total": len(there)})

    cursor = None
    while True:
        page, _ = serve(connector.orders.in_window(shop, WINDOW, cursor), answered)
        read += [connector.identify(payload, shop).external_id for payload in page.payloads]
        del there[0]
        cursor = page.next
        if cursor is None:
            break
    assert set(read) >= {str(each) for each in there}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_it_keeps_the_contract(promise: Callable[..., None], request: pytest.FixtureRequest) -> None:
    promise(**{name: request.getfixturevalue(name) for name in inspect.signature(promise).parameters})


def test_nonsense_is_refused(connector: Connector, shop: Shop) -> None:
    test_contract.test_nonsense_is_refused_with_a_reason_and_never_more(connector, shop)
    test_contract.test_no_webhook_is_believed_unsigned(connector, shop)
