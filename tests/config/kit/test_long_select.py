"""A long choice is written as Django writes it."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.test.html import parse_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from config.kit.admin.long_select import LongSelect

FLAT = [
    ("", "All"),
    ("a&b", "A < B"),
    (7, "Seven"),
    (None, "None"),
    ("s", mark_safe("<b>Safe</b>")),
    ("l", gettext_lazy("Log <out>")),
]
GROUPS = [("Fruit & more", [("x", "<Apple>")]), ("y", "Alone")]


@pytest.mark.parametrize("choices", [FLAT, GROUPS, []], ids=["flat", "groups", "none"])
@pytest.mark.parametrize("value", ["", "7", "a&b", "x", None, "gone"])
@pytest.mark.parametrize("attrs", [None, {"id": "i", "required": True, "disabled": False, "aria-label": 'a "b"'}])
def test_it_is_what_django_writes(choices: Any, value: Any, attrs: Any) -> None:
    ours, django = (kind(choices=choices).render("name", value, attrs) for kind in (LongSelect, forms.Select))
    assert parse_html(ours) == parse_html(django)
    assert ours.count("<option") == django.count("<option")
