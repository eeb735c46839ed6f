"""Wrong logins are slowed by name and address, cheaply, without keeping what was typed; each guard with its control."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.apps import apps
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.access import access_log, addresses_of_people, hashing_room, login_throttle
from integrations.access.login_throttle import LoginThrottle
from integrations.choices import AccessKind, Role
from integrations.models import AccessEvent
from tests.factories import AccountFactory, member

CANARY = "zanzibar-4711"


@pytest.fixture
def jana(db: None) -> User:
    return member(AccountFactory.create(), Role.IMPORT_ADMIN, "jana")


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A password that was hashed, each time one is."""
    made: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        made.append(password)
        return encode(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return made


def attempt(name: str, password: str = "wrong", address: str = "203.0.113.7", **headers: str) -> Any:
    return Client().post(
        "/login/", {"username": name, "password": password}, REMOTE_ADDR=address, headers=headers or None
    )


def statuses(count: int, *values: Any, **more: Any) -> list[int]:
    return [attempt(*values, **more).status_code for _ in range(count)]


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    now = timezone.now() + timedelta(**time)
    monkeypatch.setattr("axes.handlers.proxy.now", lambda: now)


class TestOneNameFromOneAddress:
    def test_the_fifth_wrong_login_locks_and_then_the_right_password_is_refused_too(self, jana: User) -> None:
        assert statuses(5, "jana") == [200] * 4 + [429]
        refused = attempt("jana", "secret")
        assert refused.status_code == 429
        page = refused.content.decode()
        assert "Wait 15 minutes, then try again." in page
        assert "Back to the login" in page
        assert refused.headers["Retry-After"] == "900"

    def test_control_without_the_limit_the_right_password_gets_in(self, jana: User, settings: LazySettings) -> None:
        settings.AXES_FAILURE_LIMIT = 50
        assert statuses(5, "jana") == [200] * 5
        assert attempt("jana", "secret").status_code == 302

    def test_a_colleague_and_another_address_are_not_locked(self, jana: User) -> None:
        account = jana.memberships.get().account
        member(account, Role.READ_ONLY, "petr")
        statuses(5, "jana")
        assert attempt("petr", "secret").status_code == 302
        assert attempt("jana", "secret", "198.51.100.1").status_code == 302

    def test_the_lock_ends_and_knocking_does_not_prolong_it(self, jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        statuses(5, "jana")
        later(monkeypatch, minutes=14)
        assert attempt("jana").status_code == 429
        later(monkeypatch, minutes=15, seconds=1)
        assert attempt("jana", "secret").status_code == 302

    def test_names_that_nobody_has_are_answered_the_same(self, jana: User, hashes: list[str]) -> None:
        known = [attempt("jana") for _ in range(6)]
        count, hashes[:] = len(hashes), []
        unknown = [attempt("nobody") for _ in range(6)]
        assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown]
        assert len(hashes) == count == 5
        assert known[-1].content == unknown[-1].content

    def test_a_right_login_forgives_the_pair_and_nothing_else(self, jana: User) -> None:
        statuses(4, "jana")
        statuses(4, "someone")
        assert attempt("jana", "secret").status_code == 302
        assert statuses(4, "jana") == [200] * 4
        assert attempt("someone").status_code == 429


class TestManyNamesAndManyAddresses:
    def test_a_spray_over_names_locks_the_address(self, jana: User, settings: LazySettings) -> None:
        settings.LOGIN_FAILURES_OF_ADDRESS = 8
        assert [attempt(f"name-{number}").status_code for number in range(8)] == [200] * 7 + [429]
        assert attempt("jana", "secret").status_code == 429
        assert attempt("jana", "secret", "198.51.100.1").status_code == 302

    def test_many_machines_lock_a_name_but_not_at_the_desk_of_its_owner(
        self, jana: User, settings: LazySettings
    ) -> None:
        settings.LOGIN_FAILURES_OF_NAME = 8
        assert attempt("jana", "secret", "198.51.100.1").status_code == 302
        for number in range(8):
            attempt("jana", address=f"203.0.113.{number}")
        assert attempt("jana", "secret", "192.0.2.1").status_code == 429
        assert attempt("jana", "secret", "198.51.100.1").status_code == 302

    def test_control_without_knowing_addresses_the_owner_is_locked_out(
        self, jana: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(access_log, "is_known_at", lambda name, address: False)
        with pytest.raises(AssertionError):
            self.test_many_machines_lock_a_name_but_not_at_the_desk_of_its_owner(jana, settings)


class TestAddresses:
    SPOOFED = {"X-Forwarded-For": "192.0.2.99"}

    def spoof(self, jana: User) -> list[int]:
        return [attempt("jana", **{"X-Forwarded-For": f"192.0.2.{number}"}).status_code for number in range(6)]

    def test_a_forged_header_does_not_escape(self, jana: User) -> None:
        assert self.spoof(jana) == [200] * 4 + [429] * 2

    def test_control_where_the_header_is_believed_it_does(self, jana: User, settings: LazySettings) -> None:
        settings.TRUSTED_PROXIES = 1
        assert self.spoof(jana) == [200] * 6

    @pytest.mark.parametrize(
        ("proxies", "header", "seen"),
        [
            (0, "192.0.2.1", "203.0.113.7"),
            (1, "192.0.2.1", "192.0.2.1"),
            (1, "6.6.6.6, 192.0.2.1", "192.0.2.1"),  # what stands left was sent by the client
            (2, "6.6.6.6, 192.0.2.1, 10.0.0.1", "192.0.2.1"),
            (2, "192.0.2.1", "203.0.113.7"),  # came by another way than through both
            (1, "192.0.2.1:4711", "192.0.2.1"),
            (1, "[2001:db8::1]:4711", "2001:db8::1"),
            (1, "::ffff:192.0.2.1", "192.0.2.1"),
            (1, "unknown", None),
        ],
    )
    def test_which_entry_counts(
        self, proxies: int, header: str, seen: str | None, settings: LazySettings, rf: Any
    ) -> None:
        settings.TRUSTED_PROXIES = proxies
        request = rf.get("/", REMOTE_ADDR="203.0.113.7", headers={"X-Forwarded-For": header})
        assert addresses_of_people.address_of(request) == seen

    def test_of_ipv6_the_network_counts(self, jana: User) -> None:
        answers = [attempt("jana", address=f"2001:db8:1:2::{number}").status_code for number in range(1, 7)]
        assert answers == [200] * 4 + [429] * 2
        assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"2001:db8:1:2::"}
        assert AccessEvent.objects.filter(address="2001:db8:1:2::5").exists()


class TestAFlood:
    def test_a_locked_pair_costs_no_hash(self, jana: User, hashes: list[str]) -> None:
        """120 wrong logins in a row: five are looked at."""
        answers = statuses(120, "jana")
        assert (answers.count(429), len(hashes)) == (116, 5)
        assert AccessEvent.objects.filter(kind=AccessKind.FAILED).count() == 5
        assert AccessEvent.objects.filter(kind=AccessKind.LOCKED).count() == 1

    def test_control_without_axes_before_it_every_one_is_hashed(
        self, jana: User, hashes: list[str], settings: LazySettings
    ) -> None:
        settings.AUTHENTICATION_BACKENDS = settings.AUTHENTICATION_BACKENDS[1:]
        statuses(20, "jana")
        assert len(hashes) == 20

    def test_hashing_is_bounded_and_what_is_too_much_is_told_at_once(
        self, jana: User, hashes: list[str], in_the_room: Callable[[int], None]
    ) -> None:
        in_the_room(hashing_room.HASHING_AT_ONCE + hashing_room.WAITING_AT_ONCE)
        told = attempt("jana", "secret")
        assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
        assert "Try again in 5 seconds" in told.content.decode()
        assert hashes == []
        assert not AccessAttempt.objects.exists(), "nobody is blamed for it"

    def test_control_with_room_it_is_looked_at(self, jana: User, hashes: list[str]) -> None:
        assert attempt("jana", "secret").status_code == 302
        assert hashes == ["secret"]

    def test_never_more_than_one_hashes_and_three_threads_are_occupied(self) -> None:
        """Eight threads at once, as the web process has: five of them are free again at once."""
        inside, most, refused = 0, 0, 0
        guard, start, go = threading.Lock(), threading.Barrier(8), threading.Event()

        def knock() -> None:
            nonlocal inside, most, refused
            start.wait()
            try:
                with hashing_room.place():
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    go.wait(10)
                    with guard:
                        inside -= 1
            except hashing_room.TooBusyRefused:
                with guard:
                    refused += 1
                    if refused == 5:
                        go.set()

        threads = [threading.Thread(target=knock) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert (most, refused) == (hashing_room.HASHING_AT_ONCE, 5)

    @pytest.fixture
    def in_the_room(self) -> Iterator[Callable[[int], None]]:
        taken = []

        def enter(count: int) -> None:
            for _ in range(count):
                assert hashing_room._inside.acquire(blocking=False)
                taken.append(1)

        yield enter
        for _ in taken:
            hashing_room._inside.release()


class TestWhatIsKept:
    def everywhere(self) -> str:
        """All text in the whole database."""
        found = []
        with connection.cursor() as cursor:
            for model in apps.get_models(include_auto_created=True):
                if model._meta.managed and not model._meta.proxy:
                    cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
                    found += [row[0] for row in cursor.fetchall()]
        return "\n".join(found)

    def type_it(self, caplog: pytest.LogCaptureFixture) -> str:
        with caplog.at_level("DEBUG"):
            for _ in range(6):
                Client().post(
                    f"/login/?hint={CANARY}",
                    {"username": "jana", "password": CANARY, "passwort": CANARY, "pin": CANARY},
                )
        assert AccessAttempt.objects.get().failures_since_start == 5
        return self.everywhere() + caplog.text

    def test_nothing_of_the_form_but_the_name(self, jana: User, caplog: pytest.LogCaptureFixture) -> None:
        kept = self.type_it(caplog)
        assert "jana" in kept
        assert CANARY not in kept

    def test_control_axes_alone_keeps_other_fields(
        self, jana: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(LoginThrottle, "user_login_failed", AxesDatabaseHandler.user_login_failed)
        assert CANARY in self.type_it(caplog)

    def test_what_does_not_count_any_more_is_cleared(self, jana: User) -> None:
        statuses(2, "jana")
        statuses(2, "jana", address="198.51.100.1")
        AccessAttempt.objects.filter(ip_address="198.51.100.1").update(attempt_time=timezone.now() - timedelta(hours=1))
        assert login_throttle.clear_old() == 1
        assert AccessAttempt.objects.get().ip_address == "203.0.113.7"


def test_the_handler_is_the_one_that_runs() -> None:
    from axes.handlers.proxy import AxesProxyHandler

    assert isinstance(AxesProxyHandler.get_implementation(), LoginThrottle)
