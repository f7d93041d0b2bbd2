"""The main job: one real table, one density, and what else scikit-learn has for it, side by side.

The table is ten measurements of cell nuclei (means over an image) from scikit-learn's breast cancer set: 569 rows
of skewed columns with strong, curved dependences.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from nflows_np import FlowDensity
from nflows_np.columns import Real

PICTURE = "nflows_np.png"

Scorer = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def run(seed: int = 0) -> None:
    """Fit, compare, sample, draw."""
    cancer = load_breast_cancer()
    names = [str(name) for name in cancer.feature_names[:10]]
    rest, test = train_test_split(cancer.data[:, :10], test_size=0.2, random_state=seed)
    train, validation = train_test_split(rest, test_size=0.2, random_state=seed)
    print(f"breast cancer: {len(train)} rows to train on, {len(validation)} to validate, {len(test)} to test")
    print(f"{len(names)} columns: {', '.join(names)}\n")

    began = time.perf_counter()
    numbers = Real()  # the few zeros of two columns too, as the other densities have it
    flow = FlowDensity(columns=numbers, random_state=seed, verbose=1).fit(train, X_val=validation)
    seconds = time.perf_counter() - began
    print(f"\nFlowDensity: {flow.n_parameters_:,} parameters, {flow.n_iter_} epochs in {seconds:.1f} s\n")

    print("mean log-likelihood of the test rows, nats per row, +- two standard errors")
    _report("FlowDensity, defaults", "", flow.score_samples, seconds, test)
    for name, candidates in _rivals(train, seed).items():
        began = time.perf_counter()
        setting, scorer = max(candidates(), key=lambda candidate: float(np.mean(candidate[1](validation))))
        _report(name, setting, scorer, time.perf_counter() - began, test)

    began = time.perf_counter()
    samples = flow.sample(10_000, random_state=seed)
    print(f"\n10,000 samples in {time.perf_counter() - began:.3f} s; the first five:")
    _print_rows(names, samples[:5])
    _draw(flow, test, names)


def _report(name: str, setting: str, scorer: Scorer, seconds: float, test: NDArray[np.float64]) -> None:
    log_density = scorer(test)
    error = 2 * log_density.std() / np.sqrt(len(log_density))
    print(f"  {name:22s} {log_density.mean():7.2f} +- {error:.2f}   {seconds:5.1f} s   {setting}")


def _rivals(train: NDArray[np.float64], seed: int) -> dict[str, Callable[[], list[tuple[str, Scorer]]]]:
    """Name -> candidates (setting, log-density), on standardised columns; the scaler's Jacobian is counted."""
    scaler = StandardScaler().fit(train)
    log_jacobian = -float(np.sum(np.log(scaler.scale_)))

    def fitted(estimator: Any) -> Scorer:
        estimator.fit(scaler.transform(train))
        return lambda X: estimator.score_samples(scaler.transform(X)) + log_jacobian

    def mixtures() -> list[tuple[str, Scorer]]:
        grid = product((2, 3, 5, 8, 12, 20), ("full", "diag"), (1e-6, 1e-3))
        return [
            (
                f"{k} components, {kind}",
                fitted(GaussianMixture(k, covariance_type=kind, reg_covar=reg, random_state=seed)),
            )
            for k, kind, reg in grid
        ]

    def kernels() -> list[tuple[str, Scorer]]:
        return [
            (f"bandwidth {width:.2f}", fitted(KernelDensity(bandwidth=width)))
            for width in np.geomspace(0.05, 1, 20)
        ]

    return {
        "Gaussian": lambda: [("", fitted(GaussianMixture(1)))],
        "GaussianMixture, tuned": mixtures,
        "KernelDensity, tuned": kernels,
    }


def _print_rows(names: Sequence[str], rows: NDArray[np.float64]) -> None:
    short = [name.removeprefix("mean ") for name in names]
    widths = [max(len(name), 9) for name in short]
    print("  " + "  ".join(name.rjust(width) for name, width in zip(short, widths, strict=True)))
    for row in rows:
        print("  " + "  ".join(f"{value:{width}.4g}" for value, width in zip(row, widths, strict=True)))


def _draw(flow: FlowDensity, X: NDArray[np.float64], names: Sequence[str]) -> None:
    if find_spec("matplotlib") is None:
        print("\nno picture: matplotlib is not installed (python -m pip install 'nflows_np[plot]')")
        return
    from nflows_np.plotting import plot_density

    plot_density(flow, X, names=names, random_state=0).savefig(PICTURE, dpi=90)
    print(f"\npicture of the test rows and of samples: {PICTURE}")
