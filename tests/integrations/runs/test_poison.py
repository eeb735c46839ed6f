"""Bytes as a hostile or broken shop sends them, through everything: page, reading, rules, intake, rows.

The values of the recorded order are replaced by nasty ones. Whatever comes, the other orders of the page land, the
poison is imported or shown as failed, and nothing is raised. POISON_ALL=1 in the environment tries every pair.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from integrations.choices import RunKind
from integrations.connectors.kit.json_documents import split
from integrations.importing import remote_orders
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import NO_ID, read_page
from integrations.importing.rules import Mode
from integrations.invariants import broken
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim
from integrations.shops.connection import set_up
from tests.factories import IntegrationFactory
from tests.integrations.connectors.woocommerce.orders import order

pytestmark = pytest.mark.django_db

NASTY = (
    r'"a\u0000b"', r'"\ud800"', r'"\udfff x"', r'"\ufeff\u202e\u0007"', '"&#0;&#xD800;&#x1;&lt;"', '""', '" "',
    '"' + "x" * 6000 + '"', '"' + "İ" * 200 + '"', '"' + "ﷺ" * 100 + '"', "1" * 300, "-" + "9" * 300, "1" * 5000,
    "1e300", "1e-300", "1e999", "-0", "2147483648", "9223372036854775808", "true", "null", "[]", "{}", "[[[[]]]]",
    '"9999-12-31T23:59:59"', '"0001-01-01T00:00:00"', '"9999999999.99"', '"-9999999999.99"', '"0"',
    r'{"0": {"key": "\u0000", "value": {"\u0000": "\ud800"}}}', '[{"key": 1e300, "value": 1e300}]',
)  # fmt: skip
MARK = "to be replaced"
STEP = 1 if os.environ.get("POISON_ALL") else 3


def places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*place, key)
        yield from places(child, (*place, key))


def spoiled(number: int, place: tuple[Any, ...], value: str) -> str:
    document: Any = copy.deepcopy(order(id=number, number=str(number)))
    target = document
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = MARK
    return json.dumps(document).replace(f'"{MARK}"', value)


def beside_all_fields(number: int, value: str) -> str:
    """In a field that nobody reads, of an order whose sum is off."""
    return json.dumps(order(id=number, number=str(number), total="99.99"))[:-1] + f', "plugin": {value}}}'


def poison() -> list[str]:
    pairs = [(place, value) for place in places(order()) for value in NASTY][::STEP]
    documents = [spoiled(number, place, value) for number, (place, value) in enumerate(pairs, 1)]
    return documents + [beside_all_fields(len(pairs) + number, value) for number, value in enumerate(NASTY, 1)]


@pytest.fixture
def integration() -> Integration:
    integration = IntegrationFactory.create()
    set_up(integration)
    return integration


@pytest.fixture
def claim(integration: Integration) -> Claim:
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    return held


@pytest.mark.parametrize("mode", [Mode.SWEEP, Mode.LOOK_AGAIN])
def test_poison_never_stops_its_page(integration: Integration, claim: Claim, mode: Mode) -> None:
    documents = poison()
    on_record = None if mode == Mode.LOOK_AGAIN else partial(remote_orders.digests, integration.pk)
    for page in range(0, len(documents), 50):
        good = 10**9 + page
        body = ",".join([*documents[page : page + 50], json.dumps(order(id=good, number=str(good)))])
        read = read_page(integration.connector, integration.shop(), split(f"[{body}]".encode(), 100), on_record)
        pages.write(claim, import_page(integration, read, {"page": page}, mode=mode))
        assert RemoteOrder.objects.get(external_id=str(good)).state == "imported"
    states = RemoteOrder.objects.exclude(external_id__startswith=NO_ID)
    assert states.filter(state="failed").count() > states.count() // 10
    assert not RemoteOrder.objects.filter(reason_code="not_storable").exists()
    run = Run.objects.get()
    assert run.fetched == run.created + run.updated + run.unchanged + run.ignored + run.failed
    assert broken() == {}
