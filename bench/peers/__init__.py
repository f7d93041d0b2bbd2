"""The contestants: one file each, all behind one small interface.

A module of this package holds one library's recipe for the flows of `bench.configs`, through the library's public names
and at its best: the fastest way that its users have. `build` makes a contestant from a configuration.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..configs import Config

OURS = "nflows_np"
PEERS = ("nflows", "normflows", "zuko", "flowjax")  # whose best is what nflows_np is held to
COMPILED = "zuko_compiled"
SCORERS = ("gaussian_mixture", "kernel_density")  # densities of scikit-learn: scoring only, once for each D
YARDSTICK = "matmul"
# Peers whose splines hang on residual networks alone, or that have none of the kind.
WITHOUT_SPLINES = {"nsf": ("normflows",), "nsf_ar": ("normflows",)}
ALL = (OURS, *PEERS, COMPILED, *SCORERS, YARDSTICK)

MODULES = {  # where a contestant's module has another name than the contestant
    OURS: "ours",
    "gaussian_mixture": "scikit_learn",
    "kernel_density": "scikit_learn",
}
DISTRIBUTIONS = (
    "nflows_np", "numpy", "scipy", "scikit-learn", "torch", "nflows", "normflows", "zuko", "flowjax", "jax", "optax",
)  # fmt: skip


class Contestant(Protocol):
    """A flow under measurement. Every call has finished its work when it returns.

    Attributes
    ----------
    n_params : int
        Trained numbers, which must be `expected_params`.
    measures : tuple of str
        What it can be asked for.
    compiles : bool
        Whether first calls compile, and say nothing about later ones.
    """

    n_params: int
    expected_params: int
    measures: tuple[str, ...]
    compiles: bool

    def batch(self, X: NDArray[np.float64]) -> Any:
        """The rows of a training step as the library holds them."""

    def table(self, X: NDArray[np.float64]) -> Any:
        """The rows of a data set as the library's users hold them."""

    def step(self, rows: Any) -> None:
        """One training step on all of a batch: forward, backward, Adam."""

    def epoch(self, rows: Any, batch: int) -> float:
        """Seconds that an epoch takes: shuffled, in batches."""

    def score(self, rows: Any) -> Any:
        """The log-density of every row of a table."""

    def fit(self, rows: Any, batch: int) -> None:
        """One epoch, and all that comes before and after it."""

    def chunked_score(self, rows: Any) -> Any:
        """The same by parts that fit a cache, for those whom that helps."""

    def sample(self, n: int) -> Any:
        """Fresh rows."""


FLOW_MEASURES = ("step", "epoch", "score", "sample", "fit")
CHUNK = 8192


def module(name: str) -> Any:
    """The module of contestant `name`, which imports its library."""
    return importlib.import_module(f"{__name__}.{MODULES.get(name, name)}")


def build(name: str, config: Config, threads: int, dtype: str) -> Contestant:
    """Contestant `name`, ready to be measured."""
    contestant: Contestant = module(name).build(name, config, threads, dtype)
    return contestant
