"""The random states that users pass: scikit-learn's three kinds and NumPy's Generator; and their form in files."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state as _sklearn_check

# What scikit-learn's validation of parameters allows for a random state.
CONSTRAINT = ["random_state", np.random.Generator]

_BIT_GENERATORS = {
    kind.__name__: kind
    for kind in (
        np.random.MT19937,
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.Philox,
        np.random.SFC64,
    )
}
_MT19937_WORDS = 624


def check_random_state(random_state: Any) -> np.random.RandomState:
    """A RandomState that draws from what the user gave.

    A Generator's own bit generator is drawn from, under its lock: the Generator advances.
    """
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    try:
        return _sklearn_check(random_state)
    except ValueError:
        raise ValueError(
            "random_state must be None, an int from 0 to 2**32 - 1, a numpy.random.RandomState or a "
            f"numpy.random.Generator; got {random_state!r}."
        ) from None


def encode(name: str, value: np.random.RandomState | np.random.Generator) -> dict[str, Any]:
    """A random state as JSON: a dict of one entry.

    Raises
    ------
    TypeError
        If its class or its bit generator is not NumPy's own, or the bit generator of a RandomState is not MT19937.
    """
    if type(value) not in (np.random.RandomState, np.random.Generator):
        raise TypeError(
            f"parameter {name}={value!r} has no place in a model file: {type(value).__name__} is a class of its own, "
            "not NumPy's."
        )
    if isinstance(value, np.random.Generator):
        kind = type(value.bit_generator)
        if _BIT_GENERATORS.get(kind.__name__) is not kind:
            raise TypeError(
                f"parameter {name}={value!r} has no place in a model file: its bit generator is none of "
                f"{', '.join(_BIT_GENERATORS)}."
            )
        return {"generator": _plain(value.bit_generator.state)}
    state: Any = value.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise TypeError(
            f"parameter {name}={value!r} has no place in a model file: the bit generator of a RandomState must be "
            "MT19937. Pass a Generator."
        )
    return {
        "mt19937": [state["state"]["key"].tolist(), state["state"]["pos"], state["has_gauss"], state["gauss"]]
    }


def decode(kind: str, content: Any) -> np.random.RandomState | np.random.Generator:
    """The random state that :func:`encode` wrote.

    A Generator goes on where it was, except that what it would spawn is new.

    Raises
    ------
    ValueError
        If it is no state of that kind. NumPy takes some states that would read beyond an array or never end.
    """
    if kind == "generator":
        return _generator(content)
    if not isinstance(content, list) or len(content) != 4:
        raise ValueError("random_state is not a key, a position, a flag and a normal variate")
    key, pos, has_gauss, gauss = content
    if has_gauss not in (0, 1) or type(gauss) is not float or not math.isfinite(gauss):
        raise ValueError("random_state keeps no normal variate and flag")
    random_state = np.random.RandomState()
    random_state.set_state(("MT19937", *_mt19937({"key": key, "pos": pos}).values(), int(has_gauss), gauss))
    return random_state


def _plain(state: Any) -> Any:
    """A bit generator's state without arrays and NumPy's numbers."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, (np.ndarray, np.generic)) else state


def _generator(state: Any) -> np.random.Generator:
    name = state.get("bit_generator") if isinstance(state, dict) else None
    if not isinstance(name, str) or name not in _BIT_GENERATORS:
        raise ValueError("random_state has no bit generator of NumPy's")
    checked: dict[str, Any] = {"bit_generator": name}
    fields = {"bit_generator", "state"}
    inner = state.get("state")
    if name == "MT19937":
        checked["state"] = _mt19937(inner)
    else:
        fields |= {"has_uint32", "uinteger"}
        checked["has_uint32"] = _integer(state, "has_uint32", 1)
        checked["uinteger"] = _integer(state, "uinteger", 2**32 - 1)
        if name == "SFC64":
            checked["state"] = {"state": _words(inner, "state", 4, np.uint64)}
        elif name == "Philox":
            fields |= {"buffer", "buffer_pos"}
            checked["state"] = {
                part: _words(inner, part, n, np.uint64) for part, n in (("counter", 4), ("key", 2))
            }
            checked["buffer"] = _words(state, "buffer", 4, np.uint64)
            checked["buffer_pos"] = _integer(state, "buffer_pos", 4)
        else:
            checked["state"] = {part: _integer(inner, part, 2**128 - 1) for part in ("state", "inc")}
            if checked["state"]["inc"] % 2 == 0:
                raise ValueError(f"the increment of random_state's {name} is even")
    if set(state) != fields or set(inner) != set(checked["state"]):
        raise ValueError(f"random_state has other fields than a {name}")
    bit_generator: Any = _BIT_GENERATORS[name]()
    bit_generator.state = checked
    return np.random.Generator(bit_generator)


def _mt19937(state: Any) -> dict[str, Any]:
    key = _words(state, "key", _MT19937_WORDS, np.uint32)
    if not (key[0] >> 31 or key[1:].any()):  # it would stay at zero for ever
        raise ValueError("the key of random_state is zero")
    return {"key": key, "pos": _integer(state, "pos", _MT19937_WORDS)}


def _integer(state: Any, name: str, most: int) -> int:
    value = state.get(name) if isinstance(state, dict) else None
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} of random_state is not an integer from 0 to {most}")
    return value


def _words(state: Any, name: str, n: int, dtype: Any) -> NDArray[Any]:
    values = state.get(name) if isinstance(state, dict) else None
    most = int(np.iinfo(dtype).max)
    if (
        not isinstance(values, list)
        or len(values) != n
        or not all(type(value) is int and 0 <= value <= most for value in values)
    ):
        raise ValueError(f"{name} of random_state is not {n} integers from 0 to {most}")
    return np.array(values, dtype=dtype)
