"""Endpoints are made with a secret that is shown once, changed, switched off and on, and deleted; no trace is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection

from integrations.choices import SUBSCRIBABLE
from integrations.follow_up import fan_out
from integrations.models import Project, WebhookDelivery, WebhookEndpoint
from integrations.webhooks import deliveries, endpoints
from integrations.webhooks.endpoints import EndpointRefused
from orders.models import Announcement
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import sell

pytestmark = pytest.mark.django_db
CREATED = ["customer.order.created"]


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


def test_the_secret_is_encrypted_and_differs(project: Project) -> None:
    one = endpoints.create(project, "https://app.example/a", CREATED)
    two = endpoints.create(project, "https://app.example/b", CREATED)
    assert one.secret.startswith("whsec_")
    assert len(one.secret) > 40
    assert one.secret != two.secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets FROM integrations_webhookendpoint")
        stored = "".join(row[0] for row in cursor.fetchall())
    assert one.secret not in stored
    assert repr(one.endpoint.secrets) == "<1 secrets>"
    again = endpoints.new_secret(one.endpoint)
    one.endpoint.refresh_from_db()
    assert again.secret == one.endpoint.secrets["signing"] != one.secret


@pytest.mark.parametrize(
    ("url", "events", "field", "message"),
    [
        ("http://app.example", CREATED, "url", "must begin with https"),
        ("https://app.example/?x#y", CREATED, "url", "follows #"),
        ("https://app.example", [], "events", "choose at least one"),
        ("https://app.example", ["customer.order.eaten"], "events", "“customer.order.eaten” is none"),
        ("https://app.example", ["webhook.test"], "events", "“webhook.test” is none"),
        ("https://our.example/x", CREATED, "url", "our.example is this installation itself"),
    ],
)
def test_what_is_wrong_is_named(
    project: Project, settings: Any, url: str, events: list[str], field: str, message: str
) -> None:
    settings.PUBLIC_URL = "https://our.example"
    with pytest.raises(EndpointRefused, match=message) as caught:
        endpoints.create(project, url, events)
    assert caught.value.field == field
    assert not WebhookEndpoint.objects.exists()


def test_an_address_is_there_once_until_it_is_deleted(project: Project) -> None:
    first = endpoints.create(project, "https://app.example/a", CREATED).endpoint
    other = endpoints.create(project, "https://app.example/b", CREATED).endpoint
    with pytest.raises(EndpointRefused, match="an endpoint with this address"):
        endpoints.create(project, "https://APP.example/a", CREATED)
    with pytest.raises(EndpointRefused, match="an endpoint with this address"):
        endpoints.change(other, url="https://app.example/a")
    endpoints.create(ProjectFactory.create(), "https://app.example/a", CREATED)
    endpoints.delete(first)
    endpoints.create(project, "https://app.example/a", CREATED)


def test_a_project_has_a_limited_number_of_them(project: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    first = endpoints.create(project, "https://app.example/a", CREATED).endpoint
    with pytest.raises(EndpointRefused, match="at most 1 endpoints"):
        endpoints.create(project, "https://app.example/b", CREATED)
    endpoints.delete(first)
    endpoints.create(project, "https://app.example/b", CREATED)


def test_events_are_kept_in_their_order(project: Project) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", [*reversed(SUBSCRIBABLE), *CREATED]).endpoint
    assert endpoint.events == list(SUBSCRIBABLE)


def test_switching_off_and_on_twice_is_told(project: Project) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", CREATED).endpoint
    assert [endpoints.disable(endpoint), endpoints.disable(endpoint)] == [True, False]
    assert [endpoints.enable(endpoint), endpoints.enable(endpoint)] == [True, False]
    with pytest.raises(IntegrityError, match="endpoint_disabled_since"):
        WebhookEndpoint.objects.update(enabled=False)


def test_a_deleted_one_gives_up_what_waits_and_forgets_its_secret(project: Project) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", CREATED).endpoint
    sell(project, 2)
    fan_out.pass_on(project.pk)
    endpoints.delete(endpoint)
    assert set(WebhookDelivery.objects.values_list("state", "reason")) == {
        ("failed", "Given up: its endpoint was deleted.")
    }
    endpoint.refresh_from_db()
    assert (dict(endpoint.secrets), endpoints.enable(endpoint)) == ({}, False)
    sell(project)
    fan_out.pass_on(project.pk)
    assert WebhookDelivery.objects.count() == 2


def test_an_event_is_written_once_for_each_endpoint(project: Project) -> None:
    for name in "abc":
        endpoints.create(project, f"https://app.example/{name}", CREATED)
    sell(project, 4)
    fan_out.pass_on(project.pk)
    fan_out.pass_on(project.pk)
    assert WebhookDelivery.objects.count() == 12
    delivery = WebhookDelivery.objects.all()[0]
    delivery.pk = None
    with pytest.raises(IntegrityError, match="delivery_once_per_event"):
        delivery.save(force_insert=True)


def test_a_page_of_events_is_a_handful_of_statements(project: Project, django_assert_max_num_queries: Any) -> None:
    for name in "abc":
        endpoints.create(project, f"https://app.example/{name}", CREATED)
    sell(project, 50)
    found = list(Announcement.objects.order_by("id"))
    with django_assert_max_num_queries(8):
        deliveries.prepare(project.pk, found)
    assert WebhookDelivery.objects.count() == 150
