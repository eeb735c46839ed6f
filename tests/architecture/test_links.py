"""Links between the documents lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.architecture.reading import CHECKOUT
from tests.architecture.test_house import project_texts

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<path>[^()#\s]*)(?:#(?P<anchor>[^()\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def dead_links(texts: Mapping[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        for link in LINK.finditer(FENCED.sub("", text)) if name.endswith(".md") else ():
            if link["path"].startswith(("https:", "http:", "mailto:")):
                continue
            target = CHECKOUT / Path(name).parent / link["path"] if link["path"] else CHECKOUT / name
            if not target.exists():
                yield f"{name}: {link['path']} is not there"
            elif link["anchor"] and link["anchor"] not in anchors(target.read_text(encoding="utf-8")):
                yield f"{name}: {link['path']} has no heading {link['anchor']}"


def anchors(text: str) -> set[str]:
    """Headings as links name them."""
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in HEADING.findall(text)}


def test_links_lead_somewhere() -> None:
    assert list(dead_links(project_texts())) == []


def test_control_dead_links_are_seen() -> None:
    text = "[a](gone.md) [b](README.md#nowhere) [c](README.md#the-house) [d](https://shop.example/)\n"
    assert list(dead_links({"NOTES.md": text})) == [
        "NOTES.md: gone.md is not there",
        "NOTES.md: README.md has no heading nowhere",
    ]
