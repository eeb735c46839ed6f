"""What web processes hold after large bodies: bulk imports of about 30 MB, through a site as `make up` starts it.

`python -m tests.benchmarks.web_memory [--json] [--bodies N]`

Long texts, many small values, and rows that are refused, ten bodies each. What a process holds afterwards is compared
with what it held at its start; the bar is 100 MB.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.live_calls import site
from tests.benchmarks.servers import durable_database

BAR = 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--bodies", type=int, default=10)
    options = parser.parse_args()
    with durable_database():
        result = measure(options.bodies)
    if options.json:
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    else:
        for kind, megabytes in result.items():
            sys.stdout.write(f"  {kind:<18}  {', '.join(f'{each:.0f}' for each in megabytes)} MB\n")
    start = result["start"]
    grown = max(now - then for held in result.values() for now, then in zip(held, start, strict=True))
    sys.stdout.write(f"grown by at most {grown:.0f} MB (bar {BAR:g})\n")
    sys.exit(0 if grown <= BAR else 1)


def bodies() -> dict[str, bytes]:
    small = {f"key {number}": number for number in range(1_000)}
    kinds: dict[str, dict[str, Any]] = {
        "long texts": {"amount": 5, "metadata": {"text": "x" * 14_000}},
        "many small values": {"amount": 5, "metadata": small},
        "refused": {"amount": "five", "metadata": small},
    }
    return {
        name: json.dumps([{"source_id": f"{name}-{number}", **rest} for number in range(2_000)]).encode()
        for name, rest in kinds.items()
    }


def measure(count: int) -> dict[str, list[float]]:
    from integrations.access import api_keys
    from tests.factories import ProjectFactory

    made = api_keys.make(ProjectFactory.create().pk, "Benchmark")
    headers = {"X-App-Id": made.key.app_id, "X-App-Token": made.token, "Content-Type": "application/json"}
    result: dict[str, list[float]] = {}
    with site() as (port, processes):
        result["start"] = [_held(pid) for pid in processes]
        for name, body in bodies().items():
            for _ in range(count):
                _post(port, body, headers)
            time.sleep(1)  # an answer is sent before its memory is given back
            result[name] = [_held(pid) for pid in processes]
    return result


def _post(port: int, body: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/v1/orders/import", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status not in {200, 400}:
        raise RuntimeError(told)
    connection.close()


def _held(pid: int) -> float:
    """MB in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
