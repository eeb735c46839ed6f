"""What docstrings, comments and documents call by its path is there."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from tests.architecture.reading import APPS, CHECKOUT
from tests.architecture.test_house import project_texts

ROOTS = "|".join((*APPS, "tests"))
DOTTED = re.compile(rf"`((?:{ROOTS})(?:\.\w+)+)(?:\(\))?`")
PATH = re.compile(rf"`((?:{ROOTS})/[\w./-]+)`")


def is_there(dotted: str) -> bool:
    """Whether a dotted path leads to a module, or to a name inside one."""
    parts = dotted.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:depth]))
        except ModuleNotFoundError:
            continue
        for name in parts[depth:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


def lost(texts: dict[str, str]) -> list[str]:
    """Mentions that lead nowhere. A file name alone, such as `orders.py`, is beside whoever mentions it."""
    found = []
    for name, text in texts.items():
        if name.endswith((".py", ".md", ".html", ".toml")) and "/migrations/" not in name:
            dotted = [each for each in DOTTED.findall(text) if not each.endswith(".py")]
            found += [f"{name}: {each}" for each in dotted if not is_there(each)]
            found += [f"{name}: {each}" for each in PATH.findall(text) if not (CHECKOUT / each).exists()]
    return found


def test_every_mention_leads_somewhere() -> None:
    assert lost(project_texts()) == []


@pytest.mark.parametrize("mention", ["orders." + "intake.gone", "stock." + "ledger.gone", "integrations/" + "queue.py"])
def test_control_a_mention_of_what_is_gone_is_seen(mention: str) -> None:
    assert lost({"orders/README.md": f"See `{mention}`."}) == [f"orders/README.md: {mention}"]
