"""The project keeps the rules of the house. `test_controls` shows that each rule can fail."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.reading import APPS, CHECKOUT, Module, project
from tests.architecture.rules import BARRIERS, CLOCK_READERS, RULES, Rule, is_pure

MACHINE_PATH = re.compile(r"(?<![\w.<>-])/(?:" + "|".join(["root", "home", "work", "Users", "workspace"]) + r")/[\w.-]")
REGISTRY = re.compile("--(?:extra-)?" + "index-url|--find-" + "links")


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return project()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule, modules: list[Module]) -> None:
    assert [sentence for module in modules for sentence in rule(module)] == []


def test_the_reader_sees_the_project(modules: list[Module]) -> None:
    """A test that reads nothing passes always."""
    assert {app for app in APPS if sum(module.app == app for module in modules) >= 5} == set(APPS)
    assert any(module.is_edge for module in modules)
    assert sum(module.is_core for module in modules) > 20
    assert sum(is_pure(module.path) for module in modules) > 5


def test_exceptions_exist_and_are_explained(modules: list[Module]) -> None:
    exceptions = BARRIERS | CLOCK_READERS
    assert set(exceptions) <= {module.path for module in modules}
    assert all(len(reason) > 20 for reason in exceptions.values())


def project_texts() -> dict[str, str]:
    """All files that git knows or would take, by path; files that are no text are left out."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=CHECKOUT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    texts = {}
    for name in filter(None, done.stdout.decode().split("\0")):
        file = CHECKOUT / name
        if file.is_symlink():
            texts[name] = str(file.readlink())
        elif file.is_file():
            content = file.read_bytes()
            if b"\0" not in content:
                texts[name] = content.decode(errors="replace")
    return texts


def machine_paths(texts: dict[str, str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if MACHINE_PATH.search(line) or REGISTRY.search(line)
    ]


def test_no_file_speaks_of_somebodys_machine() -> None:
    assert machine_paths(project_texts()) == []


@pytest.mark.parametrize("folder", ["root", "home", "work", "Users"])
def test_control_a_machine_path_is_seen(folder: str) -> None:
    line = f"see '/{folder}/somebody/notes.txt'"
    assert machine_paths({"README.md": line}) == [f"README.md:1: {line}"]
    assert machine_paths({"README.md": f"https://shop.example/{folder}/page"}) == []
