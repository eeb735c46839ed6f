"""Form fields are written as Django writes them, those of its admin too."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.test.html import parse_html

from config.kit.admin.form_renderer import FormRenderer

CHOICES = [("a", "A & b"), ("Group", [("b", "<B>")])]


class Example(forms.Form):
    text = forms.CharField(label="A & b", help_text="<i>Help</i>", initial='"quoted" <text>')
    number = forms.DecimalField(min_value=1, localize=True, initial=1234.5)
    on = forms.BooleanField(initial=True)
    choice = forms.ChoiceField(choices=CHOICES, initial="b")
    several = forms.MultipleChoiceField(choices=CHOICES, widget=forms.CheckboxSelectMultiple, initial=["a"])
    day = forms.DateField(initial=date(2026, 1, 2), widget=AdminDateWidget)
    at = forms.SplitDateTimeField(widget=AdminSplitDateTime)
    long = forms.CharField(widget=forms.Textarea, initial="one\ntwo </textarea>")
    file = forms.FileField()


def test_it_is_the_one_of_the_site() -> None:
    assert isinstance(get_default_renderer(), FormRenderer)


@pytest.mark.parametrize("sent", [None, {}, {"number": "x", "choice": "gone"}], ids=["new", "empty", "wrong"])
@pytest.mark.parametrize("shape", ["as_p", "as_table", "as_div"])
def test_it_is_what_django_writes(sent: Any, shape: str) -> None:
    ours, django = (getattr(Example(sent, renderer=each()), shape)() for each in (FormRenderer, DjangoTemplates))
    assert parse_html(ours) == parse_html(django)
