"""Letters are cut off at every statement and commit: none is lost, none goes out twice, what is unsure says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from integrations.choices import DistributionChannel, DistributionTrigger, MailSecurity, MessageState
from integrations.distributions import dispatch
from integrations.distributions.authoring import (
    DistributionSettings,
    ServerSettings,
    save_distribution,
    save_server,
    switch,
)
from integrations.distributions.dispatch import send_letters
from integrations.distributions.triggers import answer_entries
from integrations.models import Message, Project
from integrations.simulator.mailbox import SimulatedMailServer
from orders.choices import SegmentKind
from orders.models import Customer, Segment, SegmentEntry, SegmentMember
from tests.crash.faults import moments
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.crash]
PEOPLE = 3


@pytest.fixture
def mail(settings: Settings) -> Iterator[SimulatedMailServer]:
    with SimulatedMailServer() as running:
        settings.ALLOWED_SHOP_ADDRESSES = {f"127.0.0.1:{running.port}"}
        yield running


def prepared(mail: SimulatedMailServer) -> Project:
    """Customers who have just entered a segment that a letter answers."""
    project, now = ProjectFactory.create(), timezone.now()
    sender = ServerSettings("127.0.0.1", mail.port, MailSecurity.PLAIN, "", "Shop", "shop@tea.example")
    save_server(project.pk, sender, "")
    segment = Segment.objects.create(
        project=project, name="Regulars", kind=SegmentKind.STATIC, created_at=now, updated_at=now
    )
    values = DistributionSettings(
        "Hello", DistributionTrigger.SEGMENT_ENTERED, DistributionChannel.EMAIL, "Hello", "Hello", segment.pk
    )
    switch(save_distribution(project, values), on=True)
    for number in range(PEOPLE):
        person = Customer.objects.create(project=project, email=f"c{number}@mail.example", created_at=now)
        member = SegmentMember.objects.create(segment=segment, customer=person, since=now)
        SegmentEntry.objects.create(project=project, member=member, segment=segment, customer=person, at=now)
    return project


def work(project: Project) -> None:
    while answer_entries(project.pk):
        pass
    while send_letters(project.pk):
        pass


def interrupted(mail: SimulatedMailServer, drop_at: int = 0) -> tuple[list[str], int]:
    """What is wrong in the end when the work is cut off at this moment, and how many moments there are."""
    mail.letters.clear()
    project = prepared(mail)
    with moments(drop_at) as counted, suppress(OperationalError):
        work(project)
    connection.close()
    Message.objects.filter(distribution__project=project).update(next_attempt_at=timezone.now())
    work(project)
    received = Counter(str(letter["To"]) for letter in mail.letters)
    rows = Message.objects.filter(distribution__project=project)
    addresses = dict(Customer.objects.filter(project=project).values_list("pk", "email"))
    wrong = [f"{address} got {count}" for address, count in received.items() if count > 1]
    if len(rows) != PEOPLE:
        wrong.append(f"{len(rows)} messages")
    for row in rows:
        got = received[addresses[row.customer_id]]
        if (row.state, got) not in {(MessageState.SENT, 1), (MessageState.UNSURE, 0), (MessageState.UNSURE, 1)}:
            wrong.append(f"{row.state} and received {got}")
    return wrong, counted.passed


def test_every_moment_is_survived(mail: SimulatedMailServer) -> None:
    wrong, count = interrupted(mail)
    assert (wrong, count >= 15) == ([], True)
    assert {moment: found for moment in range(1, count + 1) if (found := interrupted(mail, moment)[0])} == {}


def test_control_letters_marked_after_they_were_handed_over_go_out_twice(
    mail: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_mark", lambda message: True)
    _, count = interrupted(mail)
    assert any("got 2" in sentence for moment in range(1, count + 1) for sentence in interrupted(mail, moment)[0])
