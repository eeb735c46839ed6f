"""A project in which a person with telling values is known to every table."""

from __future__ import annotations

import pytest

from integrations.models import Project
from integrations.simulator.mailbox import SimulatedMailServer
from integrations.simulator.receiver import Receiver
from tests.factories import ProjectFactory
from tests.integrations.distributions.conftest import Distributing, distributing, mail
from tests.integrations.erasing.planting import Planted, plant

__all__ = ["distributing", "mail"]


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def planted(
    commits: None, receiver: Receiver, mail: SimulatedMailServer, distributing: Distributing, project: Project,
    settings: object,
) -> Planted:  # fmt: skip
    settings.ALLOWED_SHOP_ADDRESSES = {receiver.address, f"127.0.0.1:{mail.port}"}  # type: ignore[attr-defined]
    return plant(project, receiver, mail, distributing)
