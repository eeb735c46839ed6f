"""Values as JSON keeps them, and back as a field of a model has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Field, Model


def plain(value: Any) -> Any:
    """As JSON keeps it: amounts and times as text."""
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def value_of(model: type[Model], name: str, told: Any) -> Any:
    """What `plain` wrote down, as the field `name` of the model has it."""
    found = model._meta.get_field(name)
    return found.to_python(told) if isinstance(found, Field) else told
