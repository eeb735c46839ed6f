"""At the start of a program: the keys of this host are those of the database, or it does not run."""

from __future__ import annotations

import logging
import os
import signal
import threading

from django.db import InterfaceError, OperationalError, ProgrammingError, connections

from config.running.listening import CannotRun
from integrations.keyring import site_keys

logger = logging.getLogger(__name__)

# Seconds between two tries while the database is away.
AGAIN_AFTER = 2.0


def insist() -> None:
    """Raises CannotRun for wrong keys. While the database is away the program starts, and ends if they turn out so."""
    if not _checked():
        threading.Thread(target=_later, name="same-keys", daemon=True).start()


def _checked() -> bool:
    """Whether there was an answer. Raises CannotRun."""
    try:
        site_keys.check()
    except site_keys.WrongKeys as error:
        raise CannotRun(error.sentence) from error
    except (OperationalError, InterfaceError):
        return False
    except ProgrammingError:
        logger.warning("The database is not up to date: run `manage.py prepare` on one host.")
        return False
    finally:
        connections.close_all()
    return True


def _later() -> None:
    while True:
        threading.Event().wait(AGAIN_AFTER)
        try:
            if _checked():
                return
        except CannotRun as error:
            logger.error("%s", error.sentence)
            os.kill(os.getpid(), signal.SIGTERM)
            return
