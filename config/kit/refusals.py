"""The one base of all errors that carry a sentence for people."""

from __future__ import annotations


class Refused(Exception):
    """What somebody asked for is not done, and nothing was written.

    `sentence` says why and what to do instead, without personal data of others; `field` names what was entered wrong,
    where it is one field. `str()` is the sentence.
    """

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
