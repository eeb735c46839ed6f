"""Customers as partners send them, and what of a value the book cannot take.

`UNSET` stands for a field that was not sent, `None` for one that is to be emptied; an `id` or `source_id` of null was
not sent. Fields that the schema does not know are ignored. Types are checked where a body is parsed, values by
`problem`: of a list, the rows that cannot be taken fail alone. Source: Voucherify's published OpenAPI, Customer.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

ADDRESS_LONGEST = 300
# Fields of text and how long they may be, in characters.
LONGEST = {"id": 255, "source_id": 255, "name": 200, "description": 2_000, "email": 254, "phone": 40}
# Control characters by their numbers: of those, readers of JSON Schema and Python do not take the same ones for spaces.
EMAIL = r"^([^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+)?$"
WHOLE_EMAIL = re.compile(EMAIL)
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.DOTALL)

Key = Annotated[str, Meta(extra_json_schema={"maxLength": LONGEST["source_id"]})]
Name = Annotated[str, Meta(extra_json_schema={"maxLength": LONGEST["name"]})]
Description = Annotated[str, Meta(extra_json_schema={"maxLength": LONGEST["description"]})]
EmailAddress = Annotated[str, Meta(extra_json_schema={"maxLength": LONGEST["email"], "pattern": EMAIL})]
Phone = Annotated[str, Meta(extra_json_schema={"maxLength": LONGEST["phone"]})]
BirthDay = Annotated[
    str, Meta(description="YYYY-MM-DD; of a time its date counts.", extra_json_schema={"format": "date"})
]
AddressLine = Annotated[str, Meta(extra_json_schema={"maxLength": ADDRESS_LONGEST})]


class AddressObject(Struct, omit_defaults=True, gc=False):
    city: AddressLine | UnsetType | None = UNSET
    state: AddressLine | UnsetType | None = UNSET
    line_1: AddressLine | UnsetType | None = UNSET
    line_2: AddressLine | UnsetType | None = UNSET
    country: AddressLine | UnsetType | None = UNSET
    postal_code: AddressLine | UnsetType | None = UNSET


ADDRESS = AddressObject.__struct_fields__


class CustomerObject(Struct, omit_defaults=True, gc=False):
    """A customer by id or source id (the id wins), else by e-mail address; what is null is emptied."""

    id: Key | UnsetType | None = UNSET
    source_id: Key | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    email: EmailAddress | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    birthday: BirthDay | UnsetType | None = UNSET
    birthdate: BirthDay | UnsetType | None = UNSET
    address: AddressObject | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


FIELDS = CustomerObject.__struct_fields__


def says_nothing(sent: CustomerObject) -> bool:
    """Whether there is nothing in it: no key, and no value."""
    return not any(getattr(sent, name) for name in FIELDS)


def problem(sent: CustomerObject, path: str = "") -> str:
    """What the book cannot take of it, as a sentence; "" when nothing. `path` leads to the customer in the body."""
    for name, most in LONGEST.items():
        value = getattr(sent, name)
        if value and len(value) > most:
            return f"Property {path}.{name} length cannot be higher than {most}"
    if sent.email and not WHOLE_EMAIL.fullmatch(sent.email):
        return f"Property {path}.email is no e-mail address: {shown(sent.email)}"
    for name in ("birthdate", "birthday"):
        value = getattr(sent, name)
        if isinstance(value, str) and day_of(value) is None:
            return f"Property {path}.{name} must be a day, such as 2026-02-28"
    for name in ADDRESS if sent.address else ():
        if len(getattr(sent.address, name) or "") > ADDRESS_LONGEST:
            return f"Property {path}.address.{name} length cannot be higher than {ADDRESS_LONGEST}"
    return ""


def day_of(text: str) -> date | None:
    """The day of a day or of a time; None: it is neither."""
    found = DAY.fullmatch(text)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def birthdate_of(sent: CustomerObject) -> str | UnsetType | None:
    """`birthday` counts where there is no `birthdate`."""
    return sent.birthday if sent.birthdate is UNSET else sent.birthdate


def shown(text: str) -> str:
    """A value as a sentence repeats it."""
    return "".join(char if char.isprintable() else "?" for char in text[:100])
