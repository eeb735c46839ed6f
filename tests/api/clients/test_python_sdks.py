"""Every function of the published Python SDKs about what is offered here, the newest and the oldest that is in use."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from tests.api.clients.conftest import HERE, MINUTES, Running
from tests.api.conftest import work_off

pytestmark = [pytest.mark.long, pytest.mark.timeout(15 * 60), pytest.mark.django_db(transaction=True)]

# The oldest one, by what its file must be.
OLD = "voucherify==3.0.0 --hash=sha256:a6fcc01dc90ed9ff94800e67288462f0aea2ae996015f7658ae46fccf76c2fe3\n"
# What is not offered, on purpose or not yet; every other function works.
NOT_OFFERED = {
    "import_customers_using_csv", "import_products_using_csv", "import_skus_using_csv", "list_customer_redeemables",
    "list_customer_activity", "track_custom_event",
}  # fmt: skip


@pytest.fixture(params=["newest", "3.0"])
def path(request: pytest.FixtureRequest) -> str:
    """Where Python finds the SDK; "" for the one that is installed."""
    if request.param == "newest":
        return ""
    assert request.config.cache is not None
    home = Path(request.config.cache.mkdir("python-sdk-3.0"))
    with (home / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another process of the tests wants it too
        if not (home / "installed").exists():
            (home / "requirements.txt").write_text(OLD)
            words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target"]
            done = subprocess.run(
                [*words, str(home / "sdk"), "-r", str(home / "requirements.txt")],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MINUTES,
            )  # fmt: skip
            if done.returncode:
                pytest.skip(f"the old SDK cannot be installed: {done.stdout.strip()[-300:]}")
            (home / "installed").touch()
    return str(home / "sdk")


def works(over: threading.Event) -> None:
    """What a worker does, until it is over."""
    try:
        while not over.wait(0.1):
            work_off()
    finally:
        connection.close()


def test_every_function_works_or_is_said_to_be_missing(path: str, running: Running) -> None:
    over = threading.Event()
    worker = threading.Thread(target=works, args=(over,))
    worker.start()
    environment = running.environment | {"PYTHONPATH": path} if path else running.environment
    done = subprocess.run(
        [sys.executable, str(HERE / "python_sdk.py")], cwd=HERE, capture_output=True, text=True, env=environment
    )
    over.set()
    worker.join()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"].startswith("3." if path else "6."), os.environ.get("PYTHONPATH")
    table: dict[str, str] = told["found"]
    print("\n".join(f"{what:12} {name}" for name, what in sorted(table.items())))
    expected = {name: "not offered" if name in NOT_OFFERED else "works" for name in table}
    if path:  # it sends no key with the token of a file, as it does not to Voucherify either
        assert table.pop("download_export").startswith("other: 401")
        del expected["download_export"]
    assert table == expected, {name: what for name, what in table.items() if what != expected[name]}
    assert len(table) > 30
