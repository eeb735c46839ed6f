"""Migrate a database once, in a process of its own, for all workers of a test run to copy.

Migrating takes seven seconds of computing, as much as thousands of tests; a copy takes a fraction of one. The process
is started with the servers (see `tests.services`) and works while the tests are being collected.
"""

from __future__ import annotations

import os
from pathlib import Path

NAME = "countinghouse_template"
# Names in the environment the file that is written when it is over: `made`, or else `failed`.
NOTE = "COUNTINGHOUSE_TEST_TEMPLATE"


def main() -> None:
    note = Path(os.environ[NOTE])
    word = "failed"
    try:
        make()
        word = "made"
    finally:
        aside = note.with_suffix(".new")
        aside.write_text(word)
        aside.rename(note)


def make() -> None:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = NAME
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.close()


if __name__ == "__main__":
    main()
