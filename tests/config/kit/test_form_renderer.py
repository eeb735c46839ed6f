"""Form fields are written as Django writes them, those of its admin too."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime
from django.forms.renderers import DjangoTemplates, Jinja2, get_default_renderer
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


class Inputs(forms.Form):
    """Every widget that is one <input>, with what is odd in a value and an attribute."""

    odd = forms.CharField(
        initial='it\'s "<b>" & more', widget=forms.TextInput({"data-a": "'\"<", "x": True, "y": False})
    )
    zero = forms.IntegerField(initial=0, widget=forms.NumberInput({"min": 0, "size": None}))
    empty = forms.CharField(initial="", required=False, widget=forms.EmailInput)
    secret = forms.CharField(initial="never shown", widget=forms.PasswordInput)
    hidden = forms.CharField(initial="h", widget=forms.HiddenInput)
    off = forms.BooleanField(initial=False, required=False)
    on = forms.BooleanField(initial=True)
    day = forms.DateField(initial=date(2026, 1, 2))
    file = forms.FileField()
    link = forms.URLField(initial="https://shop.example/?a=1&b=2", assume_scheme="https")


@pytest.mark.parametrize("sent", [None, {"zero": "<1>", "odd": ""}], ids=["new", "sent"])
def test_inputs_and_no_errors_are_written_as_by_the_templates(sent: Any) -> None:
    ours, theirs = Inputs(sent, renderer=FormRenderer()), Inputs(sent, renderer=Jinja2())
    assert [str(field) for field in ours] == [str(field) for field in theirs]
    assert [str(field.errors) for field in ours] == [str(field.errors) for field in theirs]
