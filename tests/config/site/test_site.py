"""What every page says to the browser, health, log lines and system checks."""

from __future__ import annotations

import logging
import sys

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from config.logs import LineFormatter
from config.site import checks
from config.site.middleware import ContentSecurityPolicy


def test_health_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_ready_names_both_servers(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json().items() >= {"postgresql": True, "redis": True}.items()


def test_the_policy_is_strict_on_every_answer(client: Client) -> None:
    headers = client.get("/healthz").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "object-src": "'none'",
    }
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def answer_to(person: object | None, cache: str = "") -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        if person is not None:
            request.__dict__["_cached_user"] = person
        return HttpResponse(headers={"Cache-Control": cache} if cache else {})

    return ContentSecurityPolicy(view)(HttpRequest())


def test_pages_of_a_logged_in_person_are_not_stored() -> None:
    assert answer_to(User(username="ann")).headers["Cache-Control"] == "no-store, private"
    assert "Cache-Control" not in answer_to(None).headers


def test_a_view_that_says_how_to_cache_is_not_overruled() -> None:
    assert answer_to(User(username="ann"), cache="max-age=60").headers["Cache-Control"] == "max-age=60"


@pytest.mark.django_db
def test_the_root_asks_to_log_in_and_the_page_has_nothing_inline(client: Client) -> None:
    answer = client.get("/", follow=True)
    assert answer.redirect_chain == [("/login/?next=/", 302)]
    page = answer.content.decode()
    assert "Countinghouse" in page
    assert "<style" not in page
    assert " onclick=" not in page


def test_the_dashboard_of_the_queue_is_not_mounted() -> None:
    """Every member of staff could empty the queue there."""
    assert not any(model._meta.app_label == "django_rq" for model in site._registry)
    with pytest.raises(NoReverseMatch):
        reverse("admin:django_rq_dashboard_changelist")


def test_an_event_is_one_line_with_its_traceback() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        caught = sys.exc_info()
    record = logging.LogRecord("app", logging.ERROR, __file__, 1, "bad %s", ("thing\r\nforged line",), caught)
    line = LineFormatter().format(record)
    assert "\n" not in line
    assert "ERROR app bad thing | forged line | Traceback" in line
    assert line.endswith("ValueError: first | second")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/invited/{}/", "/begin/{}/", "/hooks/{}/", "/letters/{}/", "/password_reset/MQ/{}/", "/nowhere/{}/"]
)
def test_addresses_that_open_something_are_not_logged(address: str, caplog: pytest.LogCaptureFixture) -> None:
    Client(enforce_csrf_checks=True).post(address.format("c2VjcmV0:4711"))
    logging.getLogger("django.request").warning("Not Found: %s", address.format("c2VjcmV0:4711"))
    lines = [LineFormatter().format(record) for record in caplog.records]
    shown = any("c2VjcmV0" in line for line in lines)
    assert shown == address.startswith("/nowhere"), lines  # the control: what opens nothing is named in full


class TestChecks:
    @pytest.mark.parametrize(
        ("address", "found"),
        [
            ("unix:///tmp/valkey.sock?db=0", []),
            ("redis://localhost:6379/0", []),
            ("redis://queue:6379/0", ["config.E003", "config.W001"]),
            ("redis://:secret@queue:6379/0", ["config.W001"]),
            ("rediss://:secret@queue:6379/0", []),
        ],
    )
    def test_redis_over_a_network_wants_a_password(self, address: str, found: list[str]) -> None:
        with override_settings(REDIS_URL=address):
            assert [message.id for message in checks.redis_is_guarded(None)] == found

    def test_debug_on_a_public_site_is_an_error(self) -> None:
        with override_settings(DEBUG=True, HTTPS=True):
            assert [message.id for message in checks.debug_and_https(None)] == ["config.E002"]
        with override_settings(DEBUG=True, HTTPS=False):
            assert checks.debug_and_https(None) == []

    def test_behind_a_proxy_somebody_must_say_who_asks(self) -> None:
        with override_settings(HTTPS=True, TRUSTED_PROXIES=0):
            assert [message.id for message in checks.proxies_are_counted(None)] == ["config.W003"]
        for values in ({"HTTPS": True, "TRUSTED_PROXIES": 1}, {"HTTPS": False, "TRUSTED_PROXIES": 0}):
            with override_settings(**values):
                assert checks.proxies_are_counted(None) == []

    def test_missing_binaries_matter_only_without_addresses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COUNTINGHOUSE_VALKEY_SERVER", "/no/such/program")
        with override_settings(EMBEDDED=True):
            assert [message.id for message in checks.embedded_binaries(None)] == ["config.E001"]
        with override_settings(EMBEDDED=False):
            assert checks.embedded_binaries(None) == []
