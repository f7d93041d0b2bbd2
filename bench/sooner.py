"""How soon is a fit good, and over? `FlowDensity()` beside the patience that was its default before.

Of each table a tenth of the rows is held out. The others are fitted twice, one fit after the other: by the default, a
course whose length follows from the table, and by patience, 20 epochs without progress, with the batches that went with
it. Reported are the best validation score and the mean log-likelihood of held-out rows, both in nats, and the seconds
until validation was within 0.02 nats of the best of the patient fit, and until `fit` returned. Columns of integers or
with many ties get uniform noise of one step of their grid (`bench/_real.py`).

    python -m bench.sooner --data DIR [--tables power htru2 ...] [--rows 60000] [--seeds 1] [--out sooner.jsonl]
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from nflows_np import FlowDensity, training

from ._markdown import described, markdown
from ._real import Array, load, split
from ._report import machine

TABLES = ("power", "shuttle", "htru2", "pendigits", "satellite")
WITHIN = 0.02


def patient(n_rows: int) -> dict[str, Any]:
    """The parameters of the former default."""
    return {"n_iter_no_change": 20, "batch_size": 128 if n_rows < 5_000 else 256 if n_rows < 50_000 else 512}


def fit(X: Array, held_out: Array, **params: Any) -> dict[str, Any]:
    """A fit, with the seconds and the validation score after each epoch."""
    curve: list[tuple[float, float]] = []
    original = training._Run._report

    def report(run: Any, loss: float, score: float, *args: Any) -> None:
        curve.append((time.perf_counter() - began, score))
        original(run, loss, score, *args)

    training._Run._report = report  # type: ignore[method-assign]
    began = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = FlowDensity(**params).fit(X)
    finally:
        training._Run._report = original  # type: ignore[method-assign]
    return {
        "seconds": time.perf_counter() - began, "epochs": model.n_iter_, "validation": model.best_validation_score_,
        "held out": model.score(held_out), "curve": curve,
    }  # fmt: skip


def until(found: dict[str, Any], score: float) -> float | None:
    """Seconds until validation reached a score; None where it did not."""
    return next((seconds for seconds, reached in found["curve"] if reached >= score), None)


def run(X: Array, seed: int, max_rows: int | None, n_jobs: int | None) -> dict[str, Any]:
    """Both fits of a table."""
    rows = split(X, seed, max_rows)
    learnt, params = np.concatenate([rows.train, rows.val]), {"random_state": seed, "n_jobs": n_jobs}
    return {
        "seed": seed, "n": len(learnt), "d": X.shape[1],
        "course": fit(learnt, rows.test, **params),
        "patience": fit(learnt, rows.test, **params, **patient(len(learnt))),
    }  # fmt: skip


def page(lines: list[dict[str, Any]]) -> str:
    """One row a pair of fits; each pair of figures is that of patience and that of the course."""
    rows = []
    for found in lines:
        before, now = found["patience"], found["course"]
        target = before["validation"] - WITHIN
        reached = [until(one, target) for one in (before, now)]
        rows.append([
            found["table"], f"{found['n']:,}", str(found["seed"]),
            *(f"{before[name]:.3f} → {now[name]:.3f}" for name in ("validation", "held out")),
            " → ".join("never" if seconds is None else f"{seconds:.1f}" for seconds in reached),
            f"{before['seconds']:.1f} → {now['seconds']:.1f}", f"{now['seconds'] / before['seconds']:.2f}",
            f"{before['epochs']} → {now['epochs']}",
        ])  # fmt: skip
    header = [
        "table",
        "rows",
        "seed",
        "validation",
        "held out",
        f"s to within {WITHIN}",
        "s to return",
        "ratio",
    ]
    return markdown([*header, "epochs"], rows, 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), metavar="TABLE")
    parser.add_argument("--rows", type=int, metavar="N", help="at most so many rows of each table")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="splits of each table")
    parser.add_argument("--jobs", type=int, metavar="N", help="threads")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="file to append a JSON line a pair of fits to"
    )
    arguments = parser.parse_args()
    lines = []
    for name in arguments.tables:
        if not (arguments.data / f"{name}.npz").exists():
            print(f"{name}: not in {arguments.data}")
            continue
        X = load(name, arguments.data)
        for seed in range(arguments.seeds):
            lines.append({"table": name, **run(X, seed, arguments.rows, arguments.jobs)})
            if arguments.out is not None:
                with arguments.out.open("a") as file:
                    file.write(json.dumps(lines[-1]) + "\n")
            print(page(lines[-1:]), flush=True)
    print(f"\n{described(machine())}\n\n{page(lines)}")


if __name__ == "__main__":
    main()
