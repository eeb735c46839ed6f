"""`python -m tests.reliability`: see the package."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

INSIDE = "COUNTINGHOUSE_STORM"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="processes to kill (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of chance: who is killed, and when (default %(default)s)")
    parser.add_argument("--json", type=Path, help="file for the result")
    parser.add_argument("--scoreboard", action="store_true", help="write the result into tests/README.md")
    wanted = parser.parse_args()
    if INSIDE not in os.environ:
        return _apart()
    import django

    django.setup()
    from tests.reliability import scoreboard, storm

    result = storm.run(wanted.kills, wanted.seed, print)
    print(json.dumps(result, indent=2))
    if wanted.json:
        wanted.json.write_text(json.dumps(result, indent=2) + "\n")
    if wanted.scoreboard:
        scoreboard.write(result)
    return 0 if storm.is_clean(result) else 1


def _apart() -> int:
    """Once more in a data folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="countinghouse-storm-") as folder:
        # As root the servers run as another account, which must pass.
        Path(folder).chmod(0o711)
        environment = dict(os.environ) | {
            "COUNTINGHOUSE_DATA": f"{folder}/data",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
            INSIDE: "1",
        }
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        command = [sys.executable, "-m", "tests.reliability", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
