"""Letters in the order and the shape in which they stand on paper, for scripts written from right to left.

Right for names and titles of one direction; a sentence that mixes directions may read oddly, but nothing is lost.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import groupby

# Arabic letters as they look alone, and joined to the one before, the one after, or both (Unicode, 9.2).
PRESENTATION_FORMS = (range(0xFB50, 0xFC00), range(0xFE70, 0xFEFD))
LAM = "\u0644"


def visual(text: str) -> str:
    """Runs from right to left turned round, their numbers kept, Arabic letters joined."""
    if not any(_direction(char) == "R" for char in text):
        return text
    text = _joined(text)
    kinds = [_direction(char) for char in text]
    ordered: list[str] = []
    place = 0
    while place < len(text):
        if kinds[place] != "R":
            ordered.append(text[place])
            place += 1
            continue
        end = next((index for index in range(place, len(text)) if kinds[index] == "L"), len(text))
        while kinds[end - 1] == "N" and not text[end - 1].isdigit():  # such as a comma: it belongs to what follows
            end -= 1
        ordered.append(_turned(text[place:end]))
        place = end
    return "".join(ordered)


def _direction(char: str) -> str:
    kind = unicodedata.bidirectional(char)
    return "R" if kind in {"R", "AL"} else "L" if kind == "L" else "N"


def _turned(run: str) -> str:
    pieces = ["".join(group) for _, group in groupby(run, key=lambda char: char.isdigit())]
    return "".join(piece if piece[0].isdigit() else piece[::-1] for piece in reversed(pieces))


def _joined(text: str) -> str:
    """Each Arabic letter in the form its neighbours ask for; lam and alef as the one letter they are written as."""
    forms = _forms()
    letters: list[str] = []
    for char in text:
        if letters and letters[-1] + char in forms:
            letters[-1] += char
        else:
            letters.append(char)
    shaped = []
    for place, letter in enumerate(letters):
        known = forms.get(letter)
        if known is None:
            shaped.append(letter)
            continue
        before = "initial" in forms.get(letters[place - 1], {}) if place else False
        after = "initial" in known and place + 1 < len(letters) and "final" in forms.get(letters[place + 1], {})
        wanted = "medial" if before and after else "final" if before else "initial" if after else "isolated"
        shaped.append(known.get(wanted) or known.get("isolated") or letter)
    return "".join(shaped)


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The presentation forms by letter, from Unicode's own table; of ligatures only lam with alef, which must be."""
    found: dict[str, dict[str, str]] = {}
    for code in (code for codes in PRESENTATION_FORMS for code in codes):
        form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        plain = "".join(chr(int(letter, 16)) for letter in letters)
        if len(plain) == 1 or (len(plain) == 2 and plain[0] == LAM):
            found.setdefault(plain, {}).setdefault(form.strip("<>"), chr(code))
    return found
