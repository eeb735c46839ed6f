"""A message that says what was done, with a button that takes it back.

The way back rides on the message itself, in the storage of messages that Django signs; the button posts it like any
other form, so that permissions and checks of the address hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

register = template.Library()
# What stands before the way back among the tags of a message.
MARK = "undo:"


@dataclass(frozen=True)
class Undo:
    """The address of what takes a deed back, and what its form sends there."""

    address: str
    values: Mapping[str, Any]
    """Text by name; a list is sent as several fields of one name."""

    @property
    def fields(self) -> list[tuple[str, Any]]:
        """Name and value of each field of the form."""
        several = ((name, value if isinstance(value, list) else [value]) for name, value in self.values.items())
        return [(name, value) for name, values in several for value in values]


def say_done(request: HttpRequest, text: str, undo: Undo | None = None) -> None:
    """A green message; with a button where the deed can be undone."""
    way_back = MARK + json.dumps([undo.address, dict(undo.values)]) if undo else ""
    messages.success(request, text, extra_tags=way_back)


@register.filter
def undo_of(message: Message) -> Undo | None:
    tags = message.extra_tags or ""
    return Undo(*json.loads(tags.removeprefix(MARK))) if tags.startswith(MARK) else None
