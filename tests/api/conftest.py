"""A project with an API key, and a partner that calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import django_rq
import pytest
from django.test import Client

from integrations import jobs
from integrations.access import api_keys
from integrations.access.api_keys import NewKey
from integrations.choices import RunKind, RunState
from integrations.models import Project, Run
from tests.api import described
from tests.factories import ProjectFactory


class Partner:
    """Calls the API with a key, as a program would. Every answer must be as the OpenAPI document says."""

    def __init__(self, project: Project, made: NewKey | None = None) -> None:
        self.project = project
        self.made = made or api_keys.make(project.pk, "Test")
        self.headers = {"X-App-Id": self.made.key.app_id, "X-App-Token": self.made.token}
        self._client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as JSON, bytes as they are; `headers` with _ for -."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = sent.pop("Content-Type", "application/json")
        # As servers tell it: the path before anything in it is decoded.
        answer = self._client.generic(method, path, raw, content_type=kind, headers=sent, REQUEST_URI=path)
        described.check(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def imported(self, orders: list[dict[str, Any]], query: str = "") -> dict[str, Any]:
        """Import and work it off; the async action."""
        answer = self.post(f"/v1/orders/import{query}", orders)
        assert answer.status_code == 200, answer.content
        work_off()
        found: dict[str, Any] = told(self.get(f"/v1/async-actions/{told(answer)['async_action_id']}"))
        return found


def told(response: Any) -> Any:
    return json.loads(response.content)


def work_off() -> None:
    """Do what workers would: every waiting import and export, in turn."""
    kinds = [RunKind.BULK_BY_API, RunKind.EXPORT_BY_API]
    for _ in range(1_000):
        waiting = Run.objects.filter(kind__in=kinds, state=RunState.WAITING).order_by("id")
        ids = list(waiting.values_list("pk", flat=True))
        if not ids:
            return
        for run_id in ids:
            jobs.work(run_id)
    raise AssertionError("the runs do not end")


@pytest.fixture(autouse=True)
def queue(settings: Any) -> Iterator[Any]:
    """Bells and counts of calls are of one test alone."""
    found = django_rq.get_queue("default")
    found.connection.flushdb()
    yield found
    found.connection.flushdb()


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def partner(project: Project) -> Partner:
    return Partner(project)
