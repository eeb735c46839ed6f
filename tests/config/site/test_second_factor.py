"""The second factor: set up, asked for, and nothing without it; each guard with its control."""

from __future__ import annotations

import re
import time
from base64 import b32decode, b64decode
from collections.abc import Iterator
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from config.site.login import entering
from config.site.login.qr_code import qr_code
from integrations.access import api_keys, second_factor
from integrations.choices import AccessKind, FactorState, Role
from integrations.models import AccessEvent, Authenticator, BrowserSession, Project
from tests.factories import ProjectFactory, member

PAGE = "/profile/second-factor/"
# A recovery code on a line of its own.
CODES = re.compile(r"(?<![a-z-])(?:[a-z2-7]{4}-){3}[a-z2-7]{4}$", re.MULTILINE)


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def jana(project: Project) -> User:
    return member(project.account, Role.IMPORT_ADMIN, "jana")


def code(user: User, steps: int = 0) -> str:
    """The code that the app shows, or will show so many half minutes from now."""
    clock = TOTP(Authenticator.objects.get(user=user).key)
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06d}"


def forget_last_code(user: User) -> None:
    """As if half a minute had gone by since the last code, right or wrong."""
    Authenticator.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)


def password_step(name: str = "jana", **query: str) -> tuple[Client, Any]:
    browser = Client()
    return browser, browser.post("/login/", {"username": name, "password": "secret", **query})


def set_up(user: User) -> tuple[Client, list[str]]:
    """A browser in which the person has switched it on, and their recovery codes."""
    browser, _answer = password_step(user.username)
    browser.get(PAGE)
    page = browser.post(f"{PAGE}on/", {"code": code(user)})
    assert page.status_code == 200
    forget_last_code(user)
    return browser, re.findall(CODES, page.content.decode())


def is_in(browser: Client) -> bool:
    return browser.get("/").status_code == 200


class TestSetUp:
    def test_the_picture_and_the_key_say_the_same(self, jana: User) -> None:
        browser, _answer = password_step()
        page = browser.get(PAGE).content.decode()
        device = Authenticator.objects.get()
        key = re.findall(r'typed-key">([A-Z2-7]+)<', page)[0]
        assert b32decode(key) == device.key
        assert second_factor.uri(device) == f"otpauth://totp/Countinghouse%3Ajana?secret={key}&issuer=Countinghouse"
        assert qr_code(second_factor.uri(device)) in page
        assert browser.get(PAGE).content.decode().count(key) == 1, "the same until it is confirmed"

    def test_the_picture_is_an_svg_of_nothing_but_paths(self) -> None:
        picture = b64decode(qr_code("otpauth://totp/x").removeprefix("data:image/svg+xml;base64,"))
        parts = [part.tag.rpartition("}")[2] for part in ElementTree.fromstring(picture).iter()]
        assert parts == ["svg", "path", "path"]

    def test_a_code_switches_it_on_and_this_session_goes_on(self, jana: User) -> None:
        browser, codes = set_up(jana)
        assert len(codes) == len(set(codes)) == second_factor.RECOVERY_CODES
        assert is_in(browser)
        page = browser.get(PAGE).content.decode()
        assert "10 codes are left" in page
        assert not any(one in page for one in codes), "shown once"
        kinds = AccessEvent.objects.order_by("id").values_list("kind", flat=True)
        assert list(kinds) == ["login", "factor_on", "recovery_made"]

    def test_a_wrong_code_does_not(self, jana: User) -> None:
        browser, _answer = password_step()
        browser.get(PAGE)
        refused = browser.post(f"{PAGE}on/", {"code": "000000" if code(jana) != "000000" else "000001"})
        assert refused.status_code == 422
        assert "not right" in refused.content.decode()
        assert not Authenticator.objects.get().confirmed
        assert is_in(password_step()[0]), "nobody is asked before it is on"

    def test_neither_key_nor_recovery_codes_lie_in_the_database(self, jana: User) -> None:
        _browser, codes = set_up(jana)
        key = Authenticator.objects.get().key.hex()
        with connection.cursor() as cursor:
            cursor.execute("SELECT a::text FROM integrations_authenticator a")
            stored = str(cursor.fetchall())
        assert "gAAAA" in stored and key not in stored
        tokens = set(StaticToken.objects.values_list("token", flat=True))
        assert len(tokens) == 10
        assert not {one.replace("-", "") for one in codes} & {token.lower() for token in tokens}


class TestLogin:
    def test_the_password_alone_logs_nobody_in(self, jana: User) -> None:
        set_up(jana)
        browser, answer = password_step(next="/orders/order/")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login/code/?next=/orders/order/")
        assert "_auth_user_id" not in browser.session
        assert browser.get("/").status_code == 302
        asked = browser.get(answer.headers["Location"]).content.decode()
        assert 'autocomplete="one-time-code"' in asked
        done = browser.post("/login/code/", {"code": code(jana), "next": "/orders/order/"})
        assert (done.status_code, done.headers["Location"]) == (302, "/orders/order/")
        assert is_in(browser)
        assert AccessEvent.objects.filter(kind=AccessKind.LOGIN).count() == 2

    def test_it_does_not_lead_elsewhere(self, jana: User) -> None:
        set_up(jana)
        browser, answer = password_step(next="https://evil.example/")
        assert answer.headers["Location"] == "/login/code/"
        done = browser.post("/login/code/", {"code": code(jana), "next": "https://evil.example/"})
        assert done.headers["Location"] == "/"

    def test_a_code_is_taken_once(self, jana: User) -> None:
        set_up(jana)
        shown = code(jana)
        assert password_step()[0].post("/login/code/", {"code": shown}).status_code == 302
        assert password_step()[0].post("/login/code/", {"code": shown}).status_code == 200

    def test_wrong_codes_are_slowed_down_and_written_down(self, jana: User) -> None:
        set_up(jana)
        browser, _answer = password_step()
        wrong = next(
            f"{number:06d}" for number in range(9) if f"{number:06d}" not in [code(jana, n) for n in (-1, 0, 1)]
        )
        for _ in range(5):
            page = browser.post("/login/code/", {"code": wrong})
        assert "wait 1 seconds" in page.content.decode()
        assert AccessEvent.objects.filter(kind=AccessKind.FACTOR_FAILED).count() == 1
        assert browser.post("/login/code/", {"code": code(jana)}).status_code == 200, "not even the right one"

    def test_control_without_slowing_down_each_is_tried(self, jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Authenticator, "get_throttle_factor", lambda device: 0)
        set_up(jana)
        browser, _answer = password_step()
        for _ in range(5):
            browser.post("/login/code/", {"code": "1"})
        assert AccessEvent.objects.filter(kind=AccessKind.FACTOR_FAILED).count() == 5
        assert browser.post("/login/code/", {"code": code(jana)}).status_code == 302

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password": "another"}])
    def test_being_half_in_ends_with_the_password_and_the_person(self, jana: User, change: dict[str, Any]) -> None:
        set_up(jana)
        browser, _answer = password_step()
        User.objects.filter(pk=jana.pk).update(**change)
        assert browser.post("/login/code/", {"code": code(jana)}).headers["Location"] == "/login/"

    def test_and_after_ten_minutes(self, jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        set_up(jana)
        browser, _answer = password_step()
        monkeypatch.setattr(entering, "SECONDS_FOR_THE_CODE", -1)
        assert browser.post("/login/code/", {"code": code(jana)}).headers["Location"] == "/login/"

    def test_nobody_is_asked_for_a_code_without_the_password(self, jana: User) -> None:
        set_up(jana)
        assert Client().get("/login/code/").headers["Location"] == "/login/"

    def test_a_key_that_nobody_can_read_opens_nothing(self, jana: User, settings: Any) -> None:
        set_up(jana)
        shown = code(jana)
        from cryptography.fernet import Fernet

        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        assert password_step()[0].post("/login/code/", {"code": shown}).status_code == 200


class TestRecoveryCodes:
    def test_each_opens_once_however_it_is_typed(self, jana: User) -> None:
        _browser, codes = set_up(jana)
        for typed, status in ((f" {codes[0].upper()} ", 302), (codes[0], 200), (codes[1].replace("-", " "), 200)):
            browser, _answer = password_step()
            assert browser.post("/login/code/", {"code": typed}).status_code == status
            assert is_in(browser) is (status == 302)
        StaticDevice.objects.update(throttling_failure_count=0)
        assert password_step()[0].post("/login/code/", {"code": codes[1].replace("-", " ")}).status_code == 302
        assert [event.detail for event in AccessEvent.objects.filter(kind=AccessKind.RECOVERY_USED).order_by("id")] == [
            "9 left",
            "8 left",
        ]

    def test_new_ones_put_the_old_out_of_force(self, jana: User) -> None:
        browser, old = set_up(jana)
        page = browser.post(f"{PAGE}codes/", {"renew-code": code(jana)}).content.decode()
        new = re.findall(CODES, page)
        assert len(new) == 10 and not set(old) & set(new)
        assert password_step()[0].post("/login/code/", {"code": old[0]}).status_code == 200
        StaticDevice.objects.update(throttling_failure_count=0)
        assert password_step()[0].post("/login/code/", {"code": new[0]}).status_code == 302

    def test_a_wrong_code_makes_none(self, jana: User) -> None:
        browser, _old = set_up(jana)
        assert browser.post(f"{PAGE}codes/", {"renew-code": "1"}).status_code == 422
        assert AccessEvent.objects.filter(kind=AccessKind.RECOVERY_MADE).count() == 1


class TestSwitchingOff:
    @pytest.mark.parametrize(
        ("password", "right", "on"), [("secret", True, 0), ("wrong", True, 1), ("secret", False, 1)]
    )
    def test_it_takes_password_and_code(self, jana: User, password: str, right: bool, on: int) -> None:
        browser, _codes = set_up(jana)
        browser.post(f"{PAGE}off/", {"off-password": password, "off-code": code(jana) if right else "1"})
        assert Authenticator.objects.count() == on
        assert AccessEvent.objects.filter(kind=AccessKind.FACTOR_OFF).exists() is not bool(on)

    def test_the_operator_resets_a_lost_one(self, jana: User) -> None:
        set_up(jana)
        out = StringIO()
        call_command("reset_second_factor", "jana", stdout=out)
        assert "switched off" in out.getvalue()
        assert AccessEvent.objects.get(kind=AccessKind.FACTOR_OFF).detail == "by the command reset_second_factor"
        assert is_in(password_step()[0])
        for name in ("jana", "nobody"):
            with pytest.raises(CommandError, match=name):
                call_command("reset_second_factor", name)


def addresses(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Every address of the URL map, with something in place of its arguments."""
    for pattern in patterns:
        part = re.sub(r"<(?:int:)[^>]+>", "1", str(pattern.pattern))
        part = re.sub(r"<[^>]+>", "x", part)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + part)
        elif isinstance(pattern, URLPattern) and not part.startswith(("^", "(")):
            yield prefix + part


class TestNothingWithoutIt:
    OPEN = ("/login/", "/login/code/", "/logout/")

    def admin_addresses(self) -> list[str]:
        return sorted(set(addresses(site.get_urls())) - set(self.OPEN))

    def unverified(self, jana: User) -> Client:
        set_up(jana)
        browser = Client()
        browser.force_login(jana)
        return browser

    def test_the_map_is_read(self) -> None:
        found = self.admin_addresses()
        assert len(found) > 120
        assert {"/", "/orders/order/", "/people/", PAGE, "/orders/order/x/change/", "/api/openapi.json"} <= set(found)

    def test_every_address_of_the_admin_is_closed_to_an_unverified_session(self, jana: User) -> None:
        browser = self.unverified(jana)
        for address in self.admin_addresses():
            for answer in (browser.get(address), browser.post(address)):
                where = answer.headers.get("Location", "")
                assert answer.status_code == 302 and where.startswith("/login/?next="), (
                    f"{address}: {answer.status_code}"
                )

    def test_control_without_the_check_they_are_open(self, jana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        browser = self.unverified(jana)
        monkeypatch.setattr(second_factor, "state_of", lambda user: FactorState.ENOUGH)
        assert browser.get("/orders/order/").status_code == 200

    def test_all_other_addresses_of_the_site_do_not_ask_who_is_logged_in(self, jana: User) -> None:
        """What is not the admin's is the API's, by key, or for everybody."""
        outside = [str(pattern.pattern) for pattern in get_resolver().url_patterns if isinstance(pattern, URLPattern)]
        assert set(outside) == {"healthz", "readyz"}
        assert self.unverified(jana).get("/v1/orders").status_code == 401

    def test_a_session_from_before_is_asked_for_the_code_and_goes_on(self, jana: User) -> None:
        browser = self.unverified(jana)
        assert browser.get("/login/?next=/people/").headers["Location"] == "/login/code/?next=/people/"
        assert browser.post("/login/code/", {"code": code(jana), "next": "/people/"}).headers["Location"] == "/people/"
        assert is_in(browser)

    def test_the_device_of_somebody_else_does_not_verify(self, jana: User, project: Project) -> None:
        petr = member(project.account, Role.READ_ONLY, "petr")
        set_up(petr)
        browser = self.unverified(jana)
        session = browser.session
        session["otp_device_id"] = Authenticator.objects.get(user=petr).persistent_id
        session.save()
        assert not is_in(browser)


class TestDemanded:
    @pytest.fixture
    def petr(self, project: Project) -> User:
        return member(project.account, Role.READ_ONLY, "petr")

    def demand(self, browser: Client, word: str = "yes") -> str:
        return browser.post("/people/second-factor/", {"demand": word}, follow=True).content.decode()

    def test_who_demands_it_has_it(self, jana: User, project: Project) -> None:
        assert "Switch your own second factor on first" in self.demand(password_step()[0])
        project.account.refresh_from_db()
        assert not project.account.second_factor_required

    def test_others_may_not(self, petr: User) -> None:
        assert password_step("petr")[0].post("/people/second-factor/", {"demand": "yes"}).status_code == 403

    def test_members_without_it_are_led_to_set_it_up_and_do_nothing_else(
        self, jana: User, petr: User, project: Project
    ) -> None:
        before, _answer = password_step("petr")
        boss, _codes = set_up(jana)
        self.demand(boss)
        assert AccessEvent.objects.get(kind=AccessKind.FACTOR_REQUIRED).account == project.account
        assert is_in(boss)
        after, _answer = password_step("petr")
        for browser in (before, after):
            for address in ("/", "/orders/order/", "/profile/", "/password_change/"):
                page = browser.get(address, follow=True)
                assert page.request["PATH_INFO"] == PAGE
            assert "Your account asks for a second factor" in page.content.decode()
        assert after.post(f"{PAGE}on/", {"code": code(petr)}).status_code == 200
        assert is_in(after)
        before.post("/logout/")
        assert BrowserSession.objects.filter(user=petr).count() == 1, "and they may always go"

    def test_keys_work_as_before(self, jana: User, project: Project) -> None:
        made = api_keys.make(project.pk, "Partner", user_id=jana.pk)
        boss, _codes = set_up(jana)
        self.demand(boss)
        Authenticator.objects.all().delete()
        called = Client().get("/v1/orders", headers={"X-App-Id": made.key.app_id, "X-App-Token": made.token})
        assert called.status_code == 200

    def test_it_is_taken_back(self, jana: User, petr: User) -> None:
        boss, _codes = set_up(jana)
        self.demand(boss)
        assert "own choice" in self.demand(boss, "no")
        assert is_in(password_step("petr")[0])
        assert AccessEvent.objects.filter(kind=AccessKind.FACTOR_FREE).count() == 1
