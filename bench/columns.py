"""Columns of several kinds: known densities, real tables, imputation, samples that a classifier cannot tell.

    python -m bench.columns known [--rows 1000 20000]
    python -m bench.columns real --data DIR [--tables shuttle ...]
    python -m bench.columns impute --data DIR

`known` prints the Kullback-Leibler divergence from generated tables of one kind each, and of all of them. `real`
compares held-out log-probabilities, with the same cells, with a mixture of Gaussians chosen on validation rows.
`impute` removes a fifth of the cells and compares the energy score of 20 draws with scikit-learn's imputers.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.mixture import GaussianMixture

from bench._cells import Cells, log_masses
from bench._columns_known import TABLES
from nflows_np import FlowDensity
from nflows_np.columns import Bounded, Integer, Kind, Ordinal, Positive, Real

Floats = NDArray[np.float64]

COMPONENTS = (1, 2, 4, 8, 16, 32)
MOST_TEST_ROWS = 2000


def known(rows: list[int]) -> None:
    """How far fits are from densities that are known."""
    for n in rows:
        for name, table in TABLES.items():
            rng = np.random.default_rng(0)
            X, test = table.draw(rng, n), table.draw(rng, 20_000)
            began = time.perf_counter()
            flow = FlowDensity(random_state=0, **table.options).fit(X)
            seconds = time.perf_counter() - began
            gap = table.log_density(test) - flow.score_samples(test)
            error = gap.std() / np.sqrt(len(gap))
            print(f"{name:26s} {n:6d} rows  KL {gap.mean():7.4f} ± {error:.4f}  {seconds:5.1f} s", flush=True)


def _declared(name: str, X: Floats) -> tuple[dict[int, Kind], dict[int, Any], dict[int, float]]:
    """What the columns of a table are, the steps of those that are counted, and the atoms of others."""
    d = X.shape[1]
    if name == "shuttle":
        return dict.fromkeys(range(d), Integer()), dict.fromkeys(range(d), 1.0), {}
    if name == "higgs":
        tags = {j: "values" for j in (8, 12, 16, 20)}
        kinds: dict[int, Kind] = {j: Ordinal(np.unique(X[:, j])) for j in tags}
        kinds |= {j: Positive() for j in (0, 3, 5, 9, 13, 17, *range(21, 28))}
        return kinds, tags, {}
    if name == "thyroid":
        return {j: Ordinal(np.unique(X[:, j])) for j in range(d)}, dict.fromkeys(range(d), "values"), {}
    if name == "mammography":
        lows = {j: float(X[:, j].min()) for j in range(d)}
        return {j: Bounded(low, atoms="low") for j, low in lows.items()}, {}, lows
    if name == "wine_red":
        steps: dict[int, Any] = dict(enumerate((0.1, 0.005, 0.01, 0.05, 0.001, 0.5, 0.5, 1e-5, 0.01, 0.01)))
        kinds = {j: Bounded(0, None, rounded=step) for j, step in steps.items()}
        return kinds | {10: Ordinal(np.unique(X[:, 10]))}, steps | {10: "values"}, {}
    if name == "concrete":
        kinds = {j: Bounded(0, None, atoms="low") for j in (1, 2, 4)}
        return (
            kinds | {j: Positive() for j in (0, 3, 5, 6)} | {7: Integer(1)},
            {7: 1.0},
            {1: 0.0, 2: 0.0, 4: 0.0},
        )
    return dict.fromkeys(range(d), Real()), {}, {}


def _mixture(train: Floats, validation: Floats, cells: Cells) -> tuple[GaussianMixture, Any]:
    """The mixture that validation rows' cells speak for, on standardised columns, and their scaling."""
    rng = np.random.default_rng(1)
    blurred = cells.spread_out(train, rng)
    best: tuple[float, Any] = (-np.inf, None)
    for covariance in ("diag", "full"):
        for k in COMPONENTS:
            mixture = GaussianMixture(
                k, covariance_type=covariance, reg_covar=1e-9, n_init=1, random_state=0, max_iter=300
            )
            scale = blurred.std(axis=0)
            mixture.fit((blurred - blurred.mean(axis=0)) / scale)
            _unscale(mixture, blurred.mean(axis=0), scale)
            score = float(log_masses(mixture, cells, validation).mean())
            if score > best[0]:
                best = score, mixture
    return best[1], best[0]


def _unscale(mixture: GaussianMixture, mean: Floats, scale: Floats) -> None:
    """The same mixture in the columns' own units."""
    mixture.means_ = mixture.means_ * scale + mean
    if mixture.covariance_type == "diag":
        mixture.covariances_ = mixture.covariances_ * scale**2
        mixture.precisions_cholesky_ = 1 / np.sqrt(mixture.covariances_)
    else:
        mixture.covariances_ = mixture.covariances_ * np.outer(scale, scale)
        mixture.precisions_cholesky_ = np.stack(
            [np.linalg.inv(np.linalg.cholesky(c)).T for c in mixture.covariances_]
        )


def real(folder: Path, names: list[str]) -> None:
    """Held-out log-probabilities of the same cells."""
    for name in names:
        with np.load(folder / f"{name}.npz") as file:
            X = file["X"].astype(np.float64)
        X = X[np.random.default_rng(0).permutation(len(X))]
        kinds, steps, atoms = _declared(name, X)
        n = int(0.9 * len(X))
        train, test = X[:n], X[n:][:MOST_TEST_ROWS]
        cells = Cells(X, steps, atoms)
        began = time.perf_counter()
        flow = FlowDensity(columns=kinds, random_state=0).fit(train)
        ours, seconds = flow.score_samples(test), time.perf_counter() - began
        part = len(train) // 10
        began = time.perf_counter()
        mixture, _ = _mixture(train[part:], train[:part][:MOST_TEST_ROWS], cells)
        theirs = log_masses(mixture, cells, test)
        gain = ours - theirs
        error = gain.std() / np.sqrt(len(gain))
        print(
            f"{name:12s} flow {ours.mean():9.3f} ({seconds:.0f} s), mixture of {mixture.n_components} "
            f"{mixture.covariance_type} {theirs.mean():9.3f} ({time.perf_counter() - began:.0f} s), gain "
            f"{gain.mean():.3f} ± {error:.3f}, median {np.median(gain):.3f}",
            flush=True,
        )


def energy_score(truth: Floats, draws: Floats) -> Floats:
    """Of each row: how far draws are from the truth, less half of how far they are from each other (Gneiting and
    Raftery)."""
    away = np.linalg.norm(draws - truth, axis=-1).mean(axis=0)
    apart = np.mean([np.linalg.norm(draws - draw, axis=-1).mean(axis=0) for draw in draws], axis=0)
    return away - 0.5 * apart


def impute(folder: Path, n_draws: int = 20) -> None:
    """The energy score of draws of cells that were removed."""
    for name in ("power_plant", "wine_red"):
        with np.load(folder / f"{name}.npz") as file:
            X = np.column_stack([file["X"], file["y"]]) if name == "power_plant" else file["X"].astype(float)
        rng = np.random.default_rng(0)
        left_out = rng.random(X.shape) < 0.2
        given = np.where(left_out, np.nan, X)
        scale = X.std(axis=0)
        rows = left_out.any(axis=1)
        began = time.perf_counter()
        flow = FlowDensity(missing="observed", random_state=0).fit(given)
        fitted = time.perf_counter() - began
        draws = {"FlowDensity": np.stack(flow.impute(given, n_draws, random_state=0))}
        seconds = time.perf_counter() - began
        draws["IterativeImputer"] = np.stack(
            [
                IterativeImputer(sample_posterior=True, random_state=i).fit_transform(given)
                for i in range(n_draws)
            ]
        )
        draws["KNNImputer"] = KNNImputer().fit_transform(given)[None]
        scores = {k: energy_score((X / scale)[rows], d[:, rows] / scale) for k, d in draws.items()}
        own = scores["FlowDensity"]
        print(f"{name}: FlowDensity {own.mean():.4f} (fit {fitted:.0f} s, all {seconds:.0f} s)")
        for other in ("IterativeImputer", "KNNImputer"):
            gain = scores[other] - own
            error = gain.std() / np.sqrt(len(gain))
            print(
                f"    {other:17s} {scores[other].mean():.4f}, ours lower by {gain.mean():.4f} ± {error:.4f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.columns", description=__doc__)
    parser.add_argument("part", choices=["known", "real", "impute"])
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 20_000])
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--tables", nargs="+", default=["shuttle", "higgs", "thyroid", "mammography", "wine_red", "concrete"]
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.part == "known":
        known(args.rows)
    elif args.data is None:
        parser.error("--data DIR is needed")
    elif args.part == "real":
        real(args.data, args.tables)
    else:
        impute(args.data)


if __name__ == "__main__":
    main()
