"""The whole API under schemathesis: made-up calls, right and wrong, hold it to its own OpenAPI document.

Every check that schemathesis has is on. SCHEMATHESIS_EXAMPLES=200 looks longer than the suite does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections
from rest_framework.response import Response

from integrations.api.async_actions import AsyncActionViewSet
from integrations.choices import RemoteState
from integrations.shops.connection import set_up
from orders.work import invoicing, shipping
from tests.admin.conftest import imported, remote
from tests.api.conftest import Partner
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
# Refusals of calls that are right by the document: what they say, each with its reason. No other may be refused.
EXPLAINED = (
    # A cursor is made of a key and a kind: no made-up one is right.
    r"\.after is no cursor of this list",
    r"\.starting_after is neither a time nor the id of a segment",
    # A time of any year is a time, and ours are of the years 1990 to 2200.
    r"cannot be recognized as a ISO-8601 compliant date",
    r"\.created_at is out of range",
    # What two fields say together, or what the book holds already: JSON Schema has no words for it.
    r"\.amount is missing: an order without items needs an amount",
    r"\.discount_amount: the discounts are higher than the amount",
    r"The order came from a shop",
    r"There is nothing about a customer: send at least one field",
    r"\.order beside \.starting_after, which is a time, must be one of",
    r"\.id or \.source_id is that of another order",
    r"Ship, cancel or adjust these units first",
    r"\.source_ids\[\d+\] is empty: take it out",
    r"is neither shipped nor cancelled",
    r"Cannot find (customer|product|sku) with id",
    # That something is new, which only the look-up tells; and which letters are a currency.
    r"Property \.name is missing: the product is new",
    r"The SKU is new: send at least one field",
    r"is none of ISO 4217",
    # Which fields and operators the filters of a list take is told by the refusal.
    r"Property \.filters",
    # Which operators a field takes is told by the refusal.
    r"Property \.parameters\.filters",
    # Which addresses are public and whole.
    r"Property \.url: ",
    # Which operators and values the conditions of a segment take is told by the refusal; static ones have none.
    r"Property \.conditions",
    r"\.customers\[\d+\] is no customer",
    # A key that is made up twice, for two calls.
    r"This Idempotency-Key was used for another call",
    # What a database cannot keep.
    r"(NUL|Null) character",
    r"is nested deeper than",
)
# A parameter without a value was not sent: so the JavaScript SDK writes null.
NOT_SENT = re.compile(
    r"/v1/(?:customers|products|products/[^/' ]+/skus|segments)\?(?:[^' ]*&)?[^'& ]*=(?:&|'|$)", re.MULTILINE
)

# Values of rows that cannot be, where a bulk call is taken: each of them fails alone, in the report of the call.
BOUNDS = {"maxItems", "maxLength", "minLength", "minimum", "maximum", "pattern", "format"}


@pytest.fixture
def partner(db: None) -> Partner:
    """A project with a row of every kind."""
    partner = Partner(ProjectFactory.create())
    shop = IntegrationFactory.create(project=partner.project, title="Garden shop")
    set_up(shop)
    give_stock(partner.project, A_17=50)
    [order] = imported(shop, [incoming(line("A-17", 2))])
    shipping.ship(order.pk)
    invoicing.issue(order.pk)
    remote(shop, "77", RemoteState.FAILED)
    partner.post("/v1/orders", {"source_id": "live", "items": [{"source_id": "A-17"}], "customer": {"source_id": "j"}})
    partner.imported([{"source_id": "history", "amount": 5}])
    partner.post("/v1/orders/export", {})
    return partner


class Quick(WSGIRequestHandler):
    """Sends at once, where it would otherwise wait 40 ms for more, and writes no log."""

    disable_nagle_algorithm = True

    def log_message(self, format: str, *arguments: Any) -> None: ...


@pytest.fixture
def address(partner: Partner, settings: Any) -> Iterator[str]:
    """Where the real WSGI application listens; one thread answers all calls, on one connection."""
    settings.API_RATE_LIMIT = 10**9
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quick)

    def serve() -> None:
        server.serve_forever()
        connections.close_all()

    thread = Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def findings(partner: Partner, address: str, path: str = "") -> tuple[dict[str, str], int]:
    """What schemathesis finds, how to see each again, and how much it checked; of one path, or of all."""
    # Not at the head of the file: it takes a second, and every process that runs tests collects this file.
    import schemathesis
    from schemathesis.checks import CHECKS
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import Status, events, from_schema

    config = SchemathesisConfig.from_dict(
        {
            "headers": partner.headers,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "seed": 1,
            "generation": {"max-examples": EXAMPLES},
            # One method that there is not is enough: test_door.py tries all of them everywhere.
            "phases": {"coverage": {"unexpected-methods": ["patch"]}},
            "checks": {name: {"enabled": True} for name in CHECKS.get_all_names()},
        }
    )
    schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json", config=config, headers=partner.headers)
    found: dict[str, str] = {}
    checked = 0
    for event in from_schema(schema.include(path=path) if path else schema).execute():
        assert not isinstance(event, events.FatalError), event
        assert not isinstance(event, events.NonFatalError), (event.label, event.value)
        if isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                checked += len(checks)
                for check in checks:
                    if check.status == Status.FAILURE and not explained(check, event.recorder, case_id):
                        found.setdefault(*report(check, event.recorder, case_id))
    return found, checked


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.django_db(transaction=True)
def test_made_up_calls_are_answered_as_the_document_says(partner: Partner, address: str) -> None:
    found, checked = findings(partner, address)
    print(f"{checked:,} checks")
    assert not found, "\n\n".join(f"{name}\n{told}" for name, told in found.items())
    assert checked > 10_000


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.django_db(transaction=True)
def test_control_an_answer_that_is_not_described_is_found(
    partner: Partner, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(view: AsyncActionViewSet, request: Any) -> Response:
        if "end_date" in request.query_params:
            raise RuntimeError("a fault of ours")
        return Response({"object": "list"})

    monkeypatch.setattr(AsyncActionViewSet, "list", broken)
    found, _checked = findings(partner, address, "/v1/async-actions")
    kinds = {name.split(": ")[1] for name in found}
    assert {"not_a_server_error", "response_schema_conformance"} <= kinds


def explained(check: Any, recorder: Any, case_id: str) -> bool:
    """Whether a right call was refused, or an odd one taken, for one of the reasons above."""
    if check.name == "negative_data_rejection":
        return bool(NOT_SENT.search(check.failure_info.code_sample)) or fails_alone(check)
    if check.name != "positive_data_acceptance":
        return False
    return any(re.search(reason, details(recorder, case_id)) for reason in EXPLAINED)


def fails_alone(check: Any) -> bool:
    """Whether a bulk call was taken with nothing but values in it that cannot be."""
    broken = re.findall(r"violates (.*) at /items/", check.failure_info.failure.message)
    named = {name for each in broken for name in re.findall(r"`(\w+)`", each)}
    return "/bulk/async" in check.failure_info.code_sample and bool(named) and named <= BOUNDS


def details(recorder: Any, case_id: str) -> str:
    return str(json.loads(recorder.interactions[case_id].response.content).get("details", ""))


def report(check: Any, recorder: Any, case_id: str) -> tuple[str, str]:
    """What failed, once for each way in which it did, and how to see it again."""
    info = check.failure_info
    told = details(recorder, case_id) if check.name == "positive_data_acceptance" else info.failure.message
    return f"{recorder.label}: {check.name}: {told[:300]}", info.code_sample
