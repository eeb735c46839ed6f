"""How form fields are written: by Django's own templates in Jinja2, which takes half the time of its own language.

Pages of many fields (a shop, an order) took an eighth of their time for it. The widgets of Django's admin are there in
Django's language only, and are written by that. What most of the fields are, an input and no error, takes no template.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.forms.renderers import BaseRenderer, DjangoTemplates, Jinja2
from django.template import TemplateDoesNotExist
from markupsafe import escape

# Those that Django writes as one <input>.
INPUTS = frozenset(
    f"django/forms/widgets/{name}.html"
    for name in (
        "checkbox", "color", "date", "datetime", "email", "file", "hidden", "input", "number", "password", "search",
        "tel", "text", "time", "url",
    )
)  # fmt: skip
ERRORS = "django/forms/errors/list/default.html"


class FormRenderer(BaseRenderer):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if template_name in INPUTS:
            return _input(context["widget"])
        if template_name == ERRORS and not context["errors"]:
            return ""
        return str(super().render(template_name, context, request))

    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}

    def get_template(self, template_name: str) -> Any:
        if template_name not in self._found:
            self._found[template_name] = _template(template_name)
        return self._found[template_name]


def _input(widget: Mapping[str, Any]) -> str:
    """As in `django/forms/jinja2/django/forms/widgets/input.html`."""
    value = "" if widget["value"] is None else f' value="{escape(widget["value"])}"'
    others = "".join(
        f" {escape(name)}" if found is True else f' {escape(name)}="{escape(found)}"'
        for name, found in widget["attrs"].items()
        if found is not False
    )
    return f'<input type="{escape(widget["type"])}" name="{escape(widget["name"])}"{value}{others}>'


def _template(name: str) -> Any:
    try:
        return Jinja2().get_template(name)
    except TemplateDoesNotExist:
        return DjangoTemplates().get_template(name)
