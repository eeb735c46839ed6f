"""The table of the last big storm in tests/README.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- scoreboard -->", "<!-- end of scoreboard -->"


def table(result: dict[str, Any]) -> str:
    kills = ", ".join(f"{count} {name}" for name, count in sorted(result["kills"].items()))
    rows = [
        ("killed", f"{sum(result['kills'].values())} ({kills}), seed {result['seed']}, {result['seconds']} s"),
        *(
            (label, f"{part['orders']:,}: {part['lost']} lost, {part['doubled']} doubled")
            for label, part in (
                ("orders of the shops", result["shops"]),
                ("live calls answered for", result["live"]),
                ("rows of bulk imports answered for", result["bulk"]),
            )
        ),
        ("invariants", f"{result['invariants']}, {len(result['invariants_broken'])} broken"),
        ("came to rest", "yes" if result["settled"] else "no"),
    ]
    return "\n".join(["| what | found |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def write(result: dict[str, Any], readme: Path = README) -> None:
    text = readme.read_text()
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    readme.write_text(f"{before}{BEGIN}\n{table(result)}\n{END}{after}")
