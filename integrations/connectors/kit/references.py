"""Our numbers in the texts of shops: by them what went out is found there again."""

from __future__ import annotations

import re

from integrations.connectors.outward import Paper

# Before a number of ours in a comment, so that people there know whose it is.
OURS = "Countinghouse"


def mark(reference: str) -> str:
    """The comment by which a thing of ours is known: "Countinghouse SH2026000001"."""
    return f"{OURS} {reference}"


def is_marked(text: object) -> bool:
    """Whether a thing is ours, whichever."""
    return isinstance(text, str) and OURS in text


def names(text: object, reference: str) -> bool:
    """Whether a text holds the number as a word of its own: IN1 is not in "IN12"."""
    found = re.search(rf"(?<![A-Za-z0-9]){re.escape(reference)}(?![A-Za-z0-9])", text if isinstance(text, str) else "")
    return found is not None


def paper_note(paper: Paper) -> str:
    """What an order there says of a document: "Invoice IN2026000001: https://..."."""
    named = f"{paper.title} {paper.code}"
    return f"{named}: {paper.url}" if paper.url else named
