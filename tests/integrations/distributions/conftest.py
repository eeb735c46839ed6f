"""A project with a mail server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity
from integrations.distributions.authoring import (
    DistributionSettings,
    ServerSettings,
    save_distribution,
    save_server,
    switch,
)
from integrations.models import Distribution, Project
from integrations.simulator.mailbox import SimulatedMailServer
from orders.models import Customer
from tests.factories import ProjectFactory

Distributing = Callable[..., Distribution]
SERVER = ServerSettings("127.0.0.1", 0, MailSecurity.PLAIN, "", "Tea House", "shop@tea.example")


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def mail(settings: Settings, project: Project) -> Iterator[SimulatedMailServer]:
    """The project's mail server."""
    with SimulatedMailServer() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {f"127.0.0.1:{running.port}"}
        settings.PUBLIC_URL = "https://office.example"
        save_server(project.pk, server_at(running.port), "")
        yield running


def server_at(port: int) -> ServerSettings:
    return ServerSettings("127.0.0.1", port, SERVER.security, "", SERVER.from_name, SERVER.from_address)


@pytest.fixture
def distributing(project: Project) -> Distributing:
    """A distribution that is on; values as in DistributionSettings."""

    def make(on: bool = True, **values: object) -> Distribution:
        fields = {
            "name": "Paid",
            "trigger": DistributionTrigger.ORDER_PAID,
            "channel": DistributionChannel.EMAIL,
            "subject": "Thank you, {{ customer.name | customer }}",
            "text": "Your order {{ order.number }} of {{ order.total }} is paid.",
        }
        distribution = save_distribution(project, DistributionSettings(**fields | values))  # type: ignore[arg-type]
        switch(distribution, on=on)
        distribution.refresh_from_db()
        return distribution

    return make


def customer(project: Project, email: str = "jana@mail.example", **values: object) -> Customer:
    fields = {"name": "Jana Nováková", "created_at": timezone.now(), "source_id": "" if email else "c-1"}
    return Customer.objects.create(project=project, email=email, **fields | values)
