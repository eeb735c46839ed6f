"""Credentials at rest: encrypted with the first key of ENCRYPTION_KEYS, readable with any of them."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Secrets(dict[str, str]):
    """Credentials by field key. Never shows its values."""

    unread: str = ""
    """The stored text when no key reads it: kept as it is, so that a key that turns up again still opens it."""

    @property
    def readable(self) -> bool:
        return not self.unread

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"

    __str__ = __repr__


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(values: dict[str, str]) -> str:
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(json.dumps(values).encode()).decode()


def decrypt(token: str, *, max_age: timedelta | None = None) -> dict[str, str]:
    """Raises InvalidToken when the key that encrypted this is not configured any more, or it is too old."""
    ttl = None if max_age is None else int(max_age.total_seconds())
    values: dict[str, str] = json.loads(_fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode(), ttl))
    return values


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """A dict of secrets. Cannot be filtered or ordered by: an encrypted column answers no question."""

    def from_db_value(self, value: str | None, *_: object) -> Secrets:
        if not value:
            return Secrets()
        try:
            return Secrets(decrypt(value))
        except InvalidToken:
            unreadable = Secrets()
            unreadable.unread = value
            return unreadable

    def to_python(self, value: Any) -> Secrets:
        return value if isinstance(value, Secrets) else Secrets(value or {})

    def get_prep_value(self, value: Any) -> str:
        if not value:
            return getattr(value, "unread", "")
        return encrypt(dict(value))

    def value_to_string(self, obj: models.Model) -> str:
        return ""

    def get_lookup(self, lookup_name: str) -> None:
        return None

    def get_transform(self, lookup_name: str) -> None:
        return None
