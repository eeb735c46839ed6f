"""What can go wrong around the embedded servers."""

from __future__ import annotations


class EmbeddedError(Exception):
    """The embedded servers cannot run; the message is a sentence for people that names the way out."""
