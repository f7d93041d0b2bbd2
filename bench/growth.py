"""How cost grows: with rows, columns, width, layers and threads, of nflows_np and of two peers.

Masked autoregressive flows of five layers of (64, 64), float32, batches of 512, two threads where nothing else is
said. `fit` is FlowDensity's, one epoch with all that it does beside; that of the peers is the epoch alone. Ten
million rows are a memory map on disk, fitted in batches of 4096. flowjax has few points, because it compiles each.

    python -m bench.growth [--quick] [--json FILE] [--picture FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import peers
from ._curves import picture, report
from ._markdown import described
from ._report import ROOT
from .configs import Config
from .contest import Contest, Entry
from .memory import write_table

BATCH, SCORED = 512, 20_000
ON_DISK = 10_000_000
MOST_FITTED, MOST_SCORED = 100_000, 1_000_000  # rows of the peers
CONTESTANTS = (peers.OURS, "zuko", "flowjax")


@dataclass(frozen=True)
class Sweep:
    """Flows that differ in one number."""

    name: str
    measures: tuple[str, ...]
    configs: dict[int, Config]  # by that number
    few: tuple[int, ...]  # for contestants that compile

    def takes_part(self, entry: Entry, x: int, measure: str) -> bool:
        if measure not in self.measures:
            return False
        if entry.name == peers.OURS:
            return True
        most = {"fit": MOST_FITTED, "score": MOST_SCORED}.get(measure, x) if self.name == "rows" else x
        return x <= most and (entry.name != "flowjax" or x in self.few)


def flow(label: str, d: int, width: int = 64, batch: int = BATCH, **other: Any) -> Config:
    return Config("maf", d, (width, width), batch, label=label, **{"rows": SCORED, **other})


def sweeps(quick: bool, on_disk: Path) -> list[Sweep]:
    """The sweeps that peers take part in."""
    rows = [1000, 100_000] if quick else [1000, 10_000, 100_000, 1_000_000]
    columns = [4, 64] if quick else [2, 4, 8, 16, 32, 64, 128, 256]
    widths = [64, 256] if quick else [16, 32, 64, 128, 256, 512, 1024]
    layers = [2, 8] if quick else [1, 2, 4, 8, 16, 32]
    by_rows = {n: flow(f"rows {n}", 6, rows=n) for n in rows}
    if not quick:
        by_rows[ON_DISK] = flow(f"rows {ON_DISK}", 6, batch=4096, rows=ON_DISK, file=str(on_disk))
    return [
        Sweep("rows", ("fit", "score"), by_rows, few=(10_000, 100_000)),
        Sweep("columns", ("step", "score"), {d: flow(f"columns {d}", d) for d in columns}, few=(8, 64, 256)),
        Sweep("width", ("step",), {h: flow(f"width {h}", 16, h) for h in widths}, few=(64, 256, 1024)),
        Sweep("layers", ("step",), {n: flow(f"layers {n}", 8, layers=n) for n in layers}, few=(1, 8, 32)),
    ]


def threads_sweep(quick: bool) -> Sweep:
    batches = [64, 1024] if quick else [16, 64, 256, 1024, 4096]
    return Sweep(
        "batch", ("step", "score"), {b: flow(f"batch {b}", 8, batch=b, rows=b) for b in batches}, few=()
    )


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_counts() -> list[int]:
    """1, 2, 4, ... and all the cores."""
    return sorted({min(2**i, cores()) for i in range(cores().bit_length() + 1)})


def measured(sweeps_: list[Sweep], entries: list[Entry], threads: int, rounds: int) -> dict[str, Any]:
    """One contest over all points of some sweeps; every figure knows its sweep and its point."""
    places = {config.name: (sweep, x) for sweep in sweeps_ for x, config in sweep.configs.items()}

    def takes_part(entry: Entry, config: Config, measure: str, *, first: bool) -> bool:
        sweep, x = places[config.name]
        return sweep.takes_part(entry, x, measure)

    configs = [config for sweep in sweeps_ for config in sweep.configs.values()]
    contest = Contest(entries, configs, [threads], most_rounds=rounds, takes_part=takes_part)
    contest.run()
    for figure in contest.figures:
        sweep, x = places[figure["config"]]
        figure |= {"sweep": sweep.name, "x": x}
    return {**contest.about, "notes": contest.notes, "figures": contest.figures}


def run(quick: bool) -> dict[str, Any]:
    rounds = 2 if quick else 3
    names = [name for name in CONTESTANTS if not (quick and name == "flowjax")]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.npy"
        if not quick:
            write_table(file, ON_DISK)
        with_peers = measured(
            sweeps(quick, file), [Entry(name, "float32") for name in names], min(2, cores()), rounds
        )
    ours = [Entry(peers.OURS, "float32", threads=n) for n in thread_counts()]
    by_threads = measured([threads_sweep(quick)], ours, cores(), 2 * rounds)
    for key in ("notes", "figures"):
        with_peers[key] += by_threads[key]
    return with_peers


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--picture", type=Path, default=ROOT / "bench" / "growth.png")
    parser.add_argument("--quick", action="store_true", help="two points of each sweep, without flowjax")
    args = parser.parse_args()

    result = run(args.quick)
    print(described(result.get("machine", {})) + "\n\n" + report(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    if not any(figure["contestant"] == peers.OURS for figure in result["figures"]):
        sys.exit("; ".join(result["notes"]) or "nothing was measured")
    picture(result, args.picture)


if __name__ == "__main__":
    main()
