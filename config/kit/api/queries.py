"""The parameters of an address as a DRF serializer, whose fields say what they must be in one sentence each.

`QuerySerializer` reads names with brackets as well: `ids=a&ids=b`, `ids[]=a` and `ids[0]=a` for a `TextsField`, and
`filters[name][conditions][$is]=x`, also in the spelling `[filters][name]…`, for a `BracketsField`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from config.kit.api.problems import bad_query
from config.kit.times import NO_TIME, iso_time

PARTS = re.compile(r"\[([^\[\]]*)\]")


class WholeNumberField(serializers.IntegerField):
    """A whole number in its digits, from `least` to `most`."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        super().__init__(min_value=least, max_value=most, **options)
        self._problem = f"must be a whole number from {least} to {most}"

    def run_validation(self, data: Any = serializers.empty) -> int:
        if data is serializers.empty:
            return int(super().run_validation(data))
        text = str(data)
        most, least = int(self.max_value or 0), int(self.min_value or 0)
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise ValidationError(self._problem)
        return int(text)


class OneOfField(serializers.ChoiceField):
    """One of a few words; the first is the default."""

    def __init__(self, allowed: Collection[str], **options: Any) -> None:
        super().__init__(choices=list(allowed), default=next(iter(allowed)), **options)
        self.error_messages["invalid_choice"] = f"must be one of {', '.join(allowed)}"

    def to_internal_value(self, data: Any) -> Any:
        if data == "":  # which Django's choices take for none
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class InstantField(serializers.DateTimeField):
    """ISO 8601; without a zone UTC, a day is its beginning."""

    def to_internal_value(self, value: Any) -> datetime:
        found = iso_time(str(value))
        if found is None:
            raise ValidationError(NO_TIME)
        return found


class FilledTextField(serializers.CharField):
    """Any text that is not empty."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "":
            way_out = "give it a value" if self.required else "give it a value, or leave it out"
            raise ValidationError(f"is empty: {way_out}")
        if data is serializers.empty and self.required:
            raise ValidationError("is missing: give it a value")
        return data if data is not serializers.empty else super().run_validation(data)


class TextsField(serializers.ListField):
    """Several texts under one name."""

    child = serializers.CharField()


class BracketsField(serializers.DictField):
    """What the names with brackets say, as nested dicts of texts; lists where the last brackets hold indexes."""

    child = serializers.JSONField()
    default_error_messages = {"not_a_dict": "must be sent with brackets, as in filters[name][conditions][$is]=x"}


class QuerySerializer(serializers.Serializer[Any]):
    """The parameters that an address takes; what is not a field of it is refused."""

    def checked(self, given: QueryDict, *, skips_empty: bool = False) -> dict[str, Any]:
        """The values by name, those that were not sent and have no default left out.

        `skips_empty`: a value without text counts as not sent, for the JavaScript SDK writes null so. Raises 400.
        """
        taken: dict[str, Any] = {}
        for name, values in given.lists():
            sent = [str(each) for each in values if each or not skips_empty]
            base = PARTS.sub("", name) or next(iter(PARTS.findall(name)), "")
            field = self.fields.get(name) or self.fields.get(base)
            if not sent:
                continue
            if isinstance(field, TextsField) and PARTS.sub("", name) == base:
                taken.setdefault(base, []).extend(sent)
                continue
            if len(sent) > 1:
                raise bad_query(f"Property .{name[:50]} is given {len(sent)} times: give it once")
            if isinstance(field, BracketsField) and "[" in name:
                parts = PARTS.findall(name)
                _put(taken.setdefault(base, {}), parts if PARTS.sub("", name) else parts[1:], sent[0], name)
            else:
                taken[name] = sent[0]
        unknown = sorted(set(taken) - set(self.fields))
        if unknown:
            these = ", ".join(sorted(self.fields)) or "none"
            raise bad_query(f"Property .{unknown[0][:50]} is not known here; these are: {these}")
        return self._valid(taken)

    def _valid(self, taken: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, field in self.fields.items():
            try:
                values[name] = field.run_validation(taken.get(name, serializers.empty))
            except serializers.SkipField:
                continue
            except ValidationError as error:
                detail: Any = error.detail
                raise bad_query(f"Property .{name} {detail[0]}") from error
        return values


def _put(into: dict[str, Any], parts: list[str], value: str, name: str) -> None:
    """Raises 400 for brackets that contradict each other."""
    for part in parts[:-1]:
        into = into.setdefault(part, {})
        if not isinstance(into, dict):
            raise bad_query(f"Property .{name[:50]} contradicts another one: send one of them")
    if not parts or parts[-1] in into:
        raise bad_query(f"Property .{name[:50]} is given 2 times: give it once")
    into[parts[-1]] = value


def in_order(value: Any) -> Any:
    """Nested values of a `BracketsField` with `{"0": a, "1": b}` as the list that it means."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() and name.isascii() for name in value):
        return [in_order(value[name]) for name in sorted(value, key=int)]
    return {name: in_order(part) for name, part in value.items()}
