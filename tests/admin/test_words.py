"""One thing has one name on all pages: what is sent by mail is an e-mail, letters are what words are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Sentences about letters of the alphabet.
OF_THE_ALPHABET = re.compile(
    r"These letters cannot be printed|letter by letter|stands for any letters|(?:[Tt]wo|[Tt]hree|small) letters"
)
OF_A_TEMPLATE = re.compile(
    r"""\{%\s*translate\s+(?:'([^']*)'|"([^"]*)")|\{% blocktranslate[^%]*%\}(.*?)\{% end""", re.S
)
OF_CODE = re.compile(r"\b(?:_|gettext|gettext_lazy|_now)\(\s*((?:f?\"[^\"]*\"\s*)+)")


def sentences(folder: Path) -> Iterator[tuple[str, str]]:
    """What people read: where it stands, and its words."""
    for name in ("config", "integrations", "orders", "stock"):
        for path in (folder / name).rglob("*.py"):
            for found in OF_CODE.finditer(path.read_text()):
                yield str(path.relative_to(folder)), found.group(1)
    for path in (folder / "templates").rglob("*.html"):
        for found in OF_A_TEMPLATE.finditer(path.read_text()):
            yield str(path.relative_to(folder)), " ".join(filter(None, found.groups()))


def other_names(folder: Path) -> list[tuple[str, str]]:
    return [
        (where, words)
        for where, words in sentences(folder)
        if re.search(r"\bletters?\b", OF_THE_ALPHABET.sub("", words), re.I)
    ]


def test_what_is_mailed_is_called_an_e_mail() -> None:
    assert other_names(ROOT) == []


def test_control_a_letter_is_found(tmp_path: Path) -> None:
    for name, text in (("templates/a.html", "{% translate 'A letter' %}"), ("orders/b.py", 'x = _("No " "letters.")')):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text)
    assert [where for where, _words in other_names(tmp_path)] == ["orders/b.py", "templates/a.html"]
