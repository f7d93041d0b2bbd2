"""The whole report of `python -m bench`, and again from its file: python -m bench.report FILE."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from . import tables
from ._markdown import described

# The parts beside the contest. Each module has a `report`, and is imported where it has a result: `kernels` needs an
# engine, and what cannot run must not keep the others from being shown.
SECTIONS = {
    "kernels": "The engine's parts, one thread",
    "start": "Start and installation",
    "memory": "Tables on disk",
    "growth": "Growth",
}


def report(result: dict[str, Any], picture: str | None = None) -> str:
    """All that was measured, with a link to growth's picture where there is one."""
    lines = ["# The bench", f"`{result['command']}`", result["date"]]
    about = {key: value for key, value in (result.get("machine") or {}).items() if key != "date"}
    lines += [described(about), described(result["versions"])]
    if "contest" in result:
        lines.append(tables.yardstick(result["contest"]))
    if result["failed"]:
        failures = [f"- {name}: {why}" for name, why in result["failed"].items()]
        lines += ["## Failed", "\n".join(failures)]
    if "contest" in result:
        lines.append(tables.report(result["contest"]))
    for name, title in SECTIONS.items():
        if name in result:
            written = import_module(f".{name}", __package__).report
            lines += [f"## {title}", written(result[name])]
    if picture and "growth" in result:
        lines.append(f"![Cost over rows, columns, width, layers and threads]({picture})")
    return "\n\n".join(line for line in lines if line)


def headline(result: dict[str, Any]) -> str:
    """The contest's training steps, which a reader wants to see first or last."""
    if "contest" not in result:
        return ""
    contest = result["contest"]
    figures = tables.Figures(contest["figures"])
    threads = figures.threads[0]
    title = f"## In short: {threads} thread{'s' * (threads > 1)}, {contest['dtype']}"
    return f"{title}\n\n{tables.measure_table(figures, threads, 'step', contest['dtype'])}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--picture", help="the link to growth's picture, as it will stand in the report")
    args = parser.parse_args()
    print(report(json.loads(args.file.read_text()), args.picture))


if __name__ == "__main__":
    main()
