"""The coupling wiring: some columns stay and set the parameters of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Self

from ._checks import (
    check_choice,
    check_flag,
    check_integers,
    draw_permutation,
    fail,
    require,
    shown,
)
from ._spec import Permuter
from ._wiring import Wiring

MASKS = ("alternating", "half", "random")


@dataclass(frozen=True, repr=False)
class Coupling(Wiring):
    r"""Coupling layer: the kept columns pass unchanged and set, through an MLP, the parameters of the others.

    With kept columns :math:`A`, the others :math:`B`, and a transformer :math:`\tau` of one number,

    .. math:: z_A = x_A, \qquad z_j = \tau(x_j;\, \theta_j(x_A)) \quad (j \in B), \qquad
              \log|\det J| = \sum_{j \in B} \log|\tau'(x_j;\, \theta_j(x_A))| .

    Networks see a column :math:`x` as :math:`x / (1 + |x| / 10)`: far from the data, where they were never
    trained, they level off, and the layer acts on each column alone.

    Both directions cost one pass of the network. Where nothing is kept the layer is `Elementwise`; that is
    what it becomes on a single column.

    Parameters
    ----------
    transformer : Transformer, default=Affine()
        The map of each transformed column: `Additive` gives NICE, `Affine` gives RealNVP.
    mask : {"alternating", "half", "random"} or sequence of int, default="alternating"
        The kept columns: those of even index, the first ``D - D // 2``, as many drawn at random, or the given
        indices (in any order; none gives the elementwise map).
    swap : bool, default=False
        Keep the other columns of a named mask instead. Layers that alternate it transform every column.
    hidden_units : sequence of int, default=(64, 64)
        Widths of the hidden layers of the MLP.
    activation : {"relu", "tanh", "silu", "elu"}, default="relu"
        Activation function of the hidden layers.
    residual : bool, default=False
        Add to every second hidden layer after the first the one two below it, before their activations (He et al.
        2016): ``hidden_units=(64, 64, 64, 64, 64)`` are a first layer and two blocks. Their number is odd
        and their widths are equal.
    circular : sequence of int, default=()
        The columns that are angles, in radians. They move by `circular_spline`, and the networks see them as sine and
        cosine, so that densities are periodic in them.
    circular_spline : CircularSpline, default=CircularSpline()
        The map of those columns.

    References
    ----------
    Dinh, Krueger, Bengio (2014), "NICE: Non-linear Independent Components Estimation", arXiv:1410.8516.
    Dinh, Sohl-Dickstein, Bengio (2016), "Density estimation using Real NVP", arXiv:1605.08803.
    He, Zhang, Ren, Sun (2016), "Identity Mappings in Deep Residual Networks", arXiv:1603.05027 (residual blocks).
    Rezende, Papamakarios, Racanière, Albergo, Kanwar, Shanahan, Cranmer (2020), "Normalizing Flows on Tori and
    Spheres", arXiv:2002.02428 (circular columns).

    Examples
    --------
    >>> from nflows_np.specs import Coupling
    >>> Coupling().resolve(5)
    Coupling(mask=(0, 2, 4))
    >>> Coupling(mask="half", swap=True).resolve(5)
    Coupling(mask=(3, 4))
    >>> Coupling(mask=(1, 3), hidden_units=(32,)).to_dict()["kept"]
    [1, 3]
    """

    _: KW_ONLY
    mask: str | Sequence[int] = "alternating"
    swap: bool = False

    name = "coupling"

    def __post_init__(self) -> None:
        self._store("swap", check_flag(self, "swap", self.swap))
        if isinstance(self.mask, str):
            check_choice(self, "mask", self.mask, MASKS)
        else:
            wanted = f"one of {list(MASKS)} or a sequence of distinct column indices"
            kept = check_integers(self, "mask", self.mask, wanted)
            require(len(set(kept)) == len(kept), self, "mask", self.mask, wanted)
            self._store("mask", tuple(sorted(kept)))
            if self.swap:
                fail(self, "swap", True, "False where mask lists the kept columns (list the others instead)")
        super().__post_init__()

    def _resolve(self, n_features: int, rng: Permuter | None) -> Self:
        explicit = replace(self, mask=self._kept(n_features, rng), swap=False)
        return super(Coupling, explicit)._resolve(n_features, rng)

    def _moved(self, n_features: int) -> Sequence[int]:
        return [j for j in range(n_features) if j not in self.mask]

    def _kept(self, n_features: int, rng: Permuter | None) -> tuple[int, ...]:
        if not isinstance(self.mask, str):
            kept = tuple(self.mask)
            in_range, leaves_one = max(kept, default=-1) < n_features, len(kept) < n_features
            require(in_range, self, "mask", kept, f"column indices below n_features={n_features}")
            require(leaves_one, self, "mask", kept, f"fewer columns than n_features={n_features}")
            return kept
        if n_features == 1:  # nothing is left to condition on
            return ()
        n_kept = n_features - n_features // 2
        if self.mask == "alternating":
            chosen = set(range(0, n_features, 2))
        elif self.mask == "half":
            chosen = set(range(n_kept))
        else:
            chosen = set(draw_permutation(self, "mask", n_features, rng)[:n_kept])
        return tuple(j for j in range(n_features) if (j in chosen) != self.swap)

    # An explicit mask is written as "kept", the one form that the engine reads; a symbolic one as "mask" and
    # "swap".

    def _entries(self) -> dict[str, Any]:
        entries = super()._entries()
        if not isinstance(self.mask, str):
            del entries["mask"], entries["swap"]
            entries["kept"] = self.mask
        return entries

    @classmethod
    def _arguments(cls, entries: dict[str, Any]) -> dict[str, Any]:
        if "kept" in entries and "mask" not in entries and "swap" not in entries:
            entries = entries.copy()
            kept = entries.pop("kept")
            if not isinstance(kept, tuple):
                raise ValueError(f"Coupling: kept must be a list of column indices; got {shown(kept)}.")
            entries |= {"mask": kept, "swap": False}
        return super()._arguments(entries)
