"""A flow in the units of its columns: the engine's flow behind the columns' scaling.

Everything that turns rows of a user's array into numbers of the engine, and back, is here. Rows are gathered into
panels (16 rows at a time, feature after feature) and scaled by the engine's own threads, where they are about to
work on them, so that neither a memory map nor an array of another dtype is ever copied whole.

The density of the columns is that of the scaled ones times the scaling's Jacobian,

    log p(x) = log p_engine((x - loc) / scale) - sum_j log scale_j,

added in float64 whatever the flow's own precision. Where columns are linked before, or mapped to normal scores after
it, the logarithms of those maps' slopes come to it, row by row.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np import _weights
from nflows_np._devices import engine_of
from nflows_np._stream import PANEL_ROWS, BaseRows, CounterNormal, Noise, PanelStream, n_panels
from nflows_np._stream import StandardNormal as StandardNormalRows
from nflows_np.columns import ColumnScaler, Gather, Scatter
from nflows_np.specs import Flow, StandardNormal
from nflows_np.specs._draws import Draw

# Rows that the engine is given at once when a whole array is scored, transformed or sampled: enough to keep threads
# at work, and few enough for Ctrl-C to be answered.
BLOCK_ROWS = 16384


# The same for a device, which has work of its own at the beginning of a block.
DEVICE_BLOCK_ROWS = 1 << 18


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
    device : {"cpu", "cuda"}, default="cpu"
        Where to compute.

    Attributes
    ----------
    flow : Flow32 or Flow64
        The engine's flow at these parameters, which training changes in place.
    """

    def __init__(
        self,
        spec: Flow,
        scaler: ColumnScaler,
        dtype: np.dtype[Any],
        parameters: NDArray[Any] | None = None,
        device: str = "cpu",
    ) -> None:
        self.spec = spec
        self.device = device
        self.dtype = np.dtype(dtype)
        self.scaler = scaler
        engine = engine_of(device)
        make = engine.Flow32 if self.dtype == np.float32 else engine.Flow64
        self.flow = make(spec.to_dict(), len(scaler.loc))
        if parameters is not None:
            self.flow.set_params(parameters)

    def at(self, parameters: NDArray[Any]) -> FlowModel:
        """The same model at other parameters, which are copied."""
        other = copy.copy(self)
        other.flow = self.flow.at(parameters)
        return other

    def trainer(self, **options: Any) -> Any:
        """The engine's trainer of the parameters."""
        return self.flow.trainer(**options)

    @property
    def block_rows(self) -> int:
        """The rows that the engine is given at once."""
        return BLOCK_ROWS if self.device == "cpu" else DEVICE_BLOCK_ROWS

    @property
    def n_features(self) -> int:
        """The number of columns."""
        return self.scaler.n_features

    def rows(self, X: NDArray[Any], rows: NDArray[np.int64] | slice) -> Gather:
        """Rows of ``X``, scaled, for the engine to read."""
        return self.scaler.gather(X, rows, self.dtype)

    def log_prob(
        self, X: NDArray[Any], rows: NDArray[np.int64] | None = None, n_threads: int = 1
    ) -> NDArray[np.float64]:
        """Log-density of ``X``, or of some of its rows, in nats and in the units of the columns.

        Rows however far out get a finite, if hopeless, log-density: the engine holds values at 1e15 (float32) or
        1e100 (float64) standard deviations.
        """
        n = len(X) if rows is None else len(rows)
        out = np.empty(n, dtype=np.float64)
        for part in blocks(n, self.block_rows):
            of_maps = np.zeros(part.stop - part.start)
            chosen = self.scaler.gather(X, part if rows is None else rows[part], self.dtype, of_maps)
            out[part] = self.flow.log_prob(chosen, len(of_maps), n_threads=n_threads) + of_maps
        out += self.scaler.log_jacobian
        return out

    def mean_log_jacobian(
        self, X: NDArray[Any], rows: NDArray[np.int64], sample_weight: NDArray[np.float64] | None
    ) -> float:
        """The mean over some rows, of some weights, of what scaling and maps add to their log-densities."""
        if self.scaler.marginals is None and self.scaler.links is None:
            return self.scaler.log_jacobian
        of_maps = np.zeros(len(rows))
        room = np.empty((n_panels(BLOCK_ROWS), self.n_features, PANEL_ROWS), self.dtype)
        for part in blocks(len(rows)):
            stream = self.scaler.gather(X, rows[part], self.dtype, of_maps[part])
            stream.move(room[: stream.shape[0]])
        return self.scaler.log_jacobian + _weights.mean(of_maps, sample_weight)

    def transform(self, X: NDArray[Any], n_threads: int = 1) -> NDArray[np.float64]:
        """Rows to latent rows, ``(n, n_features)`` each."""
        out = np.empty((len(X), self.n_features), dtype=np.float64)
        for part in blocks(len(X), self.block_rows):
            latent = Scatter(out[part], *self._unscaled(), self.dtype)
            self.flow.forward(self.rows(X, part), part.stop - part.start, n_threads=n_threads, out=latent)
        return out

    def inverse_transform(self, Z: NDArray[Any], n_threads: int = 1) -> NDArray[np.float64]:
        """Latent rows to rows, ``(n, n_features)`` each."""
        out = np.empty((len(Z), self.n_features), dtype=np.float64)
        for part in blocks(len(Z), self.block_rows):
            latent = Gather(Z, part, *self._unscaled(), self.dtype)
            self._to_rows(latent, out[part], n_threads)
        return out

    def sample(
        self, n: int, random_state: np.random.RandomState, n_threads: int = 1, noise: str = "numpy"
    ) -> NDArray[np.float64]:
        """``n`` new rows; the first rows of a longer sample are the shorter one."""
        out = np.empty((n, self.n_features), dtype=np.float64)
        if noise == "counter":
            key = int(random_state.randint(0, 2**64, dtype=np.uint64))
            for part in blocks(n, self.block_rows):
                rows = part.stop - part.start
                latents = CounterNormal(key, part.start, rows, self.n_features, self.dtype)
                self._to_rows(latents, out[part], n_threads)
            return out
        draws = self._draws()
        for part in blocks(n, self.block_rows):
            with self._noise(random_state, part.stop - part.start, draws) as latent:
                self._to_rows(latent, out[part], n_threads)
        return out

    def of_base(self, parameters: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The base's blocks of a vector of the flow's parameters, by name: views."""
        return {
            name.removeprefix("base."): parameters[offset : offset + size]
            for name, offset, size, _ in self.flow.layout()
            if name.startswith("base.")
        }

    def _draws(self) -> list[Draw]:
        """How latent rows are drawn, at the parameters that the base has now."""
        return self.spec._base.draws(np.arange(self.n_features), self.of_base(self.flow.get_params()))

    def _noise(self, random_state: np.random.RandomState, n: int, draws: list[Draw]) -> Noise:
        """Latent rows as a stream; the standard normal's, in the engine's own precision, is the fastest."""
        if isinstance(self.spec.base, StandardNormal):
            return StandardNormalRows(random_state, n, self.n_features, self.dtype)
        return BaseRows(random_state, n, self.n_features, self.dtype, draws)

    def _to_rows(self, latent: PanelStream, out: NDArray[np.float64], n_threads: int) -> None:
        rows = self.scaler.scatter(out, self.dtype)
        self.flow.inverse(latent, len(out), n_threads=n_threads, out=rows)

    def _unscaled(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The scaling of latent rows: none."""
        return np.zeros(self.n_features), np.ones(self.n_features)
