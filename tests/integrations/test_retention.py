"""What is old is cleaned by its setting, a window at a time; what is young, open or still needed stays."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations import retention
from integrations.choices import DeliveryState, FileState, RemoteState, RunKind, RunState
from integrations.invariants import broken
from integrations.models import (
    CleaningRound,
    DeliveryAttempt,
    ExchangedFile,
    Feed,
    Fix,
    Integration,
    Message,
    Project,
    RemoteOrder,
    Run,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.review import assessment, decisions
from integrations.tick import tick
from orders.models import Order, Preparation, PreparedOrder, Shipment
from stock import warehouses
from stock.choices import PostingKind
from stock.models import StockPosting
from tests.admin.conftest import Login, imported, login, remote
from tests.factories import IntegrationFactory, ProjectFactory, incoming, line
from tests.integrations.distributions.conftest import Distributing, distributing

__all__ = ["distributing", "login"]
pytestmark = pytest.mark.django_db

SETTINGS = (
    "RAW_DOCUMENT_DAYS", "RUN_DAYS", "WEBHOOK_RUN_DAYS", "WEBHOOK_DAYS", "MESSAGE_DAYS", "FILE_DAYS", "LOG_DAYS",
    "PREPARATION_DAYS", "POSTING_DAYS",
)  # fmt: skip
LONG = timedelta(days=1000)


@pytest.fixture
def project() -> Project:
    return ProjectFactory.create()


@pytest.fixture
def shop(project: Project, distributing: Distributing) -> Integration:
    """A shop with one of everything that is cleaned, and of everything that must stay."""
    shop = IntegrationFactory.create(project=project)
    now = timezone.now()
    done = Run.objects.create(project=project, integration=shop, kind=RunKind.LOAD, state="succeeded", finished_at=now)
    Run.objects.create(project=project, integration=shop, kind=RunKind.RETRY, state=RunState.WAITING)
    imported(shop, [incoming(line(), number="1")], "history")
    imported(shop, [incoming(line(), number="2")], "hold")
    Order.objects.update(run=done)
    RemoteOrder.objects.update(run=done)
    user = User.objects.create_user("ann")
    for state in (RemoteState.PENDING, RemoteState.FAILED, RemoteState.IGNORED, RemoteState.DISMISSED):
        remote(shop, state.value, state, attempts=1, action="skip", decided_by=user)
    remote(shop, "again", RemoteState.IGNORED, retry=True, action="skip")
    endpoint = WebhookEndpoint.objects.create(project=project, url="https://hooks.example")
    for event_id, stands in (("1", DeliveryState.DELIVERED), ("2", DeliveryState.WAITING)):
        over = {"finished_at": now, "next_try_at": None} if stands == DeliveryState.DELIVERED else {}
        sent = WebhookDelivery.objects.create(
            endpoint=endpoint, project=project, event_id=event_id, event="webhook.test", happened_at=now, body=b"{}",
            state=stands, attempts_made=1, **over,
        )  # fmt: skip
        DeliveryAttempt.objects.create(delivery=sent, number=1, at=now, seconds=1, status=200)
    distribution = distributing()
    for cause, said in (("order-1", "sent"), ("order-2", "waiting")):
        Message.objects.create(
            distribution=distribution, cause=cause, customer_id=1, state=said, created_at=now, next_attempt_at=now
        )
    stock_in = Feed.objects.create(integration=shop, kind=RunKind.STOCK_FILES)
    orders_out = Feed.objects.create(integration=shop, kind=RunKind.ORDERS_OUT)
    for feed, name, lies, moved_to in (
        (stock_in, "worked off", FileState.DONE, "processed/a.csv"),
        (stock_in, "still there", FileState.DONE, ""),
        (stock_in, "seen", FileState.SEEN, ""),
        (orders_out, "sent", FileState.SENT, "in/b.csv"),
    ):
        ended = None if lies == FileState.SEEN else now
        ExchangedFile.objects.create(
            project=project, feed=feed, name=name, state=lies, moved_to=moved_to, seen_at=now, finished_at=ended
        )
    Fix.objects.create(project=project, integration=shop, reason_code="x", done="Done.", at=now, orders=[1])
    prepared = Order.objects.get(number="2")
    for closed_at in (now, None):
        preparation = Preparation.objects.create(project=project, created_at=now, closed_at=closed_at)
        PreparedOrder.objects.create(
            preparation=preparation,
            order=prepared,
            position=1,
            version=1,
            shipment=Shipment.objects.first() if closed_at else None,
        )
    place = warehouses.first_of(project.pk)
    StockPosting.objects.create(project=project, kind=PostingKind.COUNT, warehouse_id=place, token=uuid4(), at=now)
    kind = ContentType.objects.get_for_model(Run)
    LogEntry.objects.create(user=user, content_type=kind, object_id="1", object_repr="-", action_flag=1)
    return shop


def age(by: timedelta) -> None:
    """Everything is as much older."""
    RemoteOrder.objects.update(changed_at=F("changed_at") - by, first_seen_at=F("first_seen_at") - by)
    Run.objects.update(created_at=F("created_at") - by, finished_at=F("finished_at") - by)
    WebhookDelivery.objects.update(created_at=F("created_at") - by, finished_at=F("finished_at") - by)
    Message.objects.update(created_at=F("created_at") - by)
    ExchangedFile.objects.update(seen_at=F("seen_at") - by, finished_at=F("finished_at") - by)
    Fix.objects.update(at=F("at") - by)
    Preparation.objects.update(created_at=F("created_at") - by, closed_at=F("closed_at") - by)
    StockPosting.objects.update(at=F("at") - by)
    LogEntry.objects.update(action_time=F("action_time") - by)


def clean() -> int:
    """A whole round."""
    CleaningRound.objects.all().delete()
    count = 0
    for _ in range(50):
        count += retention.clean()
        if not CleaningRound.objects.filter(ended_at=None).exists():
            return count
    raise AssertionError("the round does not end")


def with_documents() -> set[tuple[str, str]]:
    return set(RemoteOrder.objects.exclude(payload="").values_list("state", "number"))


def test_the_old_goes_and_what_is_needed_stays(shop: Integration) -> None:
    age(LONG)
    with patch.object(retention, "WINDOW", 2):
        assert clean() == 11
    assert with_documents() == {("imported", "2"), ("pending", "pending"), ("failed", "failed"), ("ignored", "again")}
    assert list(Run.objects.values_list("state", flat=True)) == ["waiting"]
    assert Order.objects.filter(run=None).count() == 2
    assert [delivery.state for delivery in WebhookDelivery.objects.all()] == ["waiting"]
    assert DeliveryAttempt.objects.count() == 1
    assert [message.state for message in Message.objects.all()] == ["waiting"]
    assert set(ExchangedFile.objects.values_list("name", flat=True)) == {"still there", "seen", "sent"}
    assert not Fix.objects.exists() and not LogEntry.objects.exists() and not StockPosting.objects.exists()
    assert list(Preparation.objects.values_list("closed_at", flat=True)) == [None]
    assert PreparedOrder.objects.count() == 1 and Shipment.objects.exists()
    assert broken() == {}
    assert clean() == 0


def test_the_young_stays(shop: Integration) -> None:
    """The control: nothing goes that is not old."""
    assert clean() == 0
    age(timedelta(days=179))
    assert clean() == 0
    assert len(with_documents()) == 7 and Run.objects.count() == 2


def test_nought_keeps_for_ever(shop: Integration, settings: Settings) -> None:
    age(LONG)
    for name in SETTINGS:
        setattr(settings, name, 0)
    assert retention.clean() == 0


def test_every_kind_has_its_setting_and_columns() -> None:
    assert {kind.setting for kind in retention.KINDS} == set(SETTINGS)
    for kind in retention.KINDS:
        assert kind.model._meta.get_field(kind.born)


def test_the_tick_does_a_round_a_day(shop: Integration) -> None:
    age(LONG)
    assert tick()
    assert not Fix.objects.exists()
    assert not CleaningRound.objects.filter(ended_at=None).exists()
    Fix.objects.create(
        project=shop.project, integration=shop, reason_code="x", done="-", at=timezone.now() - LONG, orders=[]
    )
    assert tick() and Fix.objects.exists()
    CleaningRound.objects.update(began_at=timezone.now() - timedelta(hours=25))
    assert tick() and not Fix.objects.exists()


def test_pages_say_that_a_document_is_gone(shop: Integration, login: Login) -> None:
    age(LONG)
    clean()
    browser = login(shop.project)
    gone = RemoteOrder.objects.get(state=RemoteState.DISMISSED)
    page = browser.get(f"/integrations/remoteorder/{gone.pk}/change/")
    assert page.status_code == 200
    assert "not kept any more" in page.content.decode()
    order = Order.objects.get(number="1")
    assert "not kept any more" in browser.get(f"/orders/order/{order.pk}/change/").content.decode()


def test_what_was_dismissed_is_taken_back_and_says_how_to_go_on(shop: Integration) -> None:
    age(LONG)
    clean()
    gone = RemoteOrder.objects.get(state=RemoteState.DISMISSED)
    user = User.objects.get(username="ann")
    decisions.take_back(shop.project_id, [gone.pk], actor_id=user.pk, actor="Ann")
    gone.refresh_from_db()
    assert "fetch the order again" in assessment.assess(gone).problem
    [said] = decisions.accept(shop.project_id, [gone.pk], actor_id=user.pk, actor="Ann")
    assert not said.done and "fetch the order again" in said.sentence


def test_an_admin_still_opens_the_lists(shop: Integration, login: Login) -> None:
    age(LONG)
    clean()
    browser: Client = login(shop.project)
    for address in ("/integrations/run/", "/integrations/webhookdelivery/", "/integrations/remoteorder/", "/"):
        assert browser.get(address).status_code == 200
