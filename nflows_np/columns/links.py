"""Elementary maps of single columns, known before a fit: where a column ends, and what is a circle.

    above      u = log(x - low)                                  for x > low
    below      u = -log(high - x)                                for x < high
    between    u = log((x - low) / (high - x))                   for low < x < high
    circle     u = 2 pi t - pi,  t in [0, 1) the fraction of the period (x - low) / (high - low), whole turns left out

They come before the scaling and are computed in float64, so that a value a hair from an end keeps its distance from
it. A value at an end is infinite: an atom, which the stages after this one leave alone, as they leave NaN. A value
outside of the ends is NaN; whoever calls refuses such values before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

IDENTITY, ABOVE, BELOW, BETWEEN, CIRCLE = range(5)
"""The codes of the maps, which the streams know by the same numbers (`_streams/links.pxi`)."""

ATOMS = 2
"""Of columns some of whose cells stand at the ends that a map takes to infinity."""

# Whether a column of each code has a lower end, and an upper one.
_ENDS = np.array([(False, False), (True, False), (False, True), (True, True), (True, True)])

_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, eq=False)
class Links:
    """The maps of a table's columns, as the engine's streams take them.

    Parameters
    ----------
    codes : ndarray of shape (n_features,), int64
        `IDENTITY`, `ABOVE`, `BELOW`, `BETWEEN` or `CIRCLE`.
    low, high : ndarray of shape (n_features,), float64
        The ends of each column: -inf and inf where it has none.
    own : ndarray of shape (n_features,), float64, optional
        What a finite cell of each column adds to its row's log-Jacobian, besides the map's slope.
    apart : ndarray of shape (n_features,), int64, optional
        1 for columns whose scale is no part of every row's log-Jacobian, those that are counted or have cells that are
        left out; `ATOMS` for those with atoms.

    Examples
    --------
    >>> import numpy as np
    >>> from nflows_np.columns.links import ABOVE, Links
    >>> links = Links.of({1: (ABOVE, 5.0, np.inf)}, 2)
    >>> u, log_slope = links.forward(1, np.array([5.0, 6.0, 25.0]))
    >>> u.round(3)
    array([ -inf, 0.   , 2.996])
    >>> links.inverse(1, u)
    array([ 5.,  6., 25.])
    """

    codes: NDArray[np.int64]
    low: Floats
    high: Floats
    own: Floats = None  # type: ignore[assignment]  # zeros
    apart: NDArray[np.int64] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        for name in ("codes", "low", "high", "own", "apart"):
            given = getattr(self, name)
            dtype = np.int64 if name in ("codes", "apart") else np.float64
            array = np.array(np.zeros(np.shape(self.codes)) if given is None else given, dtype=dtype)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def of(cls, columns: Mapping[int, tuple[int, float, float]], n_features: int) -> Links:
        """Code, lower and upper end of some columns, by their numbers, among `n_features`."""
        codes = np.zeros(n_features, dtype=np.int64)
        low, high = np.full(n_features, -np.inf), np.full(n_features, np.inf)
        for j, (code, lower, upper) in columns.items():
            codes[j], low[j], high[j] = code, lower, upper
        return cls(codes, low, high)

    def column(self, j: int) -> tuple[int, float, float]:
        """Code, lower and upper end of a column."""
        return int(self.codes[j]), float(self.low[j]), float(self.high[j])

    def is_linked(self, j: int) -> bool:
        """Whether a column has a map other than the identity."""
        return bool(self.codes[j] != IDENTITY)

    def check(self, n_features: int) -> None:
        """Raise ValueError unless these are links of `n_features` columns."""
        for name, array in vars(self).items():
            if array.shape != (n_features,):
                raise ValueError(f"link_{name} must be {n_features} numbers, one a column; got {array.size}")
        if not np.all(np.isfinite(self.own)) or not np.all((self.apart >= 0) & (self.apart <= ATOMS)):
            raise ValueError(f"link_own must be finite, and link_apart from 0 to {ATOMS}")
        if np.any((self.codes < IDENTITY) | (self.codes > CIRCLE)):
            raise ValueError(f"link_codes must be from {IDENTITY} to {CIRCLE}")
        for name, array, wanted, none in (
            ("low", self.low, _ENDS[self.codes, 0], -np.inf),
            ("high", self.high, _ENDS[self.codes, 1], np.inf),
        ):
            if not np.all(np.where(wanted, np.isfinite(array), array == none)):
                raise ValueError(f"link_{name} must be finite where a column has that end, {none} elsewhere")
        both = _ENDS[self.codes].all(axis=1)
        low, high = self.low[both], self.high[both]
        with np.errstate(over="ignore"):
            room = (np.nextafter(low, high) < high) & np.isfinite(high - low)
        if not np.all(room):
            raise ValueError("link_low must be below link_high, with numbers between and a finite difference")

    def forward(self, j: int, x: Floats) -> tuple[Floats, Floats]:
        """Linked values of column j, and the logarithms of the slopes there: 0 where a value is not finite.

        The engine's streams compute the same (`_streams/links.pxi`); this is what fits look at.
        """
        low, high, code = self.low[j], self.high[j], self.codes[j]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if code == IDENTITY:
                u, log_slope = np.array(x, dtype=np.float64), np.zeros(np.shape(x))
            elif code == ABOVE:
                u = np.log(_held(x, x - low))
                log_slope = -u
            elif code == BELOW:
                log_slope = u = -np.log(_held(x, high - x))
            elif code == BETWEEN:
                below, above = np.log(x - low), np.log(high - x)
                u, log_slope = below - above, np.log(high - low) - below - above
            else:
                width = high - low
                rest = np.fmod(_held(x, x - low), width)
                rest = np.where(rest < 0.0, rest + width, rest)
                u = 2.0 * np.pi * (np.where(rest >= width, 0.0, rest) / width) - np.pi
                log_slope = np.full(np.shape(x), np.log(2.0 * np.pi) - np.log(width))
            return u, np.where(np.isfinite(u), log_slope, 0.0)

    def inverse(self, j: int, u: Floats) -> Floats:
        """Values of column j for linked ones: the ends for infinite ones, strictly inside for finite ones.

        On a circle the lower end is inside, and what is infinite is NaN.
        """
        low, high, code = self.low[j], self.high[j], self.codes[j]
        least = low if code == CIRCLE else np.nextafter(low, np.inf)
        most = np.nextafter(high, -np.inf)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if code == IDENTITY:
                return np.array(u, dtype=np.float64)
            if code == ABOVE:
                x = low + np.exp(u)
            elif code == BELOW:
                x = high - np.exp(-u)
            elif code == BETWEEN:
                part = np.exp(-np.abs(u))
                part = (high - low) * (part / (1.0 + part))
                x = np.where(u > 0.0, high - part, low + part)
            else:
                part = (u + np.pi) / (2.0 * np.pi)
                part = part - np.floor(part)  # 1 where rounding takes a little less than a whole turn to one
                x = np.where(part >= 1.0, low, low + (high - low) * part)
            out: Floats = np.where(np.isfinite(u), np.clip(x, least, most), x)
            return out


def _held(x: Floats, value: Floats) -> Floats:
    """What was computed from x, within the range of numbers where x is."""
    held: Floats = np.where(np.isfinite(x), np.clip(value, -_LARGEST, _LARGEST), value)
    return held
