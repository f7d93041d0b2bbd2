"""Can the default be trusted? `FlowDensity()` on a grid of generated tables whose truth is known.

Each cell is a kind of table and a number of rows and of columns: three tables of them, one where there are 1,000 rows
and 30 columns or more. Each is scored on 10,000 fresh rows against the best of three Gaussians: Ledoit and Wolf's on
z-scored columns, independent normals and, from five rows a column on, the sample covariance. A cell misses where the
mean of the paired differences is below -max(0.1, 0.01 D) nats, two standard errors aside; and where the table is not
Gaussian, if it is stuck: less than half of the way from the Gaussian with the population's moments to the truth at
1,000 rows, nine tenths at 4,000. What was found of a cell is the mean over its tables.

One JSON line a table; tables that are in the file already are not fitted again.

    python -m bench.trust --size cells|tenth|all --out trust.jsonl [--report] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from sklearn.covariance import LedoitWolf

from nflows_np import FlowDensity

from ._kinds import FRESH, KINDS, Array, normal
from ._markdown import described, markdown
from ._report import machine

ROWS = (12, 20, 35, 49, 50, 75, 99, 100, 150, 300, 1000, 4000)
COLUMNS = (1, 2, 5, 10, 30, 100)
STUCK = {1000: 0.5, 4000: 0.9}


@dataclass(frozen=True)
class Cell:
    kind: str
    n: int
    d: int
    seed: int


def cells(size: str) -> Iterator[Cell]:
    """All cells of the grid; "tenth" takes a Latin square of them, "cells" a handful that takes two minutes."""
    number = 0
    for k, (kind, (least, _)) in enumerate(KINDS.items()):
        for i, n in enumerate(ROWS):
            for j, d in enumerate(COLUMNS):
                if d < least:
                    continue
                number += 1
                if size == "tenth" and (i + 5 * j + 3 * k) % 10:
                    continue
                if size == "cells" and (n > 1000 or d > 10 or (i + 5 * j + 3 * k) % 25):
                    continue
                seeds = 3 if size == "all" and not (n >= 1000 and d >= 30) else 1
                for seed in range(seeds):
                    yield Cell(kind, n, d, seed)


def references(X: Array, Y: Array) -> dict[str, Array]:
    """Log-densities of fresh rows by the Gaussians that a user has without a flow."""
    n, d = X.shape
    mean, scale = X.mean(axis=0), X.std(axis=0)
    jacobian = -np.log(scale).sum()
    Z, W = (X - mean) / scale, (Y - mean) / scale
    found = {
        "Ledoit-Wolf": normal(np.zeros(d), LedoitWolf().fit(Z).covariance_)(W) + jacobian,
        "independent": stats.norm.logpdf(W).sum(axis=1) + jacobian,
    }
    if n >= 5 * d:
        try:
            found["sample covariance"] = (
                normal(np.zeros(d), np.cov(Z.T, bias=True).reshape(d, d))(W) + jacobian
            )
        except np.linalg.LinAlgError:
            pass
    return found


def run(cell: Cell, **params: Any) -> dict[str, Any]:
    """Fit one cell and score it."""
    kind = KINDS[cell.kind][1](cell.d)
    rng = np.random.default_rng([cell.seed, cell.n, cell.d, list(KINDS).index(cell.kind)])
    unit, shift = 10 ** rng.uniform(-3, 3, cell.d), rng.standard_normal(cell.d)
    X, Y = kind.draw(rng, cell.n), kind.draw(rng, FRESH)
    jacobian = -np.log(unit).sum()
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = FlowDensity(**{"random_state": cell.seed, **params}).fit((X + shift) * unit)
    seconds = time.perf_counter() - began
    ours = model.score_samples((Y + shift) * unit) - jacobian
    truth, moments = kind.log_prob(Y), normal(kind.mean, kind.covariance + 1e-15 * np.eye(cell.d))(Y)
    of = references(X, Y)
    best = max(of, key=lambda name: of[name].mean())
    gain = ours - of[best]
    way = None if kind.gaussian else float((ours - moments).mean() / (truth - moments).mean())
    return {
        **vars(cell), "reference": best, "gain": float(gain.mean()), "error": float(gain.std() / math.sqrt(FRESH)),
        "way": way,
        "to truth": float((ours - truth).mean()), "median": float(np.median(ours - truth)),
        "far below": float(np.mean(gain < -50)), "seconds": round(seconds, 2), "layers": model.n_layers_,
        "epochs": model.n_iter_, "best epoch": model.best_epoch_, "converged": model.converged_,
        "warnings": sorted({w.category.__name__ for w in caught}),
    }  # fmt: skip


def over_seeds(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells, each the mean of its tables."""
    by_cell: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for found in lines:
        by_cell.setdefault((found["kind"], found["n"], found["d"]), []).append(found)
    means = []
    for (kind, n, d), of in by_cell.items():
        error = math.sqrt(sum(found["error"] ** 2 for found in of)) / len(of)
        means.append({
            "kind": kind, "n": n, "d": d, "gain": _mean(of, "gain"), "allowance": max(0.1, 0.01 * d) + 2 * error,
            "way": None if of[0]["way"] is None else _mean(of, "way"),
        })  # fmt: skip
    return means


def _mean(lines: list[dict[str, Any]], name: str) -> float:
    return sum(found[name] for found in lines) / len(lines)


def misses(cell: dict[str, Any]) -> list[str]:
    """What is wrong with a cell, in units of what is allowed."""
    wrong = []
    if cell["gain"] < -cell["allowance"]:
        wrong.append(
            f"below the Gaussian: {cell['gain']:.2f} nats, {-cell['gain'] / cell['allowance']:.1f} x"
        )
    if cell["way"] is not None and cell["way"] < STUCK.get(cell["n"], -math.inf):
        wrong.append(f"stuck: {cell['way']:.2f} of the way")
    return wrong


def page(lines: list[dict[str, Any]]) -> str:
    """What was found, by kinds and rows, and each cell that misses."""
    all_cells = over_seeds(lines)
    wrong = [(cell, why) for cell in all_cells if (why := misses(cell))]
    seconds = sum(found["seconds"] for found in lines)
    share = len(wrong) / max(1, len(all_cells))
    summary = f"{len(wrong)} of {len(all_cells)} cells miss ({share:.1%}); {seconds:,.0f} s of fitting."
    table = []
    for kind in KINDS:
        row = [kind]
        for n in ROWS:
            of = [cell for cell in all_cells if (cell["kind"], cell["n"]) == (kind, n)]
            bad = sum(bool(misses(cell)) for cell in of)
            row.append("" if not of else f"{bad}/{len(of)}" if bad else "0")
        table.append(row)
    parts = [summary, markdown(["misses, by rows", *map(str, ROWS)], table, 1)]
    if wrong:
        listed = [[cell["kind"], str(cell["n"]), str(cell["d"]), "; ".join(why)] for cell, why in wrong]
        parts.append(markdown(["kind", "rows", "columns", "what is wrong"], listed))
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=("cells", "tenth", "all"), default="tenth")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    parser.add_argument("--flow", default="auto", help="another flow than the default")
    parser.add_argument("--report", action="store_true", help="only say what the file holds")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="file to write the page to")
    arguments = parser.parse_args()
    lines = []
    if arguments.out.exists():
        lines = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    done = {(found["kind"], found["n"], found["d"], found["seed"]) for found in lines}
    for cell in () if arguments.report else cells(arguments.size):
        if cell.kind in arguments.kinds and tuple(vars(cell).values()) not in done:
            lines.append(run(cell, flow=arguments.flow))
            with arguments.out.open("a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
    text = page(lines)
    print(text)
    if arguments.markdown:
        title = f"# Trust\n\n{(__doc__ or '').strip()}\n\n{described(machine())}"
        arguments.markdown.write_text(f"{title}\n\n{text}\n")


if __name__ == "__main__":
    main()
