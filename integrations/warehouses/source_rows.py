"""A row as a file has it, and the limits of a file."""

from __future__ import annotations

MOST_ROWS = 200_000
TOO_MANY = f"The file has more than {MOST_ROWS:,} rows: split it."


# A row as (number, values, fault), a bare tuple because files have very many: the number of its line in CSV or of its
# place in XML, from 1; a value for each of the columns that were asked for, "" where the row has none; why it is no
# row, a sentence, and then there are no values.
SourceRow = tuple[int, tuple[str, ...], str]
