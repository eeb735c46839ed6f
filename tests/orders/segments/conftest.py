"""A project, with a shop where a test needs one."""

from __future__ import annotations

import pytest

from integrations.models import Integration, Project
from integrations.shops.connection import set_up
from tests.factories import IntegrationFactory, ProjectFactory


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def shop(project: Project) -> Integration:
    made = IntegrationFactory.create(project=project)
    set_up(made)
    return made
