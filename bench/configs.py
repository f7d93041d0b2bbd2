"""What is measured: the flows, their sizes, and the bars that the ratios have to clear.

Every contestant builds the same function: plain networks with ReLU, an affine map or a spline of eight bins with linear
tails, a standard normal base without parameters, Adam at 1e-3. The number of parameters follows from a formula, and
each contestant's is held to it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEARNING_RATE = 1e-3
N_LAYERS = {"maf": 5, "coupling": 8, "nsf": 5, "nsf_ar": 5}
N_BINS, TAIL_BOUND = 8, 5.0


@dataclass(frozen=True)
class Config:
    """One flow on tables of one width, trained with one batch size."""

    model: str  # "maf", "coupling", and the same with splines: "nsf_ar", "nsf"
    n_features: int
    hidden: tuple[int, ...]
    batch: int
    steps_only: bool = False  # another configuration differs in its batch alone: scoring would repeat it
    label: str = ""  # the name, where what follows differs from the usual
    layers: int | None = None
    rows: int | None = None  # of scoring and of an epoch
    file: str = ""  # the table, as it lies on disk

    @property
    def name(self) -> str:
        return self.label or f"{self.model}-{self.n_features}-{self.batch}"

    @property
    def title(self) -> str:
        return f"{self.model} x{self.n_layers}, D = {self.n_features}, {self.hidden}"

    @property
    def n_layers(self) -> int:
        return self.layers or N_LAYERS[self.model]

    @property
    def wide(self) -> bool:
        """Whether a row takes so long that rates are measured on fewer rows."""
        return self.hidden[0] >= 512

    @property
    def rows_to_score(self) -> int:
        return self.rows or (25_000 if self.wide else 100_000)

    @property
    def rows_to_sample(self) -> int:
        """Fewer where the peers take one wide pass for each column, ten seconds for 10,000 rows."""
        return 2_500 if self.wide and self.model == "maf" else 10_000

    @property
    def rows_of_epoch(self) -> int:
        """Twenty steps, or ten of the largest."""
        return self.rows or (10 if self.n_features > 43 else 20) * self.batch

    @property
    def autoregressive(self) -> bool:
        return self.model in ("maf", "nsf_ar")

    @property
    def splines(self) -> bool:
        return self.model in ("nsf", "nsf_ar")

    def kept_columns(self, layer: int) -> list[int]:
        """What layer `layer` of the alternating couplings leaves as it is: even and odd columns in turn."""
        return list(range(layer % 2, self.n_features, 2))

    @property
    def per_feature(self) -> int:
        """Parameters of the map of one column: shift and scale, or widths, heights and inner slopes."""
        return 3 * N_BINS - 1 if self.splines else 2

    def n_params(self, *, always_last: bool = False, free_ends: bool = False) -> int:
        """Trained numbers, every entry of a masked matrix counted.

        With `always_last`, every coupling transforms the last ``D - D // 2`` columns (flowjax); else the two
        halves take turns. They differ where D is odd. With `free_ends`, splines have two slopes more (flowjax).
        """
        d, each = self.n_features, self.per_feature + 2 * (free_ends and self.splines)
        if self.autoregressive:
            return self.n_layers * _mlp(d, self.hidden, each * d)
        kept = [d // 2 if always_last else len(self.kept_columns(i)) for i in range(self.n_layers)]
        return sum(_mlp(k, self.hidden, each * (d - k)) for k in kept)

    def multiply_adds(self) -> int:
        """Those that a row needs on its way through the networks; the zeros of a mask need none."""
        d = self.n_features
        if self.autoregressive:  # degrees, evenly spread: of inputs, hidden units and outputs
            hidden = [1 + np.arange(h) * (d - 1) // h for h in self.hidden]
            degrees = [np.arange(1, d + 1), *hidden, np.repeat(np.arange(d), self.per_feature)]
            seen = [np.count_nonzero(a[:, None] >= b) for b, a in pairwise(degrees)]
            return self.n_layers * int(sum(seen))
        kept = [len(self.kept_columns(i)) for i in range(self.n_layers)]
        return sum(a * b for k in kept for a, b in pairwise((k, *self.hidden, self.per_feature * (d - k))))

    def table(self, n: int) -> NDArray[Any]:
        """Correlated, standardised rows: the same for every contestant."""
        if self.file:
            on_disk: NDArray[Any] = np.load(self.file, mmap_mode="r")
            return on_disk[:n]
        rng = np.random.default_rng(self.n_features)
        mixing = np.eye(self.n_features) + 0.3 * rng.normal(size=(self.n_features,) * 2)
        mixing /= np.sqrt((mixing**2).sum(axis=0))
        return rng.normal(size=(n, self.n_features)) @ mixing

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: dict[str, Any]) -> Config:
        return cls(**entries | {"hidden": tuple(entries["hidden"])})


def _mlp(n_in: int, hidden: tuple[int, ...], n_out: int) -> int:
    widths = (n_in, *hidden, n_out)
    return sum((a + 1) * b for a, b in pairwise(widths))


SIZES: list[tuple[int, tuple[int, ...], int, bool]] = [
    (6, (64, 64), 256, False),
    (6, (64, 64), 4096, True),
    (21, (128, 128), 512, False),
    (43, (512, 512), 256, False),
    (63, (512, 512), 1024, False),
]
SPLINE_SIZES = [size for size in SIZES if size[0] <= 21 and not size[3]]
CONFIGS = {
    config.name: config
    for models, sizes in ((("maf", "coupling"), SIZES), (("nsf", "nsf_ar"), SPLINE_SIZES))
    for config in (Config(model, *size) for size in sizes for model in models)
}
QUICK = ("maf-6-256", "coupling-6-256")

# Time of the best peer / time of nflows_np, two threads, float32: what has to be met, and what is aimed for.
BARS: dict[str, dict[str, tuple[float, float]]] = {
    "step": {
        "maf-6-256": (5, 8),
        "maf-6-4096": (4.5, 6),
        "maf-21-512": (4.5, 6),
        "maf-43-256": (2.3, 2.9),
        "coupling-6-256": (4, 5.5),
        "coupling-6-4096": (3, 3.8),
        "coupling-21-512": (2.5, 3),
        "coupling-43-256": (1.4, 1.6),
        "nsf-6-256": (4, 6),
        "nsf-21-512": (3, 4),
        "nsf_ar-6-256": (4, 4),
        "nsf_ar-21-512": (4, 4),
    },
    "score": {
        "maf-6-256": (3, 4),
        "maf-21-512": (2.7, 3.3),
        "maf-43-256": (1.8, 2.1),
        "coupling-6-256": (1.7, 2),
        "coupling-21-512": (1.3, 1.45),
        "coupling-43-256": (1.1, 1.2),
        "nsf-6-256": (4, 4),
        "nsf-21-512": (2.5, 2.5),
    },
    "sample": {
        "maf-6-256": (8, 12),
        "maf-21-512": (25, 40),
        "maf-43-256": (50, 80),
        "coupling-6-256": (1.8, 2.3),
        "coupling-43-256": (1.2, 1.35),
        "nsf_ar-21-512": (25, 25),
    },
}
