"""Indexes that are made and dropped while the site works, and in a transaction where a migration is taken back.

Django's own operations refuse a transaction. Going back is whole or refused (`config.management.commands.migrate`), in
one transaction and with the programs stopped: there is nobody to wait for the plain form.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres import operations as django_own
from django.db import migrations


class AddIndexConcurrently(django_own.AddIndexConcurrently):
    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain = schema_editor.connection.in_atomic_block
        way = migrations.AddIndex.database_backwards if plain else django_own.AddIndexConcurrently.database_backwards
        way(self, app_label, schema_editor, from_state, to_state)


class RemoveIndexConcurrently(django_own.RemoveIndexConcurrently):
    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        plain, concurrent = migrations.RemoveIndex, django_own.RemoveIndexConcurrently
        way = plain.database_backwards if schema_editor.connection.in_atomic_block else concurrent.database_backwards
        way(self, app_label, schema_editor, from_state, to_state)
