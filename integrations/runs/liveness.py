"""Whether somebody works: heartbeats of workers and of the tick, on the database's clock."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from config.kit import true_time
from config.kit.sql import execute
from integrations.choices import Process
from integrations.models import Heartbeat

# Seconds without a heartbeat after which a process no longer moves; workers beat twice in that time, the tick 4 times.
SILENT_AFTER = 60
# Days after which a process that no longer beats is forgotten.
KEPT_DAYS = 1


@dataclass(frozen=True)
class Beating:
    """One process: seconds since its last heartbeat, and by how many its machine's clock is ahead."""

    kind: Process
    name: str
    silent: float
    ahead: float

    @property
    def moves(self) -> bool:
        return self.silent <= SILENT_AFTER

    @property
    def clock_is_wrong(self) -> bool:
        return self.moves and abs(self.ahead) > true_time.WRONG_BEYOND


def look() -> bool:
    """Look at the database's clock. Whether this process may work: its machine's is right. Raises OperationalError."""
    connection.ensure_connection()
    asked = true_time.counted()
    true_time.note(execute(true_time.ASK)[0][0], asked)
    return true_time.is_right()


def beat(kind: Process) -> bool:
    """Tell that this process lives, and what its clock says; otherwise as `look`."""
    may_work = look()
    execute(
        "INSERT INTO integrations_heartbeat (kind, name, at, ahead) VALUES (%s, %s, clock_timestamp(), %s)"
        " ON CONFLICT (name) DO UPDATE SET at = clock_timestamp(), ahead = excluded.ahead",
        [kind, f"{kind} {os.getpid()} on {socket.gethostname()}"[:100], true_time.skew()],
    )
    return may_work


def beating() -> list[Beating]:
    """All processes that are not forgotten, by name."""
    rows = execute(
        "SELECT kind, name, extract(epoch FROM clock_timestamp() - at)::float, ahead FROM integrations_heartbeat"
        " ORDER BY name"
    )
    return [Beating(Process(kind), *rest) for kind, *rest in rows]


def problems(found: list[Beating]) -> list[str]:
    """What is wrong, in sentences for people; none when all is well."""
    said = []
    for kind, nobody, silent in (
        (Process.WORKER, _("No worker has ever run here"), _("No worker has moved for %(time)s")),
        (Process.TICK, _("The tick has never run here"), _("The tick has not moved for %(time)s")),
    ):
        of_kind = [each.silent for each in found if each.kind == kind]
        if not of_kind:
            said.append(_("%(what)s: orders are not loaded.") % {"what": nobody})
        elif min(of_kind) > SILENT_AFTER:
            what = silent % {"time": _time(min(of_kind))}
            said.append(_("%(what)s: orders are not loaded, or late.") % {"what": what})
    wrong = [(each.name, each.ahead) for each in found if each.clock_is_wrong]
    if not true_time.is_right():
        wrong.append((f"web {os.getpid()} on {socket.gethostname()}", true_time.skew()))
    for name, ahead in wrong:
        said.append(
            _("The clock of %(name)s is %(way)s. Set it right; until then it stands back.")
            % {"name": name, "way": true_time.said(ahead)}
        )
    return said


def clear_old() -> None:
    Heartbeat.objects.filter(at__lt=Now() - timedelta(days=KEPT_DAYS)).delete()


def _time(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 120 else f"{round(seconds / 60)} min"
