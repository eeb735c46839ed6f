"""Ids that partners see: `ord_`, `cust_` and so on, made from primary keys and a secret of the project.

They cannot be guessed, do not tell how many rows there are, and an id of one project means nothing in another: a block
of a kind and a primary key, encrypted with AES-128 under the project's own key. Nothing has to be stored or searched.
"""

from __future__ import annotations

import re
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

FORM = re.compile(r"([a-z]+)_([0-9a-f]{32})")
BLOCK = struct.Struct(">8sq")


class PublicIds:
    """Gives and reads the ids of one project, for one thread; `key` is `Project.id_key`."""

    def __init__(self, key: bytes) -> None:
        # One block per id, and equal rows must have equal ids: the one use where ECB is right.
        cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())  # noqa: S305
        # Never finalised: of whole blocks nothing is left over, and to make one costs ten times what it does.
        self._encrypt, self._decrypt = cipher.encryptor().update, cipher.decryptor().update

    def give(self, kind: str, pk: int) -> str:
        """The public id of a row, e.g. give("ord", 7)."""
        block = self._encrypt(BLOCK.pack(kind.encode(), pk))
        return f"{kind}_{block.hex()}"

    def take(self, kind: str, text: str) -> int | None:
        """The primary key behind a public id; None when it is not one of this kind and project."""
        found = FORM.fullmatch(text)
        if found is None or found[1] != kind:
            return None
        tag, pk = BLOCK.unpack(self._decrypt(bytes.fromhex(found[2])))
        return int(pk) if tag == kind.encode().ljust(8, b"\0") and pk > 0 else None
