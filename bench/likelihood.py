"""Is the default the best choice? `FlowDensity()` on real tables against everything else that gives a density.

Each cell is a table, a seed and an entry, fitted in a process of its own to 80 % of the rows; it chooses by 10 % and is
judged by the other 10 %. Five seeds up to 20,000 rows, two beyond. A fit ends by its own patience, or is stopped after
20 minutes and keeps the best so far (* behind its seconds). Nothing is tuned for a table. Integer and tied columns get
uniform noise of one step of their grid, the same for every entry; log-densities are those of the noisy table, in nats
and in the units of its columns.

    python -m bench.likelihood --data DIR --out FILE.jsonl [--report] [--markdown FILE]

One JSON line a cell; cells that are in the file already are not run again. The test rows' log-densities are in a folder
beside it, FILE.rows. Without --data, scikit-learn's tables alone. zuko's entries run where zuko can be imported, and
may be added to a file that another environment began. `bench._real` says which columns get noise, `bench._entries` what
each entry does, `bench._verdicts` what is asked of the default.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import _entries, _real
from ._entries import ENTRIES, ZUKO, Clock
from ._markdown import described
from ._real import BUNDLED, TABLES
from ._report import in_own_process, machine, versions
from ._verdicts import page

Found = dict[str, Any]


def rows_file(out: Path, found: Found) -> Path:
    """Where the log-densities of a cell's test rows are."""
    cap = f"-{found['max rows']}" if found["max rows"] else ""
    return out.with_suffix(".rows") / f"{found['table']}{cap}-{found['seed']}-{found['entry']}.npy"


def run(table: str, seed: int, entry: str, options: argparse.Namespace) -> Found:
    """Fit and judge one cell; the test rows' log-densities go to their file."""
    rows = _real.split(_real.load(table, options.data), seed, options.max_rows)
    clock = Clock(options.seconds)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = _entries.fit(entry, rows, seed, clock, options.threads)
    val, test = fitted.log_prob(rows.val), fitted.log_prob(rows.test)
    found = {
        "table": table, "seed": seed, "entry": entry, "max rows": options.max_rows,
        "rows": sum(map(len, (rows.train, rows.val, rows.test))), "columns": rows.test.shape[1], "noisy": rows.noisy,
        "validation": float(val.mean()), "mean": float(test.mean()), "median": float(np.median(test)),
        "min": float(test.min()), "seconds": round(clock.seconds, 2), "capped": clock.capped, "limit": clock.limit,
        "threads": options.threads, "warnings": sorted({w.category.__name__ for w in caught}), **fitted.about,
    }  # fmt: skip
    file = rows_file(options.out, found)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, test)
    return found


def cells(options: argparse.Namespace) -> Iterator[tuple[str, int, str]]:
    """All cells, the first seed of every table before the second of any."""
    seeds = {name: _real.n_seeds(len(_real.load(name, options.data))) for name in options.tables}
    for seed in range(min(options.seeds, max(seeds.values()))):
        for table in options.tables:
            for entry in options.entries if seed < seeds[table] else ():
                yield table, seed, entry


def measure(options: argparse.Namespace, done: list[Found]) -> Iterator[Found]:
    """Run what is not done yet."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    seen = {(found["table"], found["seed"], found["entry"], found["max rows"]) for found in done}
    passed_on = ["--out", str(options.out.resolve()), "--seconds", str(options.seconds), "--threads"]
    passed_on.append(str(options.threads))
    if options.data:
        passed_on += ["--data", str(options.data.resolve())]
    if options.max_rows:
        passed_on += ["--max-rows", str(options.max_rows)]
    for table, seed, entry in cells(options):
        if (table, seed, entry, options.max_rows) in seen:
            continue
        try:
            yield in_own_process("bench.likelihood", *passed_on, "--cell", table, str(seed), entry)
        except RuntimeError as error:
            yield {
                "table": table, "seed": seed, "entry": entry, "max rows": options.max_rows, "error": str(error),
            }  # fmt: skip


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of the tables' .npz files")
    parser.add_argument(
        "--out", type=Path, required=True, help="file of the cells, to begin or to go on with"
    )
    parser.add_argument("--tables", nargs="+", choices=TABLES, metavar="TABLE")
    parser.add_argument("--entries", nargs="+", choices=ENTRIES, metavar="ENTRY", help=", ".join(ENTRIES))
    parser.add_argument("--seeds", type=int, default=_real.SEEDS, help="at most so many")
    parser.add_argument("--max-rows", type=int, help="of a table, to try things out")
    parser.add_argument("--seconds", type=float, default=1200.0, help="a fit is stopped after so many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only say what the file holds")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="file to write the page to")
    parser.add_argument("--cell", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tables is None:
        options.tables = [name for name in TABLES if options.data or options.report or name in BUNDLED]
    return options


def main() -> None:
    options = parsed()
    if options.cell:
        table, seed, entry = options.cell
        print(json.dumps(run(table, int(seed), entry, options)))
        return
    if not options.report and importlib.util.find_spec("zuko") is None:
        print("zuko is not installed: its entries are left out.")
        options.entries = [entry for entry in options.entries or ENTRIES if entry not in ZUKO]
    options.entries = ENTRIES if options.entries is None else options.entries
    lines = (
        [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    )
    for found in () if options.report else measure(options, lines):
        lines.append(found)
        with options.out.open("a") as file:
            file.write(json.dumps(found) + "\n")
        said = found.get("error") or f"{found['mean']:.3f} nats, {found['seconds']:.1f} s"
        print(f"{found['table']}, seed {found['seed']}, {found['entry']}: {said}", flush=True)
    wanted = [
        found for found in lines if found["max rows"] == options.max_rows and found["table"] in options.tables
    ]
    text = page(wanted, lambda found: np.load(rows_file(options.out, found)))
    print(f"\n{text}")
    if options.markdown:
        about = described(machine() | versions("scikit-learn", "zuko", "torch"))
        if options.max_rows:
            about += (
                f"\n\nThis page: at most {options.max_rows:,} rows of a table; the tables below say how many seeds and "
                "threads, and after how many seconds a fit was stopped."
            )
        title = f"# Likelihoods of real tables\n\n{(__doc__ or '').strip()}\n\n{about}"
        options.markdown.write_text(f"{title}\n\n{text}\n")


if __name__ == "__main__":
    main()
