"""Where people are logged in: seen and ended by themselves and their import admins, and ended by what must end it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.site.login.use_of_sessions import SessionsInUse
from integrations.access import sessions
from integrations.access.session_store import SessionStore
from integrations.choices import AccessKind, Role
from integrations.models import AccessEvent, BrowserSession, Project
from tests.factories import ProjectFactory, member

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Safari/604"


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def jana(project: Project) -> User:
    return member(project.account, Role.READ_ONLY, "jana")


def log_in(name: str = "jana", agent: str = FIREFOX, address: str = "203.0.113.7") -> Client:
    browser = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    assert browser.post("/login/", {"username": name, "password": "secret"}).status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/").status_code == 200


def handles(browser: Client) -> list[str]:
    return re.findall(r"/profile/sessions/([0-9a-f]+)/end/", browser.get("/profile/").content.decode())


class TestOnesOwn:
    def test_they_are_listed_with_this_one_marked(self, jana: User) -> None:
        desk, phone = log_in(), log_in(agent=SAFARI, address="198.51.100.4")
        page = desk.get("/profile/").content.decode()
        for shown in ("Firefox on Windows", "203.0.113.7", "Safari on iPhone", "198.51.100.4", "This one"):
            assert shown in page
        assert len(handles(desk)) == 1, "this one ends by logging out"
        assert not any(str(browser.session.session_key) in page for browser in (desk, phone))

    def test_one_is_ended(self, jana: User) -> None:
        desk, phone = log_in(), log_in()
        [handle] = handles(desk)
        assert desk.post(f"/profile/sessions/{handle}/end/").status_code == 302
        assert (is_in(desk), is_in(phone)) == (True, False)
        assert AccessEvent.objects.get(kind=AccessKind.SESSIONS_ENDED).detail == "1 session, Firefox on Windows"

    def test_all_others_are_ended(self, jana: User) -> None:
        desk, *others = (log_in() for _ in range(3))
        desk.post("/profile/sessions/end/")
        assert [is_in(each) for each in (desk, *others)] == [True, False, False]

    def test_those_of_somebody_else_are_not(self, jana: User, project: Project) -> None:
        member(project.account, Role.IMPORT_ADMIN, "petr")
        desk = log_in()
        [seen] = sessions.of_person(jana.pk)
        assert log_in("petr").post(f"/profile/sessions/{seen.handle}/end/").status_code == 404
        assert is_in(desk)

    def test_only_a_form_ends_them(self, jana: User) -> None:
        desk = log_in()
        assert desk.get("/profile/sessions/end/").status_code == 405
        assert desk.get("/profile/sessions/abc/end/").status_code == 405


class TestTime:
    def age(self, **time: float) -> None:
        """As if the sessions had been left alone for that long."""
        past = timedelta(**time)
        for row in BrowserSession.objects.all():
            row.seen_at, row.expire_date = row.seen_at - past, row.expire_date - past
            row.save()

    def test_one_that_is_not_used_ends_after_twelve_hours(self, jana: User) -> None:
        desk = log_in()
        self.age(hours=11, minutes=59)
        assert is_in(desk)
        self.age(hours=12, minutes=1)
        assert not is_in(desk)

    def test_one_that_is_used_goes_on(self, jana: User) -> None:
        desk = log_in()
        for _ in range(4):
            self.age(hours=11)
            assert is_in(desk)

    def test_control_without_noting_its_use_it_ends(self, jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SessionStore, "note_use", lambda session: None)
        with pytest.raises(AssertionError):
            self.test_one_that_is_used_goes_on(jana)

    def test_but_no_longer_than_fourteen_days(self, jana: User) -> None:
        desk = log_in()
        session = desk.session
        session["entered"] |= {"at": (timezone.now() - timedelta(days=13, hours=23)).isoformat()}
        session.save()
        self.age(minutes=2)
        assert is_in(desk)
        row = BrowserSession.objects.get()
        assert timedelta(minutes=50) < row.expire_date - timezone.now() <= timedelta(hours=1)

    def test_use_is_written_once_a_minute_and_costs_no_query_else(self, jana: User) -> None:
        desk = log_in()
        desk.get("/profile/")
        with CaptureQueriesContext(connection) as queries:
            desk.get("/profile/")
        assert not [query for query in queries if query["sql"].startswith('UPDATE "integrations_browsersession"')]
        self.age(minutes=2)
        with CaptureQueriesContext(connection) as queries:
            desk.get("/profile/")
        assert len([query for query in queries if "UPDATE" in query["sql"] and "browsersession" in query["sql"]]) == 1

    def test_noting_its_use_does_not_undo_what_another_request_saved(self, jana: User) -> None:
        desk = log_in()
        self.age(minutes=2)
        slow = SessionStore(desk.session.session_key)
        slow.load()
        session = desk.session
        session["project"] = 7
        session.save()
        slow.note_use()
        assert desk.session["project"] == 7

    def test_what_has_ended_is_cleared(self, jana: User) -> None:
        log_in()
        self.age(days=1)
        log_in()
        assert sessions.clear_old() == 1
        assert BrowserSession.objects.count() == 1


class TestWhatEndsThem:
    def test_changing_ones_password_ends_the_others(self, jana: User) -> None:
        desk, phone = log_in(), log_in()
        words = {"old_password": "secret", "new_password1": "Rooibos-4711", "new_password2": "Rooibos-4711"}
        assert desk.post("/password_change/", words).status_code == 302
        assert (is_in(desk), is_in(phone)) == (True, False)
        assert BrowserSession.objects.filter(user=jana).count() == 1
        assert AccessEvent.objects.filter(kind=AccessKind.PASSWORD_CHANGED, user=jana, detail="").exists()

    def test_a_wrong_old_password_ends_nothing(self, jana: User) -> None:
        desk, phone = log_in(), log_in()
        desk.post("/password_change/", {"old_password": "x", "new_password1": "y", "new_password2": "y"})
        assert (is_in(desk), is_in(phone)) == (True, True)

    @pytest.fixture
    def root(self, db: None) -> Client:
        User.objects.create_superuser("root", password="secret")
        return log_in("root")

    def test_an_operator_who_sets_a_password_ends_them_all(self, jana: User, root: Client) -> None:
        desk = log_in()
        words = {"password1": "Rooibos-4711", "password2": "Rooibos-4711", "usable_password": "true"}
        assert root.post(f"/auth/user/{jana.pk}/password/", words).status_code == 302
        assert not BrowserSession.objects.filter(user=jana).exists()
        assert (is_in(desk), is_in(root)) == (False, True)
        assert AccessEvent.objects.get(kind=AccessKind.PASSWORD_CHANGED).detail == "by root"

    def test_deactivation_ends_them_all(self, jana: User, root: Client) -> None:
        desk = log_in()
        assert root.post(f"/auth/user/{jana.pk}/change/", {"username": "jana"}).status_code == 302
        assert not BrowserSession.objects.filter(user=jana).exists()
        assert not is_in(desk)
        assert AccessEvent.objects.get(kind=AccessKind.SESSIONS_ENDED).detail == "1 session, deactivated by root"

    def test_logging_out_ends_this_one(self, jana: User) -> None:
        desk, phone = log_in(), log_in()
        desk.post("/logout/")
        assert (is_in(desk), is_in(phone)) == (False, True)
        assert BrowserSession.objects.filter(user=jana).count() == 1


class TestColleagues:
    def test_import_admins_see_their_people_and_show_them_out(self, jana: User, project: Project) -> None:
        theirs = member(ProjectFactory.create().account, Role.READ_ONLY, "karl")
        member(project.account, Role.IMPORT_ADMIN, "petr")
        boss, desk, karl = log_in("petr"), log_in(), log_in("karl")
        page = boss.get("/people/").content.decode()
        assert "jana" in page and "karl" not in page
        assert boss.post(f"/people/{theirs.pk}/end/").status_code == 404
        assert boss.post(f"/people/{jana.pk}/end/").status_code == 302
        assert (is_in(boss), is_in(desk), is_in(karl)) == (True, False, True)
        assert AccessEvent.objects.get(kind=AccessKind.SESSIONS_ENDED).detail == "1 session, by petr"

    def test_others_do_not(self, jana: User, project: Project) -> None:
        other = member(project.account, Role.ORDER_STAFF, "petr")
        desk = log_in()
        assert desk.get("/people/").status_code == 403
        assert desk.post(f"/people/{other.pk}/end/").status_code == 403


def test_no_session_is_read_without_a_cookie(rf: Any) -> None:
    request = rf.get("/healthz")
    request.session = None
    request.user = None
    assert SessionsInUse(lambda asked: asked)(request) is request  # type: ignore[arg-type, return-value]
