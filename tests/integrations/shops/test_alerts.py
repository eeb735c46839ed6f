"""Letters about shops: to whom, when, how often, and with what in them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from integrations import jobs
from integrations.access import site_letters
from integrations.choices import IntegrationHealth, Role, TroubleKind
from integrations.connectors.errors import MailError, MailFault
from integrations.models import Integration, Trouble, Webhook
from integrations.secrets import Secrets
from integrations.shops import alerts
from integrations.simulator.mailbox import SimulatedMailServer
from integrations.tick import tick
from tests.factories import IntegrationFactory, member

SITE = "https://orders.example"
NOTE = "The shop says 401 to cs_very_secret of buyer@mail.example."


@pytest.fixture
def mail(settings: Settings) -> Iterator[SimulatedMailServer]:
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with SimulatedMailServer() as running:
        account = {"host": "127.0.0.1", "port": running.port, "security": "plain", "username": "", "password": ""}
        settings.MAIL_ACCOUNT, settings.EMAIL_FROM, settings.PUBLIC_URL = account, "office@orders.example", SITE
        yield running
    queue.connection.flushdb()


@pytest.fixture
def shop(commits: None) -> Integration:
    made = IntegrationFactory.create(title="Garden shop", credentials=Secrets(consumer_secret="cs_very_secret"))
    person(made, "eva@mail.example")
    return made


def person(shop: Integration, email: str, role: Role = Role.IMPORT_ADMIN, **values: Any) -> None:
    user = member(shop.project.account, role)
    for name, value in {"email": email, **values}.items():
        setattr(user, name, value)
    user.save()


def reject(shop: Integration, health: IntegrationHealth = IntegrationHealth.CREDENTIALS) -> None:
    Integration.objects.filter(pk=shop.pk).update(health=health, health_note=NOTE)


def sent(mail: SimulatedMailServer) -> list[str]:
    """The subjects of all letters so far, after the bells that the tick rings now."""
    tick()
    for job in django_rq.get_queue("default").jobs:
        if str(job.func_name).endswith(".alert"):
            jobs.alert(*job.args)
            job.delete()
    return [str(letter["Subject"]) for letter in mail.letters]


def later(**by: float) -> None:
    """Let time pass, for incidents and letters alike."""
    for trouble in Trouble.objects.all():
        for name in ("opened_at", "told_at", "settled_at", "settled_told_at", "next_try_at"):
            if (at := getattr(trouble, name)) is not None:
                setattr(trouble, name, at - timedelta(**by))
        trouble.save()


BEGUN, SETTLED = "Garden shop: credentials rejected", "Garden shop: settled"


def test_one_letter_when_it_begins_and_one_when_it_is_settled(shop: Integration, mail: SimulatedMailServer) -> None:
    assert sent(mail) == []
    reject(shop)
    assert sent(mail) == [BEGUN]
    later(days=3)
    assert sent(mail) == [BEGUN]
    reject(shop, IntegrationHealth.UNKNOWN)  # new credentials, not tried yet
    assert sent(mail) == [BEGUN]
    reject(shop, IntegrationHealth.OK)
    assert sent(mail) == [BEGUN, SETTLED]
    later(days=2)
    assert sent(mail) == [BEGUN, SETTLED]
    reject(shop)
    assert sent(mail) == [BEGUN, SETTLED, BEGUN]


def test_what_it_says(shop: Integration, mail: SimulatedMailServer) -> None:
    Webhook.objects.create(integration=shop, problem=NOTE)
    reject(shop)
    assert sent(mail) == [BEGUN, "Garden shop: webhooks do not work"]
    texts = [str(letter.get_content()) for letter in mail.letters]
    for text, part in zip(texts, ("connection", "webhooks"), strict=True):
        assert f"{SITE}/integrations/integration/{shop.pk}/change/#{part}" in text.split()
        assert shop.project.name in text
    everything = "".join(map(str, mail.letters)) + "".join(texts)
    for secret in ("cs_very_secret", "buyer@mail.example", NOTE, shop.webhook.token):
        assert secret not in everything


def test_only_people_who_may_mend_it_are_written_to(shop: Integration, mail: SimulatedMailServer) -> None:
    person(shop, "tom@mail.example")
    person(shop, "")
    person(shop, "nonsense@@mail")
    person(shop, "gone@mail.example", is_active=False)
    person(shop, "staff@mail.example", Role.ORDER_STAFF)
    person(IntegrationFactory.create(), "stranger@mail.example")
    reject(shop)
    sent(mail)
    assert [letter["To"] for letter in mail.letters] == ["eva@mail.example, tom@mail.example"]


def test_a_shop_that_comes_and_goes_writes_once_a_day(shop: Integration, mail: SimulatedMailServer) -> None:
    for _ in range(4):
        reject(shop)
        sent(mail)
        reject(shop, IntegrationHealth.OK)
        sent(mail)
    reject(shop)
    assert sent(mail) == [BEGUN, SETTLED]
    later(hours=25)
    assert sent(mail) == [BEGUN, SETTLED, BEGUN]


def test_a_shop_that_is_switched_off_is_over_without_a_word(shop: Integration, mail: SimulatedMailServer) -> None:
    reject(shop)
    sent(mail)
    Integration.objects.update(enabled=False)
    assert sent(mail) == [BEGUN]
    assert not Trouble.objects.filter(settled_at=None).exists()


def test_a_letter_that_was_surely_not_taken_is_tried_again(shop: Integration, mail: SimulatedMailServer) -> None:
    reject(shop)
    mail.answer = "451 Later"
    assert sent(mail) == []
    mail.answer = ""
    assert sent(mail) == []  # not at once
    later(minutes=11)
    assert sent(mail) == [BEGUN]


@pytest.mark.parametrize("fault", [MailError(MailFault.UNSURE, "Unsure."), SystemExit()])
def test_one_of_which_nobody_knows_is_not_sent_again(
    shop: Integration, mail: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    """The connection broke off, or the worker was killed, while the letter was handed over."""
    reject(shop)
    tick()
    [trouble] = Trouble.objects.all()
    hand_over = site_letters.hand_over

    def breaks(letters: Any) -> None:
        hand_over(letters)
        raise fault

    monkeypatch.setattr(site_letters, "hand_over", breaks)
    with suppress(SystemExit):
        jobs.alert(trouble.pk)
    monkeypatch.setattr(site_letters, "hand_over", hand_over)
    later(hours=2)
    jobs.alert(trouble.pk)
    assert sent(mail) == [BEGUN]


def test_the_control_without_the_mark_it_goes_out_again(
    shop: Integration, mail: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject(shop)
    sent(mail)
    Trouble.objects.update(told_at=None)
    assert sent(mail) == [BEGUN]  # not rung for yet
    jobs.alert(Trouble.objects.get().pk)
    assert sent(mail) == [BEGUN, BEGUN]


def test_without_a_mail_server_it_waits_for_one(
    shop: Integration, mail: SimulatedMailServer, settings: Settings
) -> None:
    account, settings.MAIL_ACCOUNT = settings.MAIL_ACCOUNT, {}
    reject(shop)
    assert sent(mail) == []
    jobs.alert(Trouble.objects.get().pk)
    settings.MAIL_ACCOUNT = account
    assert sent(mail) == [BEGUN]


def test_where_nobody_has_an_address_the_first_who_gets_one_is_told(
    shop: Integration, mail: SimulatedMailServer
) -> None:
    shop.project.account.memberships.all().delete()
    reject(shop)
    assert sent(mail) == []
    person(shop, "new@mail.example")
    later(minutes=11)
    assert sent(mail) == [BEGUN]


def test_old_incidents_are_forgotten(shop: Integration, mail: SimulatedMailServer) -> None:
    reject(shop)
    sent(mail)
    reject(shop, IntegrationHealth.OK)
    sent(mail)
    later(days=31)
    tick()
    assert not Trouble.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_ticks_and_workers_at_once_write_one_letter(mail: SimulatedMailServer) -> None:
    shop = IntegrationFactory.create(title="Garden shop")
    person(shop, "eva@mail.example")
    reject(shop)

    def apart(work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: apart(alerts.look), range(4)))
        [trouble] = Trouble.objects.all()
        assert trouble.kind == TroubleKind.CREDENTIALS
        list(pool.map(lambda _: apart(jobs.alert, trouble.pk), range(8)))
    assert [str(letter["Subject"]) for letter in mail.letters] == [BEGUN]
    assert Trouble.objects.filter(told_at__lte=timezone.now()).count() == 1
