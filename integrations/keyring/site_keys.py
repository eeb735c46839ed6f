"""Whether this host has the keys of this database: SECRET_KEY signs links, ENCRYPTION_KEYS read credentials.

The first program on a new database writes the fingerprints of its keys down; whoever comes later with others is
refused at its start, before it signs or encrypts what the other hosts cannot read. A key that is added beside a known
one is known from then on, which is how keys are changed (`manage.py rotate_keys`).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from config.kit.locks import Lock, hold
from config.kit.refusals import Refused
from config.kit.sql import execute
from integrations.keyring import rekeying
from integrations.models import KeyFingerprint

SIGNING, ENCRYPTION = "signing", "encryption"
VARIABLES = {SIGNING: "SECRET_KEY", ENCRYPTION: "ENCRYPTION_KEYS"}
FILES = {SIGNING: "secret_key", ENCRYPTION: "encryption_key"}
# A key that a person has made up may be short: guessing it shall cost something.
ROUNDS = 100_000


class WrongKeys(Refused):
    """This host has other keys than those this database is used with."""


def check() -> None:
    """Know the keys of this database; raises WrongKeys. Keys that were made a moment ago for nothing are removed."""
    ours = _ours()
    known = _known()
    if known and all(set(ours[kind]) <= known[kind] for kind in known):
        return
    try:
        with transaction.atomic():
            hold(Lock.KEYS)  # of two hosts that begin at once one is the first
            known = _known()
            for kind in (SIGNING, ENCRYPTION):
                _check(kind, ours[kind], known.get(kind))
            _write(ours)
    except WrongKeys:
        for path in settings.KEYS_MADE:
            Path(path).unlink(missing_ok=True)
        raise


_once: list[bool] = []


def check_once() -> None:
    """The same for a loop: asks until it was answered, and then no more in this process."""
    if not _once:
        check()
        _once.append(True)


def adopt() -> None:
    """From now on this host's keys are those of the database, whatever was known before."""
    with transaction.atomic():
        hold(Lock.KEYS)
        KeyFingerprint.objects.all().delete()
        _write(_ours())


def only_newest() -> None:
    """Forget all encryption keys but the newest: nothing is encrypted with an older one any more."""
    newest = _ours()[ENCRYPTION][0]
    KeyFingerprint.objects.filter(kind=ENCRYPTION).exclude(digest=newest).delete()


def fingerprint(kind: str, key: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", key.encode(), f"countinghouse.{kind}".encode(), ROUNDS).hex()


def _check(kind: str, ours: list[str], known: set[str] | None) -> None:
    fits = not known.isdisjoint(ours) if known else kind == SIGNING or _credentials_are_readable()
    if not fits:
        name = VARIABLES[kind]
        raise WrongKeys(
            f"This database is used with another {name} than this host has, so nothing was started. Copy {name} from"
            f" a host that works: from its environment, or from the file {FILES[kind]} in its data folder"
            f" (COUNTINGHOUSE_DATA). If the key was replaced on purpose, run `manage.py adopt_keys` on one host with"
            " the new one and restart all the others with it.",
            name,
        )


def _credentials_are_readable() -> bool:
    """Of a database from before fingerprints were kept: whether any credential can be read, where there is one."""
    reader = MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])
    found = False
    for model, name in rekeying.columns():
        for [token] in execute(f"SELECT {name} FROM {model._meta.db_table} WHERE {name} <> '' LIMIT 20"):  # noqa: S608
            found = True
            try:
                reader.decrypt(token.encode())
            except InvalidToken:
                continue
            return True
    return not found


def _known() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for kind, digest in KeyFingerprint.objects.values_list("kind", "digest"):
        found.setdefault(kind, set()).add(digest)
    return found


def _write(ours: dict[str, list[str]]) -> None:
    KeyFingerprint.objects.bulk_create(
        [KeyFingerprint(kind=kind, digest=digest) for kind, digests in ours.items() for digest in digests],
        ignore_conflicts=True,
    )


def _ours() -> dict[str, list[str]]:
    return {
        SIGNING: [_fingerprint(SIGNING, settings.SECRET_KEY)],
        ENCRYPTION: [_fingerprint(ENCRYPTION, key) for key in settings.ENCRYPTION_KEYS],
    }


@cache
def _fingerprint(kind: str, key: str) -> str:
    return fingerprint(kind, key)
