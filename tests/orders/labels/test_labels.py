"""Labels for parcels: the built-in ones, and those of a carrier that somebody adds."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pypdf import PdfReader

from integrations.choices import Role
from integrations.models import Integration, Project
from orders.documents.paper.bars import barcode
from orders.documents.paper.label_pages import label_pages
from orders.intake.incoming import IncomingAddress
from orders.labels import label_providers
from orders.labels.label_providers import LabelRefused, PrintedLabels
from orders.models import Preparation, Shipment
from orders.preparing import gathering, leaving
from orders.work import shipping
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line, member
from tests.reading_pdf import pages_of

HERE = "tests.orders.labels.test_labels"


class ParcelCarrier:
    """A carrier that gives numbers, and the same ones to who asks twice."""

    key = "parcels"
    title = "Parcels Ltd"

    def print(self, shipments: Sequence[Shipment]) -> PrintedLabels:
        if away := [row for row in shipments if row.carrier == "Post"]:
            raise LabelRefused(f"Order {away[0].order_number} goes by Post: choose its labels instead.")
        return PrintedLabels(label_pages(shipments), {row.pk: f"P-{row.code}" for row in shipments}, carrier=self.title)


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def preparation(project: Project) -> Preparation:
    """Two orders that have left, and one that waits."""
    shop: Integration = IntegrationFactory.create(project=project)
    give_stock(project, A_17=9)
    address = IncomingAddress(first_name="Jiří", last_name="Žluťoučký", city="Brno", country="CZ")
    orders = imported(shop, [incoming(line("A-17"), shipping=address) for _ in range(3)])
    made = gathering.gather(project.pk, [order.pk for order in orders], actor_id=None).preparation
    assert made is not None
    for row in made.orders.all()[:2]:
        leaving.ship_prepared(row.pk, seen=0, actor_id=None)
    return made


@pytest.fixture
def worker(project: Project) -> Client:
    client = Client()
    client.force_login(member(project.account, Role.WAREHOUSE))
    return client


def labels(browser: Client, preparation: Preparation, provider: str) -> Any:
    return browser.post(f"/orders/preparation/{preparation.pk}/labels/", {"provider": provider}, follow=True)


def test_the_built_in_labels_have_address_and_number(worker: Client, preparation: Preparation) -> None:
    data = labels(worker, preparation, "address").content
    first, _second = pages_of(data)
    shipment = Shipment.objects.order_by("pk")[0]
    for text in ("Jiří Žluťoučký", "Brno", "Czechia", shipment.code, shipment.order_number):
        assert text in first
    box = PdfReader(BytesIO(data)).pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) == (100, 150)
    assert labels(worker, preparation, "address").content == data, "printed again it is the same file"
    assert "Parcels Ltd" not in worker.get(f"/orders/preparation/{preparation.pk}/change/").content.decode()


def test_a_carrier_is_added_by_a_setting(worker: Client, preparation: Preparation, settings: Any) -> None:
    settings.LABEL_PROVIDERS = [*settings.LABEL_PROVIDERS, f"{HERE}.ParcelCarrier"]
    shown = worker.get(f"/orders/preparation/{preparation.pk}/change/").content.decode()
    assert "Parcels Ltd" in shown and "Address labels" in shown
    first, second = Shipment.objects.order_by("pk")
    shipping.set_tracking(second.pk, "DHL", "T 2")
    assert len(pages_of(labels(worker, preparation, "parcels").content)) == 2
    told = Shipment.objects.order_by("pk").values_list("carrier", "tracking_number")
    assert list(told) == [("Parcels Ltd", f"P-{first.code}"), ("DHL", "T 2")], "what was typed stays"


def test_what_a_carrier_refuses_is_said(worker: Client, preparation: Preparation, settings: Any) -> None:
    settings.LABEL_PROVIDERS = [f"{HERE}.ParcelCarrier"]
    row = Shipment.objects.order_by("pk")[0]
    shipping.set_tracking(row.pk, "Post", "")
    shown = labels(worker, preparation, "parcels").content.decode()
    assert f"Order {row.order_number} goes by Post: choose its labels instead." in shown
    assert "Choose one of the kinds of labels" in labels(worker, preparation, "none").content.decode()
    shipping.take_shipment_back(Shipment.objects.order_by("pk")[1].pk)
    shipping.take_shipment_back(row.pk)
    assert "ship them first" in labels(worker, preparation, "parcels").content.decode()


def test_a_wrong_setting_is_named(settings: Any) -> None:
    settings.LABEL_PROVIDERS = ["nowhere.Labels"]
    with pytest.raises(ImproperlyConfigured, match=r"LABEL_PROVIDERS names nowhere\.Labels, which cannot be imported"):
        label_providers.providers()
    settings.LABEL_PROVIDERS = [f"{HERE}.ParcelCarrier"] * 2
    with pytest.raises(ImproperlyConfigured, match="two providers with the key parcels"):
        label_providers.providers()


def test_others_print_nothing(project: Project, preparation: Preparation) -> None:
    reader, stranger = Client(), Client()
    reader.force_login(member(project.account, Role.READ_ONLY))
    stranger.force_login(member(ProjectFactory.create().account, Role.WAREHOUSE))
    assert labels(reader, preparation, "address").status_code == 403
    assert labels(stranger, preparation, "address").status_code == 404


@pytest.mark.parametrize(("text", "bars"), [("1042", True), ("", False), ("žluť", False), ("9" * 90, False)])
def test_bars_stand_for_what_a_scanner_reads(text: str, bars: bool) -> None:
    assert (barcode(text, 230) is not None) == bars
