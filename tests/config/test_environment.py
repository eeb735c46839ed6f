"""Settings read from the environment: a wrong value is a sentence with the variable's name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment
from tests.config.conftest import CHECKOUT

OWN_SERVERS = {"DATABASE_URL": "postgresql://u:p@db:5432/n", "REDIS_URL": "redis://:p@q:6379/0"}


def load(data: Path, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process that has these variables alone."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; from config import settings as s; {code}"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "COUNTINGHOUSE_DATA": str(data)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_with_addresses_nothing_of_the_embedded_servers_is_imported(tmp_path: Path) -> None:
    embedded = "any(m.startswith('config.running.embedded') for m in sys.modules)"
    code = f"print(s.EMBEDDED, s.DATABASES['default']['HOST'], {embedded})"
    assert load(tmp_path, code, **OWN_SERVERS).stdout == "False db False\n"


def test_without_addresses_the_sockets_of_the_data_folder_are_used(tmp_path: Path) -> None:
    code = "print(s.EMBEDDED, s.DATABASES['default']['HOST'] in s.RQ_QUEUES['default']['URL'])"
    assert load(tmp_path, code).stdout == "True True\n"


def test_keys_are_made_in_the_data_folder_and_kept(tmp_path: Path) -> None:
    code = "print(s.SECRET_KEY, s.ENCRYPTION_KEYS)"
    first = load(tmp_path / "data", code).stdout
    assert first
    assert load(tmp_path / "data", code).stdout == first


def test_https_closes_cookies_and_sets_hsts(tmp_path: Path) -> None:
    code = "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, getattr(s, 'SECURE_HSTS_SECONDS', 0) > 0)"
    assert load(tmp_path, code).stdout == "False False False\n"
    assert load(tmp_path, code, HTTPS="on").stdout == "True True True\n"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": OWN_SERVERS["DATABASE_URL"]}, "DATABASE_URL is set but REDIS_URL is not"),
        ({**OWN_SERVERS, "DATABASE_URL": "mysql://u@h/n"}, "DATABASE_URL must be a PostgreSQL address"),
        ({**OWN_SERVERS, "REDIS_URL": "http://q"}, "REDIS_URL must be"),
        ({"DEBUG": "ture"}, "DEBUG is 'ture', but must be on or off"),
        ({"ENCRYPTION_KEYS": "abc"}, "ENCRYPTION_KEYS: key 1 is not a Fernet key"),
        ({"STATEMENT_TIMEOUT": "5s"}, "STATEMENT_TIMEOUT is '5s'"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD'"),
        ({"ALLOWED_SHOP_ADDRESSES": "127.0.0.1"}, "every entry must be host:port"),
    ],
)
def test_a_wrong_value_stops_the_start(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    done = load(tmp_path, **variables)
    assert done.returncode == 1
    assert sentence in done.stderr.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another account")
def test_root_keeps_data_where_its_servers_may_pass(folder: Path) -> None:
    project = folder / "project"
    project.mkdir()
    assert environment.default_data_dir(project) == project / ".data"
    folder.chmod(0o700)
    elsewhere = environment.default_data_dir(project)
    assert elsewhere.parent == Path("/var/lib")
    assert elsewhere == environment.default_data_dir(project)
    (project / ".data").mkdir()
    assert environment.default_data_dir(project) == project / ".data"


def test_passwords_are_not_shown_for_a_wrong_address() -> None:
    for url in ("postgresql://u:hunter2@h:port/n", "postgresql://u:hunter2@h:5432"):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
            environment.database(url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("127.0.0.1:8090, [::1]:8090", {"127.0.0.1:8090", "[::1]:8090"}),
    ],
)
def test_shop_addresses(monkeypatch: pytest.MonkeyPatch, text: str, expected: set[str]) -> None:
    monkeypatch.setenv("SHOPS", text)
    assert environment.shop_addresses("SHOPS") == expected


@pytest.mark.parametrize(
    "text", ["localhost", "host:", ":80", "host:0", "host:70000", "http://host:80", "host:80/path"]
)
def test_a_wrong_shop_address_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SHOPS", text)
    with pytest.raises(ImproperlyConfigured, match="SHOPS"):
        environment.shop_addresses("SHOPS")


class TestMailAccount:
    @pytest.mark.parametrize(
        ("url", "account"),
        [
            ("smtp+tls://me%40x.example:p%2Fw@mail.example", ("mail.example", 587, "starttls", "me@x.example", "p/w")),
            ("smtps://mail.example", ("mail.example", 465, "tls", "", "")),
            ("smtp://127.0.0.1:2525/", ("127.0.0.1", 2525, "plain", "", "")),
        ],
    )
    def test_it_is_read(self, url: str, account: tuple[object, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        assert tuple(environment.mail_account("EMAIL_URL").values()) == account

    @pytest.mark.parametrize("url", ["mail.example", "http://x", "smtp://", "smtp://u:s3cret@x:port", "smtp://x/y"])
    def test_a_wrong_one_is_refused_without_its_password(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        with pytest.raises(ImproperlyConfigured, match=r"EMAIL_URL must be smtp\+tls://") as refused:
            environment.mail_account("EMAIL_URL")
        assert "s3cret" not in str(refused.value)
