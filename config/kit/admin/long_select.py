"""A choice out of many, written as Django's own template writes it, but by one function: that renders an option each.

A page with the zones of the world, or with a choice in each of its rows, took most of its time for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


class LongSelect(forms.Select):
    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        shown = self.build_attrs(self.attrs, dict(attrs) if attrs else None)
        chosen = set(self.format_value(value))
        # Joined as plain text: marking each of six hundred options as safe takes ten times as long.
        found = mark_safe("".join(_written(each, label, chosen) for each, label in self.choices))  # noqa: S308
        return format_html('<select name="{}"{}>{}\n</select>', name, flatatt(shown), found)


def _written(value: Any, label: Any, chosen: set[str]) -> str:
    """An option, or a group of them under its name. The first that is `chosen` is selected, and empties it."""
    if isinstance(label, list | tuple):
        found = "".join(_written(each, text, chosen) for each, text in label)
        return f'\n  <optgroup label="{escape(_value(value))}">{found}\n  </optgroup>'
    text, selected = _value(value), ""
    if text in chosen:
        chosen.clear()
        selected = " selected"
    return f'\n  <option value="{escape(text)}"{selected}>{_text(label)}</option>'


def _value(value: Any) -> str:
    return "" if value is None else str(value)


def _text(label: Any) -> str:
    """Escaped, but for what is markup already."""
    return label.__html__() if hasattr(label, "__html__") else escape(str(label))
