"""A new password by letter: who gets one, where its link leads, what it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import django_rq
import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import jobs
from integrations.access import password_links
from integrations.choices import Role
from integrations.models import AccessEvent, BrowserSession, PasswordRequest
from integrations.simulator.mailbox import SimulatedMailServer
from integrations.tick import tick
from tests.factories import AccountFactory, member

SITE = "https://orders.example"
SAME = {"new_password1": "Rooibos-4711", "new_password2": "Rooibos-4711"}


@pytest.fixture
def mail(settings: LazySettings) -> Iterator[SimulatedMailServer]:
    queue = django_rq.get_queue("default")
    queue.connection.flushdb()
    with SimulatedMailServer() as running:
        account = {"host": "127.0.0.1", "port": running.port, "security": "plain", "username": "", "password": ""}
        settings.MAIL_ACCOUNT, settings.EMAIL_FROM, settings.PUBLIC_URL = account, "office@orders.example", SITE
        yield running
    queue.connection.flushdb()


@pytest.fixture
def jana(commits: None) -> User:
    user = member(AccountFactory.create(), Role.READ_ONLY, "jana")
    user.email = "Jana@mail.example"
    user.save()
    return user


def ask(email: str, **headers: str) -> Any:
    return Client(headers=headers or None).post("/password_reset/", {"email": email})


def bells() -> list[Any]:
    return [str(job.func_name).rpartition(".")[2] for job in django_rq.get_queue("default").jobs]


def send_all() -> None:
    for request in PasswordRequest.objects.all():
        jobs.password_letter(request.pk)


def link_of(mail: SimulatedMailServer) -> str:
    send_all()
    [letter] = mail.letters
    return str(re.findall(rf"{SITE}(/password_reset/\S+)", str(letter.get_content()))[0])


def test_the_link_of_a_letter_sets_a_password_once_and_ends_all_sessions(jana: User, mail: SimulatedMailServer) -> None:
    desk = Client()
    desk.force_login(jana)
    answer = ask("jana@MAIL.example")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/password_reset/sent/")
    assert bells() == ["password_letter"]
    link = link_of(mail)
    assert mail.letters[0]["To"] == "Jana@mail.example"
    assert not PasswordRequest.objects.exists()
    browser = Client()
    form = browser.get(link, follow=True)
    assert "Choose a new password" in form.content.decode()
    assert link not in form.request["PATH_INFO"], "the token does not stay in the address"
    assert browser.post(form.request["PATH_INFO"], SAME).status_code == 302
    assert desk.get("/").status_code == 302
    assert not BrowserSession.objects.filter(user=jana).exists()
    assert "does not open anything any more" in Client().get(link, follow=True).content.decode()
    assert Client().post("/login/", {"username": "jana", "password": "Rooibos-4711"}).status_code == 302
    kinds = list(AccessEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["login", "reset_requested", "reset_done", "sessions_ended", "login"]


def test_it_opens_the_door_for_those_who_locked_themselves_out(jana: User, mail: SimulatedMailServer) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": "jana", "password": "wrong"})
    ask(jana.email)
    form = (browser := Client()).get(link_of(mail), follow=True)
    browser.post(form.request["PATH_INFO"], SAME)
    assert Client().post("/login/", {"username": "jana", "password": "Rooibos-4711"}).status_code == 302


class TestNobodyLearnsWhoIsHere:
    def work_of(self, email: str) -> tuple[Any, ...]:
        with CaptureQueriesContext(connection) as queries:
            answer = ask(email)
        told = Client().get(answer.headers["Location"]).content
        statements = [re.sub(r"'[^']*'|\d+", "?", query["sql"])[:60] for query in queries]
        return answer.status_code, answer.headers["Location"], told, statements, bells()

    def test_the_answer_and_the_work_are_the_same(self, jana: User, mail: SimulatedMailServer) -> None:
        known = self.work_of(jana.email)
        django_rq.get_queue("default").connection.flushdb()
        assert self.work_of("nobody@mail.example") == known
        assert mail.letters == [], "no letter is sent while somebody waits for the answer"
        send_all()
        assert [letter["To"] for letter in mail.letters] == ["Jana@mail.example"]

    def test_nor_by_asking_often(self, jana: User, mail: SimulatedMailServer) -> None:
        for email in (jana.email, "nobody@mail.example"):
            assert [ask(email).status_code for _ in range(4)] == [302, 302, 302, 429]
        assert "try again in an hour" in ask(jana.email).content.decode()

    def test_control_without_the_limit_it_is_sent_every_time(
        self, jana: User, mail: SimulatedMailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(password_links, "MOST_FOR_ONE", 100)
        assert [ask(jana.email).status_code for _ in range(5)] == [302] * 5

    def test_one_network_address_asks_for_twenty(self, jana: User, mail: SimulatedMailServer) -> None:
        answers = [ask(f"nobody{number}@mail.example").status_code for number in range(21)]
        assert answers == [302] * 20 + [429]


def test_a_forged_host_does_not_get_into_the_letter(
    jana: User, mail: SimulatedMailServer, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert Client(SERVER_NAME="evil.example").post("/password_reset/", {"email": jana.email}).status_code == 302
    send_all()
    words = str(mail.letters[0].get_content())
    assert f"{SITE}/password_reset/" in words
    assert "evil.example" not in words


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!unusable"}])
def test_who_may_not_come_in_gets_none(jana: User, mail: SimulatedMailServer, change: dict[str, Any]) -> None:
    User.objects.filter(pk=jana.pk).update(**change)
    ask(jana.email)
    send_all()
    assert mail.letters == []


class TestTroubles:
    def test_a_letter_that_cannot_be_sent_is_tried_again_and_given_up(
        self, jana: User, mail: SimulatedMailServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        mail.answer = "451 Later"
        ask(jana.email)
        send_all()
        request = PasswordRequest.objects.get()
        assert request.next_try_at > timezone.now()
        assert jana.email not in caplog.text
        send_all()
        assert PasswordRequest.objects.get().next_try_at == request.next_try_at, "not before its time"
        PasswordRequest.objects.update(next_try_at=timezone.now(), asked_at=timezone.now() - timedelta(hours=1))
        send_all()
        assert not PasswordRequest.objects.exists()

    def test_a_lost_bell_is_made_up_for_by_the_tick(self, jana: User, mail: SimulatedMailServer) -> None:
        ask(jana.email)
        django_rq.get_queue("default").connection.flushdb()
        assert tick()
        assert "password_letter" in bells()

    def test_two_workers_send_it_once(self, jana: User, mail: SimulatedMailServer) -> None:
        ask(jana.email)
        pk = PasswordRequest.objects.get().pk
        jobs.password_letter(pk)
        jobs.password_letter(pk)
        assert len(mail.letters) == 1


class TestWithoutLetters:
    def test_the_page_is_not_there_and_the_login_says_whom_to_ask(self, db: None) -> None:
        assert ask("jana@mail.example").status_code == 404
        page = Client().get("/login/").content.decode()
        assert "Whoever runs this site can give you a link" in page
        assert "/password_reset/" not in page

    def test_with_letters_the_login_shows_the_way(self, db: None, mail: SimulatedMailServer) -> None:
        assert 'href="/password_reset/"' in Client().get("/login/").content.decode()

    def test_a_command_prints_the_link(self, jana: User) -> None:
        out, err = StringIO(), StringIO()
        call_command("password_link", "jana", stdout=out, stderr=err)
        assert "PUBLIC_URL is not set" in err.getvalue()
        form = Client().get(out.getvalue().strip(), follow=True)
        assert "Set the password" in form.content.decode()
        assert AccessEvent.objects.get().detail == "by the command password_link"

    def test_for_nobody_it_says_so(self, db: None) -> None:
        with pytest.raises(CommandError, match="no active person"):
            call_command("password_link", "nobody")


def test_a_link_ends_after_an_hour(jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    path = password_links.link_for(jana)
    later = timezone.now().replace(tzinfo=None) + timedelta(minutes=61)
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: later)
    assert "does not open anything any more" in Client().get(path, follow=True).content.decode()
