"""Two runs of `python -m bench --json FILE` side by side: every figure that both have, and the ratio of the times.

python -m bench.compare before.json after.json [--contestant nflows_np ...]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ._markdown import markdown
from .tables import shown

Place = tuple[Any, ...]


def figures(file: Path) -> dict[Place, dict[str, Any]]:
    """The contest's and growth's figures by threads, measure, configuration, contestant and precision."""
    keys = ("threads", "measure", "config", "contestant", "dtype")
    result = json.loads(file.read_text())
    parts = [result.get(name, {}) for name in ("contest", "growth")] + [result]  # or `bench.growth --json`
    found = [figure for part in parts for figure in part.get("figures", [])]
    return {tuple(f[key] for key in keys): f for f in found}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--contestant", nargs="+", help="all of them by default")
    args = parser.parse_args()
    before, after = figures(args.before), figures(args.after)
    rows = []
    for place in sorted(before.keys() & after.keys()):
        if args.contestant and place[3] not in args.contestant:
            continue
        a, b = before[place], after[place]
        times = a["seconds"] / a["rows"] / (b["seconds"] / b["rows"])
        rows.append([*map(str, place), shown(a), shown(b), f"{times:.2f}"])
    header = [
        "threads",
        "measure",
        "configuration",
        "contestant",
        "precision",
        args.before.stem,
        args.after.stem,
    ]
    print(markdown([*header, "times faster"], rows, left=5))
    left_out = len(before.keys() ^ after.keys())
    if left_out:
        print(f"\n{left_out} figures are in one file only.")


if __name__ == "__main__":
    main()
