"""The door to the engines: flows at some parameters, and trainers.

Panels are arrays of shape (n_panels, n_columns, 16): row r of the data is lane r % 16 of panel r // 16, and
padding lanes are zero. Where Panels are taken, a stream of them will do. Gradients are those of the caller's
scalar L: dx is dL/dx.
"""

from typing import Any, Generic, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from nflows_np._stream import PanelStream

T = TypeVar("T", np.float32, np.float64)
Panels = NDArray[T] | PanelStream

class _Flow(Generic[T]):
    @property
    def n_features(self) -> int: ...
    @property
    def n_context(self) -> int: ...
    @property
    def n_params(self) -> int: ...
    def layout(self) -> list[tuple[str, int, int, bool]]: ...  # name, offset, size, decayed by AdamW?
    def get_params(self) -> NDArray[T]: ...
    def set_params(self, params: NDArray[T]) -> None: ...
    def at(self, params: NDArray[T]) -> Self: ...
    def trainer(
        self,
        *,
        learning_rate: float,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        alpha: float = 0.0,
        clip_ratio: float = 2.0,
        average_decay: float = 0.99,
        schedule: Literal["constant", "cosine"] = "constant",
        total_steps: int = 0,
        warm_up_steps: int = 0,
    ) -> _Trainer[T]: ...
    def start(self, seed: int) -> None: ...
    def start_from_data(
        self,
        x: NDArray[T],
        n: int,
        weights: NDArray[np.float64] | None = None,
        context: NDArray[T] | None = None,
    ) -> None: ...
    def log_prob(
        self, x: Panels[T], n: int, context: Panels[T] | None = None, n_threads: int = 1
    ) -> NDArray[np.float64]: ...
    def forward(
        self,
        x: Panels[T],
        n: int,
        context: Panels[T] | None = None,
        n_threads: int = 1,
        out: PanelStream | None = None,
    ) -> tuple[Any, NDArray[np.float64]]: ...  # z or `out`, log_det
    def inverse(
        self,
        z: Panels[T],
        n: int,
        context: Panels[T] | None = None,
        n_threads: int = 1,
        out: PanelStream | None = None,
    ) -> tuple[Any, NDArray[np.float64]]: ...  # x or `out`, log_det
    def forward_vjp(
        self, x: NDArray[T], n: int, dz: NDArray[T], dlog_det: NDArray[T], context: NDArray[T] | None = None
    ) -> tuple[NDArray[T], NDArray[T], NDArray[T] | None]: ...  # dx, dparams, dcontext
    def inverse_vjp(
        self, z: NDArray[T], n: int, dx: NDArray[T], dlog_det: NDArray[T], context: NDArray[T] | None = None
    ) -> tuple[NDArray[T], NDArray[T], NDArray[T] | None]: ...  # dz, dparams, dcontext
    def log_prob_vjp(
        self, x: NDArray[T], n: int, dlog_prob: NDArray[T], context: NDArray[T] | None = None
    ) -> tuple[NDArray[T], NDArray[T], NDArray[T] | None]: ...  # dx, dparams, dcontext

class Flow32(_Flow[np.float32]): ...
class Flow64(_Flow[np.float64]): ...

class _Trainer(Generic[T]):
    def run(
        self,
        x: Panels[T],
        n: int,
        batch_size: int,
        weights: NDArray[np.float64] | None = None,
        context: Panels[T] | None = None,
        n_threads: int = 1,
        order: NDArray[np.int64] | None = None,  # of the n rows, those to train on; all of them without it
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]: ...  # loss and "applied", one of each per step
    learning_rate: float
    @property
    def step(self) -> int: ...
    def get_average(self) -> NDArray[T]: ...
    def set_average(self, average: NDArray[T]) -> None: ...
    def get_state(self) -> dict[str, Any]: ...
    def set_state(self, state: dict[str, Any]) -> None: ...

class Trainer32(_Trainer[np.float32]): ...
class Trainer64(_Trainer[np.float64]): ...

class Engine:
    """What a module ``_engine_<isa>`` holds in its capsule ``engine``."""

    def __init__(self, capsule: Any) -> None: ...
    def device(self, capsule: Any) -> Engine: ...
    def check_usable(self) -> None: ...
    @property
    def isa(self) -> str: ...
    @property
    def compiler(self) -> str: ...
    def registry(self) -> dict[str, list[str]]: ...
    def Flow32(self, spec: dict[str, Any], n_features: int, n_context: int = 0) -> Flow32: ...
    def Flow64(self, spec: dict[str, Any], n_features: int, n_context: int = 0) -> Flow64: ...
    def count_params(self, spec: dict[str, Any], n_features: int, most: int) -> int: ...

LARGEST_PARAMETER: float  # no training step leads beyond

def features() -> dict[str, bool]: ...
def missing(isa: str) -> list[str]: ...
def supports(isa: str) -> bool: ...
