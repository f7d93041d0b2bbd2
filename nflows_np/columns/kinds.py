"""Kinds: what a column of a table is. Frozen, comparable, and plain enough to be searched over and saved.

A kind is a statement about a column. Fitting resolves it, so that nothing is left to the data: a `Categorical` without
levels gets those that were seen. What it means for the model is asked of it in the terms of the engine's rows:

    measure       what densities are relative to: length, counting, or both
    link          the elementary map before all others (links.py): of bounds and of periods
    step          the width of its cells; 0 where it has a density
    levels        its categories, in the order of their codes; None of numbers
    atoms         its ends that hold mass of their own
    dequantize    whether noise of a step makes a density of it, whose mean over the step is its mass
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from numbers import Integral
from numbers import Real as RealNumber
from typing import Any, ClassVar

import numpy as np

from nflows_np._limits import MAX_LEVELS
from nflows_np._messages import shown

from .links import ABOVE, BELOW, BETWEEN, CIRCLE, IDENTITY

ENDS = ("low", "high", "both")


class Kind:
    """What a column is; one of `Real`, `Positive`, `Bounded`, `Periodic`, `Integer`, `Ordinal`, `Categorical`,
    `Datetime` and `Drop`."""

    name: ClassVar[str]
    low: float | None = None
    high: float | None = None
    atoms: str | None = None
    step: float = 0.0
    levels: Sequence[Any] | None = None
    dequantize: bool = False

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The least and the largest number of the column, codes of ranks among them."""
        return self.low, self.high

    @property
    def measure(self) -> str:
        """What densities of the column are relative to: "length", "count" or "atom + length"."""
        if self.step or self.levels is not None:
            return "count"
        return "atom + length" if self.atoms else "length"

    @property
    def link(self) -> tuple[int, float, float]:
        """The code of the elementary map, and its ends."""
        return self.link_between(None, None) if self.step else self.link_between(self.low, self.high)

    @staticmethod
    def link_between(low: float | None, high: float | None) -> tuple[int, float, float]:
        """The code of the elementary map of numbers between bounds, and its ends."""
        if low is None and high is None:
            return IDENTITY, -math.inf, math.inf
        code = ABOVE if high is None else BELOW if low is None else BETWEEN
        return code, -math.inf if low is None else float(low), math.inf if high is None else float(high)

    @property
    def low_atom(self) -> bool:
        return self.atoms in ("low", "both")

    @property
    def high_atom(self) -> bool:
        return self.atoms in ("high", "both")

    def to_dict(self) -> dict[str, Any]:
        """The kind as plain JSON; `kind_from_dict` is the way back."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.name} | {n: list(v) if isinstance(v, tuple) else v for n, v in own.items()}

    def __repr__(self) -> str:
        given: list[str] = []
        for f in reversed(fields(self)):  # type: ignore[arg-type]
            value = getattr(self, f.name)
            if value != f.default or (given and not f.kw_only and "=" not in given[0]):
                text = repr(list(value)) if isinstance(value, tuple) else f"{value!r}"
                given.insert(0, f"{f.name}={text}" if f.kw_only else text)
        return f"{type(self).__name__}({', '.join(given)})"

    def _number(self, name: str, value: Any) -> float | None:
        if value is None:
            return None
        try:
            finite = not isinstance(value, bool) and isinstance(value, RealNumber) and math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise ValueError(
                f"{type(self).__name__}: {name} must be a finite number or None; got {shown(value)}."
            )
        return int(value) if isinstance(value, Integral) else float(value)

    def _store_numbers(self, *names: str) -> None:
        for name in names:
            object.__setattr__(self, name, self._number(name, getattr(self, name)))

    def _check_order(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(
                f"{type(self).__name__}: low must be less than high; got {self.low} and {self.high}."
            )

    def _check_dequantize(self) -> None:
        if not isinstance(self.dequantize, (bool, np.bool_)):
            raise ValueError(
                f"{type(self).__name__}: dequantize must be True or False; got {shown(self.dequantize)}."
            )
        if self.dequantize and not self.step:
            raise ValueError(
                f"{type(self).__name__}: dequantize=True is for steps, and rounded is not given."
            )
        object.__setattr__(self, "dequantize", bool(self.dequantize))

    def _store_step(self) -> None:
        self._store_numbers("rounded")
        self._check_dequantize()
        step = self.rounded  # type: ignore[attr-defined]
        if step is None:
            return
        if not step > 0:
            raise ValueError(f"{type(self).__name__}: rounded must be positive; got {shown(step)}.")
        for name in ("low", "high"):
            end = getattr(self, name)
            if end is not None and abs(end / step - round(end / step)) > 1e-6:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be a whole multiple of rounded={step}; got {shown(end)}."
                )

    def _check_levels(self, levels: Any) -> tuple[Any, ...]:
        items = levels.tolist() if hasattr(levels, "tolist") else levels
        if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
            raise ValueError(f"{type(self).__name__}: levels must be a list of values; got {shown(levels)}.")
        items = tuple(v.item() if isinstance(v, np.generic) else v for v in items)
        for v in items:
            if not isinstance(v, (str, bool, int, float)) or (isinstance(v, float) and not math.isfinite(v)):
                raise ValueError(
                    f"{type(self).__name__}: levels must be texts, numbers or booleans; got {shown(v)}."
                )
        if not 1 <= len(items) <= MAX_LEVELS or len(set(items)) < len(items):
            raise ValueError(
                f"{type(self).__name__}: levels must be from 1 to {MAX_LEVELS} distinct values; got {shown(items)}."
            )
        return items


@dataclass(frozen=True, repr=False)
class Real(Kind):
    """Any number.

    Parameters
    ----------
    rounded : float, default=None
        The step to which the numbers are rounded. A row then has the mass of its step's interval, not a density.
    dequantize : bool, default=False
        Whether the column is learnt by a density of numbers with uniform noise of one step, and the mass of a number is
        its mean over the step. Then every preset can have it; the mass is an estimate, by 64 points.

    Examples
    --------
    >>> from nflows_np.columns import Real
    >>> Real(rounded=0.1).measure
    'count'
    """

    _: KW_ONLY
    rounded: float | None = None
    dequantize: bool = False

    name = "real"

    def __post_init__(self) -> None:
        self._store_step()

    @property
    def step(self) -> float:  # type: ignore[override]
        return float(self.rounded or 0.0)


@dataclass(frozen=True, repr=False)
class Bounded(Kind):
    """A number between bounds, which it never reaches unless they are atoms.

    The model sees its logit, or its logarithm where there is one bound; samples lie inside.

    Parameters
    ----------
    low, high : float or None
        The bounds; None for none.
    atoms : {"low", "high", "both"}, default=None
        The bounds that rows lie exactly on, with a probability of their own: sales that are zero, scores that are full.
    rounded : float, default=None
        The step to which the numbers are rounded: a row has the mass of its step's interval.
    dequantize : bool, default=False
        As for `Integer`: whether the column is learnt by a density of numbers with uniform noise of one step, and the
        mass of a number is its mean over the step. Then every preset can have it; the mass is an estimate, by 64
        points.

    Raises
    ------
    ValueError
        If the bounds are not in order, an atom is at a bound that is not there, or `rounded` and `atoms` are both
        given.

    Examples
    --------
    >>> from nflows_np.columns import Bounded
    >>> Bounded(0, 1, atoms="low").measure
    'atom + length'
    """

    low: float | None = None
    high: float | None = None
    _: KW_ONLY
    atoms: str | None = None
    rounded: float | None = None
    dequantize: bool = False

    name = "bounded"

    def __post_init__(self) -> None:
        self._store_numbers("low", "high")
        self._check_order()
        self._store_step()
        if self.low is None and self.high is None:
            raise ValueError(f"{type(self).__name__}: low or high must be given; without bounds, use Real().")
        _check_atoms(self)

    @property
    def step(self) -> float:  # type: ignore[override]
        return float(self.rounded or 0.0)


def _check_atoms(kind: Any) -> None:
    name = type(kind).__name__
    if kind.atoms is None:
        return
    if kind.atoms not in ENDS:
        raise ValueError(f"{name}: atoms must be one of {list(ENDS)} or None; got {shown(kind.atoms)}.")
    if (kind.low_atom and kind.low is None) or (kind.high_atom and kind.high is None):
        raise ValueError(f"{name}: atoms={kind.atoms!r} are at bounds, and one of them is not given.")
    if kind.rounded is not None:
        raise ValueError(
            f"{name}: rounded numbers have cells at their ends already; leave atoms={kind.atoms!r} out."
        )


@dataclass(frozen=True, repr=False)
class Positive(Kind):
    """A number above zero: ``Bounded(0, None)``.

    Parameters
    ----------
    atoms : {"low"}, default=None
        Whether rows may be exactly zero, with a probability of their own.
    rounded : float, default=None
        The step to which the numbers are rounded: a row has the mass of its step's interval, and zero is one.
    dequantize : bool, default=False
        As for `Integer`: whether the column is learnt by a density of numbers with uniform noise of one step, and the
        mass of a number is its mean over the step. Then every preset can have it; the mass is an estimate, by 64
        points.

    Examples
    --------
    >>> from nflows_np.columns import Positive
    >>> Positive(atoms="low")
    Positive(atoms='low')
    """

    _: KW_ONLY
    atoms: str | None = None
    rounded: float | None = None
    dequantize: bool = False

    name = "positive"
    low = 0.0

    def __post_init__(self) -> None:
        self._store_step()
        _check_atoms(self)

    @property
    def step(self) -> float:  # type: ignore[override]
        return float(self.rounded or 0.0)


@dataclass(frozen=True, repr=False)
class Periodic(Kind):
    """A place on a circle, such as an angle, an hour or a day of the year.

    Both ends are one place, and the density is no worse there than anywhere. Samples lie in ``[low, high)``.

    Parameters
    ----------
    low, high : float
        Where a period begins and ends: ``Periodic(0, 360)`` for degrees.

    Examples
    --------
    >>> from nflows_np.columns import Periodic
    >>> Periodic(-180, 180).measure
    'length'
    """

    low: float
    high: float

    name = "periodic"

    def __post_init__(self) -> None:
        self._store_numbers("low", "high")
        if self.low is None or self.high is None:
            raise ValueError(f"Periodic: low and high must be numbers; got {self.low} and {self.high}.")
        self._check_order()

    @property
    def link(self) -> tuple[int, float, float]:
        return CIRCLE, float(self.low), float(self.high)


@dataclass(frozen=True, repr=False)
class Integer(Kind):
    """A whole number, such as a count. A row has its probability.

    Parameters
    ----------
    low, high : int or None, default=None
        The smallest and the largest that there can be: ``Integer(0)`` for counts. Numbers within the bounds that no row
        has have some probability, too.
    dequantize : bool, default=False
        Whether the column is learnt by a density of numbers with uniform noise of one step, and the mass of a number is
        its mean over the step. Then every preset can have it; the mass is an estimate, by 64 points.

    References
    ----------
    Theis, van den Oord, Bethge (2016), "A note on the evaluation of generative models", ICLR.
    Ho, Chen, Srinivas, Duan, Abbeel (2019), "Flow++: Improving flow-based generative models with variational
    dequantization and architecture design", ICML.

    Examples
    --------
    >>> from nflows_np.columns import Integer
    >>> Integer(0).measure
    'count'
    """

    low: int | None = None
    high: int | None = None
    _: KW_ONLY
    dequantize: bool = False

    name = "integer"
    step = 1.0

    def __post_init__(self) -> None:
        self._store_numbers("low", "high")
        for end in ("low", "high"):
            value = getattr(self, end)
            if value is not None and value != round(value):
                raise ValueError(f"Integer: {end} must be a whole number or None; got {shown(value)}.")
        self._check_dequantize()
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"Integer: low must be at most high; got {self.low} and {self.high}.")


@dataclass(frozen=True, repr=False)
class Ordinal(Kind):
    """A rank: one of some levels in an order, such as sizes or grades. A row has its probability.

    Parameters
    ----------
    levels : sequence of str, float or bool
        The levels, lowest first.
    dequantize : bool, default=False
        As for `Integer`: whether the column is learnt by a density of numbers with uniform noise of one step, and the
        mass of a number is its mean over the step. Then every preset can have it; the mass is an estimate, by 64
        points.

    Examples
    --------
    >>> from nflows_np.columns import Ordinal
    >>> Ordinal(["low", "mid", "high"]).measure
    'count'
    """

    levels: Sequence[Any] = field(default=())
    _: KW_ONLY
    dequantize: bool = False

    name = "ordinal"
    step = 1.0

    @property
    def ends(self) -> tuple[float | None, float | None]:
        return 0, len(self.levels) - 1

    def __post_init__(self) -> None:
        self._check_dequantize()
        object.__setattr__(self, "levels", self._check_levels(self.levels))


@dataclass(frozen=True, repr=False)
class Categorical(Kind):
    """One of some categories without an order. A row has its probability, whatever their codes or names are.

    Parameters
    ----------
    levels : sequence of str, float or bool, default=None
        The categories; None for those of the column's dtype, or else those that the rows have. Categories that no row
        has keep a little probability.

    Examples
    --------
    >>> from nflows_np.columns import Categorical
    >>> Categorical(["f", "m"]).measure
    'count'
    """

    levels: Sequence[Any] | None = None

    name = "categorical"

    def __post_init__(self) -> None:
        if self.levels is not None:
            object.__setattr__(self, "levels", self._check_levels(self.levels))

    @property
    def measure(self) -> str:
        return "count"


@dataclass(frozen=True, repr=False)
class Datetime(Kind):
    """A time stamp, as seconds since 1970: densities are for every second.

    Examples
    --------
    >>> from nflows_np.columns import Datetime
    >>> Datetime().measure
    'length'
    """

    name = "datetime"


@dataclass(frozen=True, repr=False)
class Drop(Kind):
    """A column that is no part of the model, such as a row's number. Samples do not have it.

    Examples
    --------
    >>> from nflows_np.columns import Drop
    >>> Drop()
    Drop()
    """

    name = "drop"


KINDS: dict[str, type[Kind]] = {
    cls.name: cls
    for cls in (Real, Bounded, Positive, Periodic, Integer, Ordinal, Categorical, Datetime, Drop)
}


def kind_from_dict(d: Any) -> Kind:
    """A kind from what ``to_dict`` returned, as read back from JSON.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not isinstance(d, dict) or not isinstance(d.get("kind"), str) or d["kind"] not in KINDS:
        raise ValueError(
            f"a column's kind must be an object with 'kind' one of {sorted(KINDS)}; got {shown(d)}."
        )
    cls = KINDS[d["kind"]]
    known = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    unknown = sorted(set(d) - {"kind", *known})
    if unknown:
        raise ValueError(f"{cls.__name__}: its options are {known}; unknown {shown(unknown)}.")
    try:
        return cls(**{name: value for name, value in d.items() if name != "kind"})
    except TypeError as error:
        raise ValueError(f"{cls.__name__}: {error}") from None
