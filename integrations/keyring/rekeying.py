"""Encrypts every encrypted column with the newest key: row by row, in portions, beside a running site.

A token tells when it was made and not by which key, so each is tried with the newest key alone. What was done before a
stop is found done the next time. A row that somebody saves meanwhile is left to them: it is saved with the newest key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from config.kit.sql import execute
from integrations.secrets import EncryptedField

PORTION = 100


@dataclass
class Rotation:
    """What became of the encrypted values."""

    rotated: int = 0
    current: int = 0
    """Encrypted with the newest key before."""
    unreadable: int = 0
    where: set[str] = field(default_factory=set)
    """Columns with unreadable values: "integrations.MailServer.secrets"."""


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every encrypted column of every model."""
    for model in apps.get_models():
        for each in model._meta.concrete_fields:
            if isinstance(each, EncryptedField):
                yield model, each.name


def rotate() -> Rotation:
    done = Rotation()
    for model, name in columns():
        after = 0
        while (last := _portion(model, name, after, done)) is not None:
            after = last
    return done


def _portion(model: type[models.Model], name: str, after: int, done: Rotation) -> int | None:
    """The next rows of a column; the last primary key of them, None: there are no more."""
    table, pk = model._meta.db_table, model._meta.pk.column
    newest = Fernet(settings.ENCRYPTION_KEYS[0])
    every = MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    with transaction.atomic():
        rows = execute(
            f"SELECT {pk}, {name} FROM {table} WHERE {pk} > %s ORDER BY {pk} LIMIT {PORTION}",  # noqa: S608
            [after],
        )
        for key, token in rows:
            anew = _anew(token, newest, every, done, f"{model._meta.label}.{name}")
            if anew:
                # Only what was read is replaced: whoever has saved the row since has used the newest key.
                execute(f"UPDATE {table} SET {name} = %s WHERE {pk} = %s AND {name} = %s", [anew, key, token])  # noqa: S608
    return rows[-1][0] if rows else None


def _anew(token: str, newest: Fernet, every: MultiFernet, done: Rotation, where: str) -> str:
    """The value under the newest key; "" where there is nothing to write."""
    if not token:
        return ""
    try:
        newest.decrypt(token.encode())
    except InvalidToken:
        try:
            anew = every.rotate(token.encode()).decode()
        except InvalidToken:
            done.unreadable += 1
            done.where.add(where)
            return ""
        done.rotated += 1
        return anew
    done.current += 1
    return ""
