"""A project."""

from __future__ import annotations

import pytest

from integrations.models import Project
from tests.factories import ProjectFactory


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()
