"""A flow in the units of its columns: the engine's flow behind the columns' scaling.

Everything that turns rows of a user's array into numbers of the engine, and back, is here: rows are gathered
into panels (16 rows at a time, feature after feature), scaled as they are gathered, and worked on a block at
a time, so that neither a memory map nor an array of another dtype is ever copied whole.

The density of the columns is that of the scaled ones times the scaling's Jacobian,

    log p(x) = log p_engine((x - loc) / scale) - sum_j log scale_j,

added in float64 whatever the flow's own precision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._engine import engine
from nflows_np._random import standard_normal_panels
from nflows_np.columns import LANES, ColumnScaler, gather, n_panels, scatter
from nflows_np.specs import Flow

# Rows of one block when a whole array is scored, transformed or sampled: some hundred panels for every
# thread, and a few megabytes at a hundred columns.
BLOCK_ROWS = 8192


def blocks(n_rows: int, size: int = BLOCK_ROWS) -> Iterator[slice]:
    """Slices of at most ``size`` rows that cover ``n_rows`` rows in order."""
    for start in range(0, n_rows, size):
        yield slice(start, min(start + size, n_rows))


class FlowModel:
    """The engine's flow with the scaling of its columns.

    Parameters
    ----------
    spec : Flow
        The flow, resolved: nothing random or symbolic is left in it.
    scaler : ColumnScaler
        The scaling of the columns.
    dtype : numpy.dtype
        float32 or float64: the precision of the engine's parameters and panels.
    parameters : ndarray of shape (n_parameters,), optional
        The flow's parameters, of that dtype. Without them the flow is as the engine makes it, and
        has to be started.

    Attributes
    ----------
    flow : Flow32 or Flow64
        The engine's object. It holds the parameters, and training changes them in place.
    """

    def __init__(
        self,
        spec: Flow,
        scaler: ColumnScaler,
        dtype: np.dtype[Any],
        parameters: NDArray[Any] | None = None,
    ) -> None:
        self.spec = spec
        self.dtype = np.dtype(dtype)
        self.scaler = scaler
        self.flow = engine_class("Flow", self.dtype)(spec.to_dict(), len(scaler.loc))
        if parameters is not None:
            self.flow.set_params(parameters)

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return len(self.scaler.loc)

    def buffer(self, n_rows: int) -> NDArray[Any]:
        """Room for the panels of ``n_rows`` rows."""
        return np.empty((n_panels(n_rows), self.n_features, LANES), dtype=self.dtype)

    def panels(
        self, X: NDArray[Any], rows: NDArray[np.int64] | slice, out: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Gather rows of ``X``, scaled, into panels: into the head of ``out`` where that is given."""
        n = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        target = self.buffer(n) if out is None else out[: n_panels(n)]
        gather(X, rows, self.scaler.loc, self.scaler.scale, target)
        return target

    def log_prob(
        self, X: NDArray[Any], rows: NDArray[np.int64] | None = None, n_threads: int = 1
    ) -> NDArray[np.float64]:
        """Log-density of ``X``, or of some of its rows, in nats and in the units of the columns.

        Rows however far out get a finite, if hopeless, log-density: the engine holds values at 1e15 (float32) or
        1e100 (float64) standard deviations.
        """
        n = len(X) if rows is None else len(rows)
        out = np.empty(n, dtype=np.float64)
        room = self.buffer(min(n, BLOCK_ROWS))
        for part in blocks(n):
            panels = self.panels(X, part if rows is None else rows[part], room)
            out[part] = self.flow.log_prob(panels, part.stop - part.start, n_threads=n_threads)
        out += self.scaler.log_jacobian
        return out

    def transform(self, X: NDArray[Any], n_threads: int = 1) -> NDArray[np.float64]:
        """Rows to latent rows, ``(n, n_features)`` each."""
        out = np.empty((len(X), self.n_features), dtype=np.float64)
        zero, one = self._unscaled()
        for part in blocks(len(X)):
            n = part.stop - part.start
            latent, _ = self.flow.forward(self.panels(X, part), n, n_threads=n_threads)
            scatter(latent, n, zero, one, out[part])
        return out

    def inverse_transform(self, Z: NDArray[Any], n_threads: int = 1) -> NDArray[np.float64]:
        """Latent rows to rows, ``(n, n_features)`` each."""
        out = np.empty((len(Z), self.n_features), dtype=np.float64)
        zero, one = self._unscaled()
        for part in blocks(len(Z)):
            n = part.stop - part.start
            latent = self.buffer(n)
            gather(Z, part, zero, one, latent)
            panels, _ = self.flow.inverse(latent, n, n_threads=n_threads)
            scatter(panels, n, self.scaler.loc, self.scaler.scale, out[part])
        return out

    def sample(self, n: int, random_state: np.random.RandomState, n_threads: int = 1) -> NDArray[np.float64]:
        """``n`` new rows; the first rows of a longer sample are the shorter one."""
        out = np.empty((n, self.n_features), dtype=np.float64)
        for part in blocks(n):
            size = part.stop - part.start
            latent = standard_normal_panels(random_state, size, self.n_features, self.dtype)
            panels, _ = self.flow.inverse(latent, size, n_threads=n_threads)
            scatter(panels, size, self.scaler.loc, self.scaler.scale, out[part])
        return out

    def _unscaled(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The scaling of latent rows: none."""
        return np.zeros(self.n_features), np.ones(self.n_features)


def engine_class(kind: str, dtype: np.dtype[Any]) -> Any:
    """The engine's ``Flow`` or ``Trainer`` for a dtype."""
    return getattr(engine, f"{kind}{8 * np.dtype(dtype).itemsize}")
