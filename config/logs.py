"""Log lines: one event is one line, whatever it holds, so that a line can be searched, counted and shipped."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

BREAKS = str.maketrans({"\n": " | ", "\r": "", "\x1b": "\\x1b"})
# Addresses that open something for whoever has them; Django writes down those it refuses or fails on.
SECRETS = re.compile(r"(/(?:begin|invited|hooks|letters|password_reset/[^/\s]+)/)[^/\s'\"?]+")


class LineFormatter(logging.Formatter):
    """`2026-11-21T09:47:00.123Z INFO integrations.runs.claims message`; a traceback follows in the same line."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        parts = [record.getMessage()]
        if record.exc_info:
            parts.append(self.formatException(record.exc_info))
        if record.stack_info:
            parts.append(record.stack_info)
        message = SECRETS.sub(r"\1***", "\n".join(parts)).translate(BREAKS)
        return f"{stamp} {record.levelname} {record.name} {message}"
