"""A choice out of many, written as Django's own template writes it, but by one function: that renders an option each.

A page with the zones of the world, or with a choice in each of its rows, took most of its time for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class LongSelect(forms.Select):
    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        widget = self.get_context(name, value, dict(attrs) if attrs else None)["widget"]
        groups = format_html_join("", "{}", ((_group(label, options),) for label, options, _ in widget["optgroups"]))
        return format_html('<select name="{}"{}>{}\n</select>', widget["name"], flatatt(widget["attrs"]), groups)


def _group(label: str | None, options: Iterable[Mapping[str, Any]]) -> SafeString:
    rows = ((str(each["value"]), flatatt(each["attrs"]), each["label"]) for each in options)
    found = format_html_join("", '\n  <option value="{}"{}>{}</option>', rows)
    return found if label is None else format_html('\n  <optgroup label="{}">{}\n  </optgroup>', label, found)
