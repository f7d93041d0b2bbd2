"""Can the default be trusted? `FlowDensity()` on a grid of generated tables whose truth is known.

Each cell is a kind of table, a number of rows and of columns, and a seed. It is scored on 10,000 fresh rows against the
best of three Gaussians: Ledoit and Wolf's on z-scored columns, independent normals and, from five rows a column on, the
sample covariance. A cell misses where the mean of the paired differences is below -max(0.1, 0.01 D) nats, two standard
errors aside; and where the table is not Gaussian, if it is stuck: less than half of the way from the Gaussian with the
population's moments to the truth at 1,000 rows, nine tenths at 4,000.

One JSON line a cell; cells that are in the file already are not run again.

    python -m bench.trust --size cells|tenth|all --out trust.jsonl [--report] [--markdown FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.covariance import LedoitWolf

from nflows_np import FlowDensity

from ._markdown import described, markdown
from ._report import machine

Array = NDArray[np.float64]

ROWS = (12, 20, 35, 49, 50, 75, 99, 100, 150, 300, 1000, 4000)
COLUMNS = (1, 2, 5, 10, 30, 100)
FRESH = 10_000
STUCK = {1000: 0.5, 4000: 0.9}


@dataclass(frozen=True)
class Kind:
    """A distribution: how rows are drawn, their log-density, and its moments."""

    draw: Callable[[np.random.Generator, int], Array]
    log_prob: Callable[[Array], Array]
    mean: Array
    covariance: Array
    gaussian: bool = False
    least_columns: int = 1


def _normal(mean: Array, covariance: Array) -> Callable[[Array], Array]:
    """The log-density of a normal, by a Cholesky factor in float64."""
    factor = np.linalg.cholesky(covariance)
    constant = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)

    def log_prob(X: Array) -> Array:
        z = np.linalg.solve(factor, (X - mean).T)
        return np.asarray(-0.5 * np.square(z).sum(axis=0) - constant)

    return log_prob


def _gaussian(covariance: Array) -> Kind:
    d = len(covariance)
    factor, mean = np.linalg.cholesky(covariance), np.zeros(d)
    return Kind(
        lambda rng, n: rng.standard_normal((n, d)) @ factor.T,
        _normal(mean, covariance), mean, covariance, gaussian=True,
    )  # fmt: skip


def _independent(d: int, column: Any, n_special: int) -> Kind:
    """Columns by themselves: the first `n_special` of a distribution of scipy's, the others standard normal."""
    of = [column] * n_special + [stats.norm()] * (d - n_special)

    def draw(rng: np.random.Generator, n: int) -> Array:
        return np.column_stack([c.rvs(size=n, random_state=rng) for c in of])

    def log_prob(X: Array) -> Array:
        return np.asarray(sum(c.logpdf(X[:, j]) for j, c in enumerate(of)))

    moments = np.array([c.stats("mv") for c in of], dtype=float)
    return Kind(draw, log_prob, moments[:, 0], np.diag(moments[:, 1]))


class _Pair:
    """An even mixture of two normals, with what is used here of a distribution of scipy's."""

    def __init__(self, apart: float, scale: float) -> None:
        self.apart, self.scale = apart, scale

    def rvs(self, size: int, random_state: np.random.Generator) -> Array:
        side = np.where(random_state.random(size) < 0.5, -0.5, 0.5) * self.apart
        return np.asarray(side + self.scale * random_state.standard_normal(size))

    def logpdf(self, x: Array) -> Array:
        each = [stats.norm.logpdf(x, s * self.apart / 2, self.scale) for s in (-1, 1)]
        return np.asarray(np.logaddexp(*each) - math.log(2))

    def stats(self, _: str) -> tuple[float, float]:
        return 0.0, self.scale**2 + self.apart**2 / 4


def _clusters(d: int, apart: float) -> Kind:
    """Two unit normals, `apart` standard deviations from each other along the diagonal."""
    half = np.full(d, 0.5 * apart / math.sqrt(d))

    def draw(rng: np.random.Generator, n: int) -> Array:
        side = np.where(rng.random(n) < 0.5, -1.0, 1.0)
        return np.asarray(rng.standard_normal((n, d)) + side[:, None] * half)

    def log_prob(X: Array) -> Array:
        each = [stats.norm.logpdf(X - s * half).sum(axis=1) for s in (-1, 1)]
        return np.asarray(np.logaddexp(*each) - math.log(2))

    return Kind(draw, log_prob, np.zeros(d), np.eye(d) + np.outer(half, half))


def _repeated(d: int) -> Kind:
    """A Gaussian whose rows are five times as many as are distinct, on average."""
    kind = _gaussian(_toeplitz(d))

    def draw(rng: np.random.Generator, n: int) -> Array:
        if n == FRESH:
            return kind.draw(rng, n)
        return kind.draw(rng, -(-n // 5))[rng.integers(0, -(-n // 5), n)]

    return Kind(draw, kind.log_prob, kind.mean, kind.covariance, gaussian=True)


def _toeplitz(d: int) -> Array:
    return np.asarray(0.7 ** np.abs(np.subtract.outer(np.arange(d), np.arange(d))))


def _collinear(d: int, eps: float) -> Kind:
    """The last column is the first and a little noise."""
    factor = np.eye(d)
    factor[-1, 0], factor[-1, -1] = 1.0, eps
    kind = _gaussian(np.eye(d))

    def log_prob(X: Array) -> Array:
        z = X.copy()
        z[:, -1] = (X[:, -1] - X[:, 0]) / eps
        return np.asarray(stats.norm.logpdf(z).sum(axis=1) - math.log(eps))

    return Kind(
        lambda rng, n: kind.draw(rng, n) @ factor.T, log_prob, np.zeros(d), factor @ factor.T, gaussian=True
    )


KINDS: dict[str, tuple[int, Callable[[int], Kind]]] = {
    "gaussian": (1, lambda d: _gaussian(_toeplitz(d))),
    "one bimodal": (2, lambda d: _independent(d, _Pair(4.0, 0.5), 1)),
    "all bimodal": (1, lambda d: _independent(d, _Pair(4.0, 0.5), d)),
    "uniform": (1, lambda d: _independent(d, stats.uniform(), d)),
    "exponential": (1, lambda d: _independent(d, stats.expon(), d)),
    "t3": (1, lambda d: _independent(d, stats.t(3), d)),
    "lognormal": (1, lambda d: _independent(d, stats.lognorm(1.0), d)),
    "repeated": (1, _repeated),
    **{f"collinear 1e-{k}": (2, lambda d, k=k: _collinear(d, 10.0**-k)) for k in range(2, 8)},
    **{f"clusters 1e{k}": (1, lambda d, k=k: _clusters(d, 10.0**k)) for k in range(1, 5)},
}


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
        "Ledoit-Wolf": _normal(np.zeros(d), LedoitWolf().fit(Z).covariance_)(W) + jacobian,
        "independent": stats.norm.logpdf(W).sum(axis=1) + jacobian,
    }
    if n >= 5 * d:
        try:
            found["sample covariance"] = (
                _normal(np.zeros(d), np.cov(Z.T, bias=True).reshape(d, d))(W) + jacobian
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
    truth, moments = kind.log_prob(Y), _normal(kind.mean, kind.covariance + 1e-15 * np.eye(cell.d))(Y)
    of = references(X, Y)
    best = max(of, key=lambda name: of[name].mean())
    gain = ours - of[best]
    allowance = max(0.1, 0.01 * cell.d) + 2 * gain.std() / math.sqrt(FRESH)
    way = None if kind.gaussian else float((ours - moments).mean() / (truth - moments).mean())
    return {
        **vars(cell), "reference": best, "gain": float(gain.mean()), "allowance": allowance, "way": way,
        "to truth": float((ours - truth).mean()), "median": float(np.median(ours - truth)),
        "far below": float(np.mean(gain < -50)), "seconds": round(seconds, 2), "layers": model.n_layers_,
        "epochs": model.n_iter_, "best epoch": model.best_epoch_, "converged": model.converged_,
        "warnings": sorted({w.category.__name__ for w in caught}),
    }  # fmt: skip


def misses(found: dict[str, Any]) -> list[str]:
    """What is wrong with a cell, in units of what is allowed."""
    wrong = []
    if found["gain"] < -found["allowance"]:
        wrong.append(
            f"below the Gaussian: {found['gain']:.2f} nats, {-found['gain'] / found['allowance']:.1f} x"
        )
    if found["way"] is not None and found["way"] < STUCK.get(found["n"], -math.inf):
        wrong.append(f"stuck: {found['way']:.2f} of the way")
    return wrong


def page(lines: list[dict[str, Any]]) -> str:
    """What was found, by kinds and rows, and each cell that misses."""
    wrong = [(found, found_wrong) for found in lines if (found_wrong := misses(found))]
    seconds = sum(found["seconds"] for found in lines)
    summary = f"{len(wrong)} of {len(lines)} cells miss ({len(wrong) / len(lines):.1%}); {seconds:,.0f} s of fitting."
    table = []
    for kind in KINDS:
        row = [kind]
        for n in ROWS:
            of = [found for found in lines if (found["kind"], found["n"]) == (kind, n)]
            bad = sum(bool(misses(found)) for found in of)
            row.append("" if not of else f"{bad}/{len(of)}" if bad else "0")
        table.append(row)
    header = ["misses, by rows", *map(str, ROWS)]
    listed = [
        [f["kind"], str(f["n"]), str(f["d"]), str(f["seed"]), f["reference"], "; ".join(why)]
        for f, why in wrong
    ]
    parts = [summary, markdown(header, table, 1)]
    if listed:
        parts.append(markdown(["kind", "rows", "columns", "seed", "best Gaussian", "what is wrong"], listed))
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
