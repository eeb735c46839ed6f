"""A small storm over several hosts; the large one is in config/decisions/0020."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import pooler
from tests.config.conftest import CHECKOUT

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(pooler.program() is None, reason=pooler.MISSING),
]

OF_THE_RUN = {"DATABASE_URL", "DATABASE_POOL", "REDIS_URL", "REPLICA_URL", "COUNTINGHOUSE_DATA", pooler.VARIABLE}


def test_hosts_that_die_lose_and_double_nothing() -> None:
    """Two projects, three working hosts; each host is killed once at least, one whenever 350 more orders have come."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_RUN}
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.hosts", "2400:2:3:350"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert min(result["kills"].values()) >= 1, result
    assert result["runs"] == {"succeeded": 4}, result
    assert result["orders"] > 2_300, result
    assert (result["lost or strange"], result["doubled"], result["invariants broken"]) == ([], 0, []), result
