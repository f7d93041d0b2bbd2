"""How much memory it takes to score, and to fit one epoch of, a table that lies on disk.

The table is a memory map of 10 million rows of 6 float32 columns (240 MB), written in chunks. Each job runs
in a process of its own; what counts is the peak above what the process held after its imports (and, to
score, after a fit of 1,000 rows). On Linux the peak is split: `anonymous` is what the process allocated, the
80 MB of float64 log-densities among it; `of the file` are pages of the map, which the system takes back when
it wants them. The two need not peak together.

    python -m bench.memory [--rows 10000000] [--threads 2] [--json FILE] [--quick]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ._markdown import described, table
from ._report import in_own_process, machine

N_COLUMNS, BATCH = 6, 4096
CHUNK_ROWS = 1 << 17
BAR_MB = 400
SAMPLE_SECONDS = 2e-3

STATUS = Path("/proc/self/status")
SPLIT = {"VmRSS": "MB", "RssAnon": "anonymous", "RssFile": "of the file"}


def write_table(file: Path, n_rows: int) -> None:
    rng = np.random.default_rng(0)
    X = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(n_rows, N_COLUMNS))
    mixing = np.eye(N_COLUMNS) + 0.3 * rng.standard_normal((N_COLUMNS, N_COLUMNS))
    for start in range(0, n_rows, CHUNK_ROWS):
        part = X[start : start + CHUNK_ROWS]
        part[:] = rng.standard_normal(part.shape) @ mixing
    X.flush()


class Peak:
    """The peak of a block's memory above what was held when it began, in MB.

    ``VmRSS`` is the system's own high-water mark. The kinds of pages have none and are sampled by a
    thread, so that a moment shorter than some milliseconds may be missed. Elsewhere than on Linux there is
    the high-water mark of the whole process alone.
    """

    def __enter__(self) -> Peak:
        self._before = self._now()
        self._peak = dict(self._before)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._peak["VmRSS"] = high_water_mark()

    @property
    def above(self) -> dict[str, float]:
        return {SPLIT[key]: (self._peak[key] - self._before[key]) / 1e6 for key in self._before}

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self._peak = {key: max(self._peak[key], now) for key, now in self._now().items()}

    @staticmethod
    def _now() -> dict[str, int]:
        return status(*SPLIT) if STATUS.exists() else {"VmRSS": high_water_mark()}


def status(*keys: str) -> dict[str, int]:
    """Fields of /proc/self/status in bytes."""
    fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return {key: 1024 * int(fields[key].split()[0]) for key in keys}


def high_water_mark() -> int:
    """The most bytes that this process ever held at once."""
    if STATUS.exists():
        return status("VmHWM")["VmHWM"]
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


def flow(threads: int) -> Any:
    from nflows_np import FlowDensity

    return FlowDensity(
        "maf", n_layers=5, hidden_units=(64, 64), activation="relu", batch_size=BATCH, max_iter=1, n_jobs=threads,
        random_state=0,
    )  # fmt: skip


def score(X: np.ndarray, threads: int) -> Callable[[], object]:
    model = flow(threads).fit(np.array(X[:1000]))
    return lambda: model.score_samples(X)


def fit(X: np.ndarray, threads: int) -> Callable[[], object]:
    model = flow(threads)
    return lambda: model.fit(X)


JOBS = {"score": score, "fit": fit}


def run(job: str, file: Path, threads: int) -> dict[str, Any]:
    X = np.load(file, mmap_mode="r")
    work = JOBS[job](X, threads)
    began = time.perf_counter()
    with Peak() as peak:
        work()
    return {"job": job, **peak.above, "seconds": time.perf_counter() - began}


def report(result: dict[str, Any]) -> str:
    megabytes = result["machine"]["rows"] * N_COLUMNS * 4 / 1e6
    jobs = result["memory"]
    title = f"Peak memory above the imports, MB (a table of {megabytes:.0f} MB)"
    verdict = f"To score: {jobs[0]['MB']:.0f} MB (below {BAR_MB} at 10 million rows)."
    return f"{table(title, jobs)}\n\n{verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows")
    parser.add_argument("--only", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(run(args.only, args.file, args.threads)))
        return

    n_rows = args.rows // 10 if args.quick else args.rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.npy"
        write_table(file, n_rows)
        shared = ["--file", str(file), "--threads", str(args.threads)]
        jobs = [in_own_process("bench.memory", "--only", job, *shared) for job in JOBS]
    result: dict[str, Any] = {
        "machine": machine() | {"rows": n_rows, "threads": args.threads},
        "memory": jobs,
    }
    print(described(result["machine"]) + "\n\n" + report(result))
    if args.json:
        args.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
