"""Endpoints and deliveries in the admin: a secret shown once, tests, questions before what hurts, sending again."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.choices import Role
from integrations.follow_up import steps
from integrations.models import Integration, Project, WebhookDelivery, WebhookEndpoint
from integrations.simulator.receiver import Receiver, Reply
from integrations.webhooks import endpoints
from tests.admin.conftest import Login, imported
from tests.factories import give_stock, incoming, line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
EVENTS = ["customer.order.created"]


@pytest.fixture
def project(shop: Integration) -> Project:
    return shop.project


def at(name: str, *args: object) -> str:
    return reverse(f"admin:integrations_webhook{name}", args=args)


def text(response: Any) -> str:
    return str(response.content.decode())


def told(shop: Integration) -> WebhookDelivery:
    """A live order, passed on and sent."""
    give_stock(shop.project, A_17=5)
    imported(shop, [incoming(line("A-17"), number="W-1")])
    steps.follow_up(shop.project_id)
    return WebhookDelivery.objects.get()


def test_the_secret_is_shown_once(admin: Client, project: Project) -> None:
    made = admin.post(at("endpoint_create"), {"url": "https://app.example/hooks", "events": EVENTS})
    endpoint = WebhookEndpoint.objects.get()
    secret = endpoint.secrets["signing"]
    assert (made.status_code, "no-store" in made["Cache-Control"]) == (200, True)
    assert secret in text(made)
    for address in (at("endpoint_changelist"), at("endpoint_change", endpoint.pk), at("endpoint_edit", endpoint.pk)):
        assert secret not in text(admin.get(address))
    asked = admin.get(at("endpoint_secret", endpoint.pk))
    assert "Make a new secret?" in text(asked)
    endpoint.refresh_from_db()
    assert endpoint.secrets["signing"] == secret
    new = admin.post(at("endpoint_secret", endpoint.pk))
    endpoint.refresh_from_db()
    assert endpoint.secrets["signing"] in text(new)
    assert endpoint.secrets["signing"] != secret


@pytest.mark.parametrize(
    ("url", "events", "sentence"),
    [
        ("http://app.example", EVENTS, "The address must begin with https://"),
        ("https://10.0.0.1/x", EVENTS, "10.0.0.1 is not a public address."),
        ("https://app.example", [], "Choose at least one event."),
        ("", EVENTS, "This field is required."),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    admin: Client, project: Project, url: str, events: list[str], sentence: str
) -> None:
    answer = admin.post(at("endpoint_create"), {"url": url, "events": events})
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert not WebhookEndpoint.objects.exists()


def test_the_question_stands_before_its_checkboxes(admin: Client, project: Project) -> None:
    page = text(admin.get(at("endpoint_create")))
    assert 0 < page.index("Tell it of") < page.index("customer.order.created")


def test_it_is_changed(admin: Client, project: Project) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", EVENTS).endpoint
    sent = {"url": "https://app.example/b", "events": ["customer.order.paid"]}
    admin.post(at("endpoint_edit", endpoint.pk), sent)
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == ("https://app.example/b", ["customer.order.paid"])


def test_a_test_says_what_came_of_it(admin: Client, project: Project, receiver: Receiver) -> None:
    endpoint = endpoints.create(project, receiver.url, EVENTS).endpoint
    good = admin.post(at("endpoint_test", endpoint.pk), follow=True)
    assert "The receiver has taken the test." in text(good)
    receiver.reply = lambda _: Reply(404)
    bad = admin.post(at("endpoint_test", endpoint.pk), follow=True)
    assert "The test did not arrive. The receiver answered HTTP 404." in text(bad)


@pytest.mark.parametrize("step", ["disable", "remove", "secret"])
def test_what_hurts_is_asked_before(admin: Client, project: Project, step: str) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", EVENTS).endpoint
    before = WebhookEndpoint.objects.values().get()
    asked = admin.get(at(f"endpoint_{step}", endpoint.pk))
    assert (asked.status_code, "https://app.example/a" in text(asked)) == (200, True)
    assert WebhookEndpoint.objects.values().get() == before
    admin.post(at(f"endpoint_{step}", endpoint.pk))
    assert WebhookEndpoint.objects.values().get() != before


def test_a_disabled_one_is_enabled_and_goes_on(admin: Client, shop: Integration, receiver: Receiver) -> None:
    endpoint = endpoints.create(shop.project, receiver.url, EVENTS).endpoint
    admin.post(at("endpoint_disable", endpoint.pk))
    told(shop)
    assert receiver.received == []
    admin.post(at("endpoint_enable", endpoint.pk))
    steps.follow_up(shop.project_id)
    assert receiver.types == EVENTS


def test_one_that_was_disabled_by_itself_is_a_notice(admin: Client, shop: Integration, receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(410)
    endpoint = endpoints.create(shop.project, receiver.url, EVENTS).endpoint
    sentence = "A webhook endpoint was disabled because it failed"
    assert sentence not in text(admin.get(reverse("admin:index")))
    told(shop)
    page = text(admin.get(reverse("admin:index")))
    assert sentence in page
    assert at("endpoint_change", endpoint.pk) in page
    assert "HTTP 410" in text(admin.get(at("endpoint_change", endpoint.pk)))
    endpoints.enable(endpoint)
    assert sentence not in text(admin.get(reverse("admin:index")))
    endpoints.disable(endpoint)
    assert sentence not in text(admin.get(reverse("admin:index"))), "a person did it"


def test_a_delivery_shows_its_body_and_tries_and_is_sent_again(
    admin: Client, shop: Integration, receiver: Receiver
) -> None:
    receiver.reply = lambda _: Reply(500, b"<b>out of order</b>")
    endpoints.create(shop.project, receiver.url, EVENTS)
    delivery = told(shop)
    page = text(admin.get(at("delivery_change", delivery.pk)))
    assert "customer.order.created" in page
    assert "&lt;b&gt;out of order&lt;/b&gt;" in page
    assert "HTTP 500" in page
    assert reverse("admin:orders_order_change", args=[shop.orders.get().pk]) in page
    receiver.reply = lambda _: Reply()
    again = admin.post(at("delivery_resend", delivery.pk), follow=True)
    assert "1 delivery goes out again now." in text(again)
    steps.follow_up(shop.project_id)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts_made) == ("delivered", 2)


def test_many_are_sent_again_at_once(admin: Client, shop: Integration, receiver: Receiver) -> None:
    endpoint = endpoints.create(shop.project, receiver.url, EVENTS).endpoint
    delivery = told(shop)
    chosen = {"action": "resend_chosen", "_selected_action": [delivery.pk]}
    assert "1 delivery goes out again now." in text(admin.post(at("delivery_changelist"), chosen, follow=True))
    endpoints.disable(endpoint)
    refused = admin.post(at("delivery_changelist"), chosen, follow=True)
    assert "Nothing was sent again: the endpoint is disabled or deleted" in text(refused)


def test_the_list_is_filtered_and_exported(admin: Client, shop: Integration, receiver: Receiver) -> None:
    endpoint = endpoints.create(shop.project, receiver.url, EVENTS).endpoint
    told(shop)
    for query, count in (
        (f"webhook={endpoint.pk}", 1),
        ("state=delivered", 1),
        ("state=failed", 0),
        ("event=customer.order.created", 1),
        ("event=customer.order.paid", 0),
    ):
        assert text(admin.get(f"{at('delivery_changelist')}?{query}")).count("W-1") == count, query
    file = b"".join(admin.get(at("delivery_export") + "?state=delivered").streaming_content).decode()  # type: ignore[attr-defined]
    head, row = file.removeprefix("\ufeff").strip().splitlines()
    assert head == "event,order,endpoint,state,reason,tries,written,finished"
    assert row.startswith(f"Order created,W-1,{receiver.url},Delivered,,1,")


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.WAREHOUSE, Role.ORDER_STAFF])
def test_who_may_only_look_changes_nothing(login: Login, project: Project, role: Role) -> None:
    endpoint = endpoints.create(project, "https://app.example/a", EVENTS).endpoint
    client = login(project, role)
    assert client.get(at("endpoint_change", endpoint.pk)).status_code == 200
    before = WebhookEndpoint.objects.values().get()
    for step in ("edit", "secret", "test", "enable", "disable", "remove"):
        assert client.post(at(f"endpoint_{step}", endpoint.pk)).status_code == 403, step
    assert client.post(at("endpoint_create"), {"url": "https://x.example", "events": EVENTS}).status_code == 403
    assert WebhookEndpoint.objects.values().get() == before
