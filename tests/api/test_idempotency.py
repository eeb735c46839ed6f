"""Calls that are sent again with their Idempotency-Key: each happens once, whatever happens in between."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from config.kit.public_ids import PublicIds
from integrations.access import idempotency
from integrations.choices import RunKind
from integrations.models import Export, KeptAnswer, Project, Run
from integrations.shops.connection import set_up
from integrations.tick import tick
from orders.models import Order
from tests.api import described
from tests.api.conftest import Partner, told
from tests.factories import IntegrationFactory, ProjectFactory, give_stock

pytestmark = pytest.mark.django_db(transaction=True)

Body = dict[str, Any] | list[dict[str, Any]]


def loads(project: Project) -> dict[str, Any]:
    shop = IntegrationFactory.create(project=project)
    set_up(shop)
    return {"kind": "load", "integration_id": PublicIds(bytes(project.id_key)).give("int", shop.pk)}


# Every call that starts or creates something: a body, and how many there are of what it makes.
CALLS: dict[str, tuple[Callable[[Project], Body], Callable[[], int]]] = {
    "/v1/orders/import": (lambda project: [{"amount": 5}], Run.objects.filter(kind=RunKind.BULK_BY_API).count),
    "/v1/orders/export": (lambda project: {}, Export.objects.count),
    "/v1/orders": (lambda project: {"items": [{"source_id": "A-17", "quantity": 2}]}, Order.objects.count),
    "/back-office/v1/runs": (loads, Run.objects.filter(kind=RunKind.LOAD).count),
}


# Calls that take no key, each with its reason.
WITHOUT = {
    "/back-office/v1/webhooks": "the answer holds a secret, which is kept nowhere",
    "/back-office/v1/deliveries/{public_id}/send-again": "asked twice before it is sent, it is sent once",
}


def test_every_call_that_creates_takes_a_key() -> None:
    posts = {path for path, operations in described.document()["paths"].items() if "post" in operations}
    posts -= set(WITHOUT)
    takes = {
        path
        for path in posts | set(WITHOUT)
        for parameter in described.document()["paths"][path]["post"]["parameters"]
        if parameter["name"] == "Idempotency-Key"
    }
    assert takes == posts
    assert set(CALLS) <= posts


@pytest.mark.parametrize("path", CALLS)
def test_a15_the_same_call_is_answered_as_before(partner: Partner, path: str) -> None:
    body_of, count = CALLS[path]
    body = body_of(partner.project)
    first, again = (partner.post(path, body, Idempotency_Key="k 1") for _ in range(2))
    assert first.status_code in {200, 202}, first.content
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [answer.headers.get("Idempotent-Replayed") for answer in (first, again)] == [None, "true"]
    assert count() == 1


def test_a15_another_call_with_the_key_is_refused(partner: Partner) -> None:
    assert partner.post("/v1/orders", {"amount": 5}, Idempotency_Key="k").status_code == 200
    for path, body in (
        ("/v1/orders", {"amount": 6}),
        ("/v1/orders/import", [{"amount": 5}]),
        ("/v1/orders/export", {"amount": 5}),
    ):
        refused = partner.post(path, body, Idempotency_Key="k")
        assert (refused.status_code, told(refused)["key"]) == (422, "idempotency_key_reused")
    rows = [{"amount": 5}]
    assert partner.post("/v1/orders/import?on_conflict=skip", rows, Idempotency_Key="i").status_code == 200
    assert partner.post("/v1/orders/import?on_conflict=error", rows, Idempotency_Key="i").status_code == 422
    assert (Order.objects.count(), Run.objects.count()) == (1, 1)


def test_a15_keys_of_another_project_are_others(partner: Partner) -> None:
    other = Partner(ProjectFactory.create())
    for each in (partner, other, partner, other):
        assert each.post("/v1/orders", {"amount": 5}, Idempotency_Key="k").status_code == 200
    assert set(Order.objects.values_list("project", flat=True)) == {partner.project.pk, other.project.pk}
    assert Order.objects.count() == 2


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("key", ["", "x" * 256, "ké"])
def test_a15_a_key_that_is_none_is_refused(partner: Partner, path: str, key: str) -> None:
    body_of, count = CALLS[path]
    refused = partner.post(path, body_of(partner.project), Idempotency_Key=key)
    assert refused.status_code == 400
    assert "Idempotency-Key must be 1 to 255" in told(refused)["details"]
    assert count() == 0


def test_a15_a_key_counts_for_a_day(partner: Partner) -> None:
    for hours, orders in ((23, 1), (24, 2)):
        KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=hours))
        assert partner.post("/v1/orders", {"amount": 5}, Idempotency_Key="k").status_code == 200
        assert Order.objects.count() == orders
    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(hours=24))
    tick()
    assert not KeptAnswer.objects.exists()


def test_a_refused_call_keeps_no_answer(partner: Partner) -> None:
    assert partner.post("/v1/orders", {}, Idempotency_Key="k").status_code == 400
    assert partner.post("/v1/orders", {"amount": 5}, Idempotency_Key="k").status_code == 200
    assert KeptAnswer.objects.count() == 1


@pytest.mark.parametrize("path", CALLS)
def test_a15_after_a_crash_in_the_middle_it_happens_once(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The connection is lost after everything was done and before the answer is kept."""
    body_of, count = CALLS[path]
    body = body_of(partner.project)
    give_stock(partner.project, A_17=10)

    def lost(**_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(KeptAnswer.objects, "create", lost)
        assert partner.post(path, body, Idempotency_Key="k").status_code == 503
    assert count() == 0
    for _ in range(2):
        assert partner.post(path, body, Idempotency_Key="k").status_code in {200, 202}
    assert count() == 1


def twelve_at_once(partner: Partner) -> list[Any]:
    answers: list[Any] = []
    gate = threading.Barrier(12)

    def call() -> None:
        mine = Partner(partner.project, partner.made)
        gate.wait()
        try:
            answers.append(mine.post("/v1/orders", {"amount": 5}, Idempotency_Key="k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a15_the_same_call_twelve_times_at_once_happens_once(partner: Partner) -> None:
    answers = twelve_at_once(partner)
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert (answer.headers["Retry-After"], told(answer)["key"]) == ("1", "multiple_requests")
    assert Order.objects.count() == 1


def test_a15_a_call_that_comes_meanwhile_is_told_to_wait(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call comes while the first is at work: in another thread, on a connection of its own."""
    met: list[Any] = []
    from orders.api import documents

    read = documents.one

    def another(*arguments: Any, **named: Any) -> Any:
        def call() -> None:
            try:
                met.append(
                    Partner(partner.project, partner.made).post("/v1/orders", {"amount": 5}, Idempotency_Key="k")
                )
            finally:
                connection.close()

        if not met:
            thread = threading.Thread(target=call)
            thread.start()
            thread.join()
        return read(*arguments, **named)

    monkeypatch.setattr(documents, "one", another)
    assert partner.post("/v1/orders", {"amount": 5}, Idempotency_Key="k").status_code == 200
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in met] == [(409, "1")]
    assert Order.objects.count() == 1


def test_control_without_the_lock_the_call_is_worked_on_twice(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the lock off and the unique key gone as well, each of the calls makes an order."""
    monkeypatch.setattr(idempotency, "_locked", lambda call: True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE integrations_keptanswer DROP CONSTRAINT answer_once_per_key")
    try:
        assert any(twice(partner) > 1 for _ in range(5))
    finally:
        KeptAnswer.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE integrations_keptanswer ADD CONSTRAINT answer_once_per_key UNIQUE (project_id, key)"
            )


def twice(partner: Partner) -> int:
    KeptAnswer.objects.all().delete()
    before = Order.objects.count()
    twelve_at_once(partner)
    return Order.objects.count() - before
