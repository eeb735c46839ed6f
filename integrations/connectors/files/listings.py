"""Files on a server, and the names we touch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

# No other name is shown, asked for or made here: no folder, no way up, no option, no control character.
NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
FOLDER = re.compile(r"/?(?:[A-Za-z0-9._-]{1,128}/)*[A-Za-z0-9._-]{1,128}")
# How a file is called while somebody writes it.
UNFINISHED = (".tmp", ".part", ".filepart")
# The file beside it says that it is whole.
DONE = ".done"


@dataclass(frozen=True)
class ServerFile:
    """A file as its server lists it."""

    name: str
    # Bytes.
    size: int
    modified_at: datetime


def is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None and text.strip(".") != "" and not text.startswith("-")


def check_folder(text: str) -> str:
    """A folder as it is kept, "" for the one we come to. Raises ValueError with a sentence."""
    folder = text.strip().rstrip("/")
    if not folder:
        return ""
    if FOLDER.fullmatch(folder) is None or not all(map(is_name, folder.strip("/").split("/"))):
        raise ValueError("A folder is a path of plain names, e.g. out or /clients/42/out: letters, digits, . _ and -.")
    return folder


def joined(folder: str, name: str) -> str:
    """The path of a file. Raises ValueError for what is no name."""
    if not is_name(name):
        raise ValueError(f"{name[:60]!r} is no name of a file")
    return f"{folder}/{name}" if folder else name
