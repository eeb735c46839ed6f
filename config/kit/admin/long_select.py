"""A choice out of many, written as Django's own template writes it, but by one function: that renders an option each.

A page with the zones of the world, or with a choice in each of its rows, took most of its time for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        widget = self.get_context(name, value, dict(attrs) if attrs else None)["widget"]
        # Joined as plain text: marking each of six hundred options as safe takes ten times as long.
        groups = mark_safe("".join(_group(label, options) for label, options, _ in widget["optgroups"]))  # noqa: S308
        return format_html('<select name="{}"{}>{}\n</select>', widget["name"], flatatt(widget["attrs"]), groups)


def _group(label: str | None, options: Iterable[Mapping[str, Any]]) -> str:
    found = "".join(map(_option, options))
    return found if label is None else f'\n  <optgroup label="{escape(str(label))}">{found}\n  </optgroup>'


def _option(option: Mapping[str, Any]) -> str:
    attributes = flatatt(option["attrs"]) if option["attrs"] else ""
    return f'\n  <option value="{escape(str(option["value"]))}"{attributes}>{_text(option["label"])}</option>'


def _text(label: Any) -> str:
    """Escaped, but for what is markup already."""
    return label.__html__() if hasattr(label, "__html__") else escape(str(label))
