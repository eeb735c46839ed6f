"""Phones as they are searched: by their digits, however they were written, with or without the country.

A phone is stored whole, by its last ten and last nine digits, and backwards, so that its end can be asked for as the
beginning of a word. Words of the search never begin with `_`, so digits that are no phone are not found backwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# "ext. 12", "x12" and a second number are no part of the first.
NUMBER = re.compile(r"\d(?:[\s().\-/+]*\d)*")
NATIONAL = (10, 9)
# Of E.164; longer runs of digits are no phone.
LONGEST = 15
FEWEST = 4
# Without country: digits of the shortest and the longest numbers of a country that the last nine do not find.
SHORT = range(7, 10)


# What of ASCII is no digit, for `str.translate`.
NO_DIGITS = {code: None for code in range(128) if not chr(code).isdigit()}


def digits_of(text: str) -> str:
    """ASCII digits, of any script, without the `00` that stands for a plus."""
    if text.isascii():
        return text.translate(NO_DIGITS).removeprefix("00")
    found = "".join(filter(str.isdecimal, text))
    if not found.isascii():
        found = "".join(str(int(char)) for char in found)
    return found.removeprefix("00")


def phone_words(phone: str) -> set[str]:
    """The words of the search index for what a shop or a person wrote as a phone."""
    found: set[str] = set()
    for number in NUMBER.findall(phone):
        digits = digits_of(number)
        if FEWEST <= len(digits) <= 2 * LONGEST:
            found.update((digits, *(digits[-count:] for count in NATIONAL), f"_{digits[::-1]}"))
    return found


@dataclass(frozen=True)
class Digits:
    """Digits that somebody typed into the search."""

    digits: str

    @classmethod
    def typed(cls, text: str) -> Digits | None:
        """None when they are too few or too many for a phone."""
        digits = digits_of(text)
        return cls(digits) if FEWEST <= len(digits) <= LONGEST else None

    def as_stored(self) -> list[str]:
        """Terms of a `tsquery`, any of which finds a phone: its beginning, its end, all of it without its country."""
        bare = self.digits.lstrip("0") or self.digits
        begins = {self.digits, bare}
        terms = [f"'{part}':*" for part in sorted(begins)]
        terms += [f"'_{part[::-1]}':*" for part in sorted(begins) if len(part) >= FEWEST]
        if len(bare) > NATIONAL[-1]:
            terms.append(f"'{bare[-NATIONAL[-1] :]}'")
        for country in (1, 2, 3):
            national = bare[country:]
            if len(national) in SHORT:
                terms += [f"'_{national[::-1]}'", f"'_{national[::-1]}0'"]
        return terms
