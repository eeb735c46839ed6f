"""A segment as people type it: a name, how conditions are joined, and a row for each condition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.choices import Junction, SegmentKind
from orders.models import Segment
from orders.segments.conditions import FIELDS, MOST_CONDITIONS, BadCondition, Condition
from orders.segments.definitions import LONGEST_NAME, SegmentRefused, SegmentWish

FIRST_ROWS, MORE_ROWS = 4, 4
OPERATORS = (
    (_("Any value"), (("is", _("is")),)),
    (
        _("Numbers"),
        (
            ("more_than", _("is more than")),
            ("at_least", _("is at least")),
            ("less_than", _("is less than")),
            ("at_most", _("is at most")),
        ),
    ),
    (
        _("Dates"),
        (
            ("within_days", _("was within the last … days")),
            ("more_than_days_ago", _("was more than … days ago")),
            ("before", _("was before the day")),
            ("after", _("was after the day")),
        ),
    ),
    (
        _("Texts"),
        (
            ("in", _("is one of (commas between)")),
            ("contains", _("contains")),
            ("present", _("is known")),
            ("absent", _("is not known")),
        ),
    ),
)
ROWS = "rows"


class ConditionRow(forms.Form):
    """One condition; a row without a field is left out."""

    field = forms.ChoiceField(
        label=_("What"), required=False, choices=[("", "–"), *((name, each.label) for name, each in FIELDS.items())]
    )
    key = forms.CharField(label=_("Key of the metadata"), required=False, max_length=255)
    operator = forms.ChoiceField(label=_("Comparison"), required=False, choices=OPERATORS)
    value = forms.CharField(label=_("Value"), required=False, max_length=5_000)

    @property
    def condition(self) -> Condition | None:
        values = self.cleaned_data
        if not values.get("field"):
            return None
        name = f"metadata.{values.get('key', '').strip()}" if values["field"] == "metadata" else values["field"]
        return Condition(name, values.get("operator", ""), values.get("value", ""))


class SegmentForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    junction = forms.ChoiceField(label=_("A customer belongs here when"), choices=Junction.choices)


class MembersForm(forms.Form):
    """Customers by their e-mail addresses."""

    emails = forms.CharField(
        label=_("E-mail addresses"),
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One a line, or with commas between."),
    )

    def clean_emails(self) -> list[str]:
        text: str = self.cleaned_data["emails"]
        return [each for each in text.replace(",", "\n").replace(";", "\n").split() if each]


class HandForm(MembersForm):
    """A segment by hand."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    field_order = ("name", "emails")


class Definition:
    """The form of an automatic segment with its rows, empty, filled from a segment, or as it was sent."""

    def __init__(self, data: QueryDict | None = None, segment: Segment | None = None) -> None:
        conditions = list(segment.conditions) if segment else []
        initial = {"name": segment.name, "junction": segment.junction} if segment else {}
        count = _rows_sent(data) if data is not None else len(conditions) + FIRST_ROWS
        if data is not None and "more" in data:
            count += MORE_ROWS
        self.form = SegmentForm(data, initial=initial)
        rows = range(min(count, MOST_CONDITIONS))
        self.rows = [ConditionRow(data, prefix=f"c{row}", initial=_typed(conditions, row)) for row in rows]
        self.full = len(self.rows) >= MOST_CONDITIONS

    def is_valid(self, *, named: bool = True) -> bool:
        """Whether it can be asked; without a name when it is only tried."""
        rows = [row.is_valid() for row in self.rows]
        return (self.form.is_valid() or not named) and all(rows)

    @property
    def wish(self) -> SegmentWish:
        values = getattr(self.form, "cleaned_data", {})
        conditions = [row.condition for row in self.rows]
        return SegmentWish(
            values.get("name", ""),
            SegmentKind.AUTOMATIC,
            Junction(values.get("junction", Junction.ALL)),
            [condition for condition in conditions if condition is not None],
        )

    def refuse(self, refusal: BadCondition | SegmentRefused) -> None:
        """Say it where it belongs: at the row of the condition, or at the field."""
        if isinstance(refusal, SegmentRefused):
            self.form.add_error(refusal.field if refusal.field in self.form.fields else None, str(refusal))
            return
        asked = [row for row in self.rows if row.condition is not None]
        if refusal.index < len(asked):
            words = gettext("It cannot be compared like this; these fit: %(words)s.")
            problem = words % {"words": ", ".join(refusal.choices)} if refusal.choices else str(refusal)
            asked[refusal.index].add_error(None, problem)
        else:
            self.form.add_error(None, str(refusal))

    def forget_errors(self) -> None:
        """For a form that was sent to get more rows."""
        for each in (self.form, *self.rows):
            each.errors.clear()


def _rows_sent(data: QueryDict) -> int:
    text = data.get(ROWS, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else FIRST_ROWS


def _typed(conditions: list[dict[str, Any]], row: int) -> dict[str, Any]:
    if row >= len(conditions):
        return {}
    name, value = conditions[row]["field"], conditions[row].get("value")
    key = name.removeprefix("metadata.") if name.startswith("metadata.") else ""
    return {
        "field": "metadata" if key else name,
        "key": key,
        "operator": conditions[row]["operator"],
        "value": ", ".join(value) if isinstance(value, list) else value,
    }
