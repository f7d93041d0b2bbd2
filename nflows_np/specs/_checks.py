"""Checks of the fields of specs: each returns the normalised value or raises, naming spec and field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np

from nflows_np._limits import MAX_HIDDEN_LAYERS, MAX_WIDTH
from nflows_np._messages import shown

ACTIVATIONS = ("relu", "tanh", "silu", "elu")


def fail(spec: Any, field: str, value: Any, wanted: str) -> NoReturn:
    hint = f" (a class: write {value.__name__}(...))" if isinstance(value, type) else ""
    raise ValueError(f"{type(spec).__name__}: {field} must be {wanted}; got {shown(value)}{hint}.")


def require(condition: bool, spec: Any, field: str, value: Any, wanted: str) -> None:
    if not condition:
        fail(spec, field, value, wanted)


def is_integer(value: Any) -> bool:
    """Whether `value` is a Python or NumPy integer; booleans are flags, not numbers."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_n_features(spec: Any, n_features: Any) -> int:
    positive = is_integer(n_features) and n_features >= 1
    require(positive, spec, "n_features", n_features, "an integer of at least 1")
    return int(n_features)


def check_flag(spec: Any, field: str, value: Any) -> bool:
    require(isinstance(value, (bool, np.bool_)), spec, field, value, "True or False")
    return bool(value)


def check_choice(spec: Any, field: str, value: Any, choices: Sequence[str]) -> str:
    require(isinstance(value, str) and value in choices, spec, field, value, f"one of {list(choices)}")
    return str(value)


def check_integer(spec: Any, field: str, value: Any, low: int, high: int) -> int:
    in_range = is_integer(value) and low <= value <= high
    require(in_range, spec, field, value, f"an integer from {low} to {high}")
    return int(value)


def check_instance(spec: Any, field: str, value: Any, cls: type) -> None:
    kind = cls.__name__.lower()
    require(isinstance(value, cls), spec, field, value, f"a {kind} spec")


def check_integers(spec: Any, field: str, value: Any, wanted: str) -> tuple[int, ...]:
    """A list, tuple, range or 1-D array of non-negative integers as a tuple of Python integers."""
    items = value.tolist() if isinstance(value, np.ndarray) and value.ndim == 1 else value
    if isinstance(items, (str, bytes)) or not isinstance(items, Sequence):
        fail(spec, field, value, wanted)
    for i, item in enumerate(items):
        require(is_integer(item) and item >= 0, spec, f"{field}[{i}]", item, "a non-negative integer")
    return tuple(int(item) for item in items)


def is_real(value: Any) -> bool:
    """Whether `value` is a Python or NumPy number; booleans are flags."""
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def check_real(spec: Any, field: str, value: Any, low: float, high: float) -> float:
    """A real number from `low` to `high` as a Python float; NaN is none."""
    require(is_real(value) and low <= value <= high, spec, field, value, f"a number from {low:g} to {high:g}")
    return float(value)


def check_names(spec: Any, field: str, value: Any, n: int) -> list[str]:
    """The names of `n` columns, whatever holds them."""
    names = [] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    strings = len(names) == n and all(isinstance(name, str) for name in names)
    require(strings, spec, field, value, f"the names of {n} columns")
    return names


def check_reals(spec: Any, field: str, value: Any, low: float, high: float) -> float | tuple[float, ...]:
    """One number for all columns, or a list, tuple or 1-D array with one for each."""
    items = value.tolist() if isinstance(value, np.ndarray) and value.ndim <= 1 else value
    if isinstance(items, (list, tuple)):
        require(len(items) >= 1, spec, field, value, "one number, or one for every column")
        return tuple(check_real(spec, f"{field}[{i}]", item, low, high) for i, item in enumerate(items))
    return check_real(spec, field, items, low, high)


def resolve_reals(spec: Any, field: str, value: Any, n_features: int) -> tuple[float, ...]:
    """One number for each of `n_features` columns of checked reals."""
    if isinstance(value, float):
        return (value,) * n_features
    wanted = f"one number, or one for each of {n_features} columns"
    require(len(value) == n_features, spec, field, value, wanted)
    return tuple(value)


def check_n_reflections(spec: Any, value: Any) -> int | str:
    """An even number of Householder reflections, or "auto"."""
    if isinstance(value, str):
        return check_choice(spec, "n_reflections", value, ("auto",))
    even = is_integer(value) and 0 <= value <= MAX_WIDTH and value % 2 == 0
    wanted = f"'auto' or an even number from 0 to {MAX_WIDTH} (an odd product is a mirror image)"
    require(even, spec, "n_reflections", value, wanted)
    return int(value)


def resolve_n_reflections(value: Any, n_features: int) -> int:
    """Of "auto" the largest even number up to `n_features`: every rotation is a product of so many."""
    return n_features - n_features % 2 if value == "auto" else value


def check_hidden_units(spec: Any, value: Any) -> tuple[int, ...]:
    units = check_integers(spec, "hidden_units", value, "a sequence of integers, one per hidden layer")
    n, wanted = len(units), f"at most {MAX_HIDDEN_LAYERS}"
    require(n <= MAX_HIDDEN_LAYERS, spec, "len(hidden_units)", n, wanted)
    wanted = f"between 1 and {MAX_WIDTH}"
    for i, width in enumerate(units):
        require(1 <= width <= MAX_WIDTH, spec, f"hidden_units[{i}]", width, wanted)
    return units


def check_activation(spec: Any, value: Any) -> str:
    return check_choice(spec, "activation", value, ACTIVATIONS)


def check_order(spec: Any, value: Any, choices: Sequence[str]) -> str | tuple[int, ...]:
    """An order of the columns: one of the named `choices`, or a permutation of 0, ..., D-1."""
    if isinstance(value, str):
        return check_choice(spec, "order", value, choices)
    wanted = f"one of {list(choices)} or a permutation of the column indices"
    order = check_integers(spec, "order", value, wanted)
    require(len(order) >= 1 and sorted(order) == list(range(len(order))), spec, "order", value, wanted)
    return order


def resolve_order(spec: Any, order: Any, n_features: int, rng: Any) -> tuple[int, ...]:
    """The explicit permutation of `n_features` columns that a checked `order` stands for."""
    if order == "identity":
        return tuple(range(n_features))
    if order == "reverse":
        return tuple(reversed(range(n_features)))
    if order == "random":
        return draw_permutation(spec, "order", n_features, rng)
    require(len(order) == n_features, spec, "order", order, f"a permutation of {n_features} columns")
    return tuple(order)


def draw_permutation(spec: Any, field: str, n: int, rng: Any) -> tuple[int, ...]:
    if not hasattr(rng, "permutation"):
        raise ValueError(
            f"{type(spec).__name__}: {field}='random' is resolved with a numpy Generator or RandomState; "
            f"got rng={shown(rng)}."
        )
    return tuple(int(i) for i in rng.permutation(n))
