"""Distributions and messages by API: read with filters, by their own project only."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from config.kit.public_ids import PublicIds
from integrations.choices import MessageState
from integrations.models import Distribution, Message
from orders.models import Customer
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("commits")]
ROOT = "/back-office/v1"


@pytest.fixture
def partner() -> Partner:
    return Partner(ProjectFactory.create())


def test_messages_are_read_by_customer_state_and_distribution(partner: Partner) -> None:
    now, ids = timezone.now(), PublicIds(bytes(partner.project.id_key))
    people = [
        Customer.objects.create(project=partner.project, email=f"c{number}@mail.example", created_at=now)
        for number in range(2)
    ]
    letter = Distribution.objects.create(project=partner.project, name="Thanks", trigger="order_paid", channel="email")
    for person, state in zip(people, (MessageState.SENT, MessageState.FAILED), strict=True):
        Message.objects.create(
            distribution=letter, cause=f"order-{person.pk}", customer_id=person.pk, order_id=person.pk, state=state,
            reason="It is so.", created_at=now, next_attempt_at=now,
        )  # fmt: skip

    def found(query: str) -> list[dict[str, Any]]:
        answer = partner.get(f"{ROOT}/messages?{query}")
        assert answer.status_code == 200
        rows: list[dict[str, Any]] = told(answer)["data"]
        return rows

    [row] = found("state=failed")
    assert (row["customer_id"], row["reason"]) == (ids.give("cust", people[1].pk), "It is so.")
    assert told(partner.get(f"{ROOT}/messages/{row['id']}")) == row
    assert [each["state"] for each in found(f"customer={ids.give('cust', people[0].pk)}")] == ["sent"]
    assert len(found(f"distribution={row['distribution_id']}")) == 2
    [shown] = told(partner.get(f"{ROOT}/distributions?channel=email"))["data"]
    assert (shown["id"], shown["name"], shown["enabled"]) == (row["distribution_id"], "Thanks", False)
    assert told(partner.get(f"{ROOT}/distributions/{shown['id']}")) == shown
    assert partner.get(f"{ROOT}/messages?state=lost").status_code == 400
