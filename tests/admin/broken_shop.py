"""A shop whose orders fail for many causes, read through its real connector, with a worker at hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations import jobs
from integrations.choices import ImportAction, RunKind, RunState, UnknownCodes, UnknownProducts
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import read_page
from integrations.models import Integration, Project, Run
from integrations.runs import claims, control, pages
from integrations.shops.connection import set_up
from tests.factories import IntegrationFactory
from tests.fake_connector import FakeConnector
from tests.integrations.connectors.woocommerce.orders import line, payload

LIST = "/integrations/remoteorder/"


class BrokenShop:
    """Orders by id, in a shop that has them in memory."""

    def __init__(self, project: Project, patch: pytest.MonkeyPatch, title: str = "Broken shop") -> None:
        self.integration: Integration = IntegrationFactory.create(
            project=project,
            title=title,
            unknown_products=UnknownProducts.FAIL,
            unknown_payments=UnknownCodes.FAIL,
            unknown_deliveries=UnknownCodes.FAIL,
        )
        set_up(self.integration)
        self.integration.rules.filter(status="completed").update(action=ImportAction.COMPLETE)
        self.bodies: dict[str, bytes] = {}
        FakeConnector(self.bodies).install(patch)

    def sell(self, *skus: str, names: dict[str, str] | None = None, ean: str = "", **changes: Any) -> str:
        """A new order in the shop with one unit of each SKU; its id. Payment and delivery are ones that are named."""
        number = 1000 + len(self.bodies)
        lines = [
            line(id=n, sku=sku, name=(names or {}).get(sku, f"Name of {sku}"), quantity=1, global_unique_id=ean)
            for n, sku in enumerate(skus)
        ]
        values = {"payment_method": "", "payment_method_title": "", "shipping_lines": [], **changes}
        self.bodies[str(number)] = payload(id=number, number=str(number), line_items=lines, **values)
        return str(number)

    def load(self) -> None:
        """Read everything the shop has, a hundred at a time."""
        held = claims.claim(control.request(RunKind.LOAD, self.integration).pk)
        assert held is not None
        bodies = list(self.bodies.values())
        for start in range(0, len(bodies), 100):
            page = read_page(self.integration.connector, self.integration.shop(), bodies[start : start + 100])
            pages.write(held, import_page(self.integration, page, None))
        claims.finish(held, RunState.SUCCEEDED)


def work() -> None:
    """What the workers do: every run that waits."""
    for run_id in Run.objects.filter(state=RunState.WAITING).order_by("pk").values_list("pk", flat=True):
        jobs.work(run_id)


def cause(shop: Integration, code: str, subject: str = "") -> dict[str, Any]:
    """The hidden fields of a cause's forms."""
    return {"shop": shop.pk, "code": code, "subject": subject}


def fix(browser: Client, what: str, of: dict[str, Any], **values: Any) -> Any:
    return browser.post(f"{LIST}fix/{what}/", of | values, follow=True)


def cards(browser: Client) -> list[Any]:
    """The cards above the list, as its template gets them."""
    shown: list[Any] = browser.get(f"{LIST}?tab=failed").context["cards"]
    return shown
