"""Constructor's parameters as JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from nflows_np import _random_state
from nflows_np._messages import shown
from nflows_np.columns.kinds import Kind, kind_from_dict
from nflows_np.estimators import _plain
from nflows_np.specs import Base, Flow, from_dict


def to_plain(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters by name, as JSON has them."""
    return {name: _encode(name, value) for name, value in params.items()}


def from_plain(name: str, document: Any, known: Iterable[str]) -> dict[str, Any]:
    """The parameters that :func:`to_plain` wrote; the names of a file that nobody knows are refused."""
    return {key: _decode(key, value) for key, value in _plain.section(name, document, list(known)).items()}


def _encode(name: str, value: Any) -> Any:
    """A parameter as JSON; what JSON has no word for is a dict of one entry."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Flow):
        return {"flow": value.to_dict()}
    if isinstance(value, Base):
        return {"base": value.to_dict()}
    if isinstance(value, (tuple, list, np.ndarray)):
        return {"tuple": [_encode(name, item) for item in value]}
    if isinstance(value, Kind):
        return {"kind": value.to_dict()}
    if isinstance(value, dict) and name == "columns":
        return {"columns": [[key, kind.to_dict()] for key, kind in value.items()]}
    if isinstance(value, dict):
        return {"options": {str(key): _encode(name, item) for key, item in value.items()}}
    if isinstance(value, (np.dtype, type)):
        return np.dtype(value).name
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return _random_state.encode(name, value)
    raise TypeError(f"parameter {name}={shown(value)} has no place in a model file.")


def _decode(name: str, value: Any) -> Any:
    """The parameter that :func:`_encode` wrote."""
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise ValueError(f"{name} is {shown(value)}, not a parameter")
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[content]
    if kind in ("flow", "base"):
        return from_dict(content)
    if kind == "kind":
        return kind_from_dict(content)
    if kind == "columns":
        return _columns(content)
    if kind == "tuple":
        return tuple(_item(name, item) for item in content)
    if kind == "options":
        return {key: _item(name, item) for key, item in _plain.section(name, content).items()}
    if kind in ("mt19937", "generator"):
        return _random_state.decode(kind, content)
    raise ValueError(f"{name} is of an unknown kind {shown(kind)}")


def _columns(content: Any) -> dict[str | int, Kind]:
    """The kinds of columns by their names or positions."""
    pairs: list[Any] = content if isinstance(content, list) else [None]
    if not all(isinstance(pair, list) and len(pair) == 2 and type(pair[0]) in (str, int) for pair in pairs):
        raise ValueError(f"columns is {shown(content)}, not a list of names or positions and kinds")
    return {key: kind_from_dict(kind) for key, kind in pairs}


def _item(name: str, value: Any) -> Any:
    """An item of a tuple or of options, which hold nothing that is nested."""
    if isinstance(value, (dict, list)):
        raise ValueError(f"{name} holds {shown(value)}")
    return value
