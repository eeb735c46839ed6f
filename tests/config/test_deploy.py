"""The examples of a deployment are true: their commands and settings exist, and their programs take them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, get_commands, load_command_class

from config import settings as settings_module
from tests.config.conftest import CHECKOUT

DEPLOY = CHECKOUT / "config" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
OURS = {"prepare", "serve", "work", "tick", "up"}
# Settings as the table at the head of the settings names them.
SETTINGS = set(re.findall(r"^\| ([A-Z_]+) \|", settings_module.__doc__ or "", re.MULTILINE))


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def check_command(words: list[str]) -> None:
    """`manage.py` knows the command and its options."""
    command = load_command_class(get_commands()[words[0]], words[0])
    command.create_parser("manage.py", words[0]).parse_args([word.replace("%i", "8000") for word in words[1:]])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_start_commands_that_there_are(unit: Path) -> None:
    text = unit.read_text()
    [line] = re.findall(r"^ExecStart=\S+ manage\.py (.*)$", text, re.MULTILINE)
    check_command(line.split())
    assert "EnvironmentFile=/etc/countinghouse/settings.env" in text


def test_control_an_unknown_option_is_seen() -> None:
    with pytest.raises(CommandError):
        check_command(["serve", "--prot", "8000"])


def test_all_programs_of_a_site_have_a_unit() -> None:
    started = {re.findall(r"manage\.py (\w+)", unit.read_text())[0] for unit in UNITS}
    assert started == {"serve", "work", "tick"}


def test_settings_of_the_example_are_settings() -> None:
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "settings.env.example").read_text(), re.MULTILINE)
    assert len(named) > 8
    assert set(named) <= SETTINGS


def test_the_compose_file_starts_a_whole_site() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "pooler", "valkey", "prepare", "web", "worker", "tick"}
    for name in ("prepare", "worker", "tick"):
        check_command(services[name]["command"])
    for words in re.findall(r"manage\.py ([\w .-]+?)(?: &&|$)", services["web"]["entrypoint"][-1]):
        check_command(words.split())
    for name in ("prepare", "web", "worker", "tick"):
        assert set(services[name]["environment"]) <= SETTINGS
        assert set(services[name].get("depends_on", {})) <= set(services)
    assert services["web"]["build"]["dockerfile"] == "config/deploy/Dockerfile"


def test_the_image_holds_what_is_imported() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line}
    assert all((CHECKOUT / name).exists() for name in copied)
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - {"tests"}
    assert packages | {"manage.py", "templates", "requirements.lock"} == copied
    let_through = re.findall(r"^!(\S+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE)
    assert set(let_through) == copied
    [command] = [line for line in lines if line.startswith("CMD ")]
    check_command(re.findall(r'"([^"]+)"', command))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Paths and the account are those of a host; here they become what every machine has."""
    for unit in UNITS:
        text = unit.read_text().replace("/srv/countinghouse/.venv/bin/python", shutil.which("true") or "/bin/true")
        name = unit.name.replace("@.", "@8000.")
        (tmp_path / name).write_text(text.replace("User=countinghouse", "User=root"))
        done = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        mine = [line for line in done.stderr.splitlines() if name in line]
        assert mine == [], done.stderr


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx on this machine")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=office.example.com", "-keyout",
         str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")], capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    (tmp_path / "site.conf").write_text(text.replace("/etc/ssl/countinghouse", str(tmp_path)))
    main = tmp_path / "nginx.conf"
    main.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ access_log off; include {tmp_path}/site.conf; }}\n")
    tried = subprocess.run(["nginx", "-t", "-c", str(main)], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_a_proxy_that_speaks_http_1_0_would_hide_a_file_that_breaks_off() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    assert "proxy_http_version 1.1;" in text
    assert "X-Forwarded-Proto $scheme" in text
