"""What is read from a document of a file, checked: each function returns the value or raises, naming the field."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nflows_np._limits import MAX_PARAMETER
from nflows_np._messages import shown

Arrays = dict[str, NDArray[Any]]


def section(name: str, value: Any, known: list[str] | None = None) -> dict[str, Any]:
    """An object, of no other entries than those that are known."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} is {shown(value)}, not an object")
    unknown = sorted(set(value) - set(known)) if known is not None else []
    if unknown:
        raise ValueError(f"{name} has entries that this version does not know: {shown(unknown)}")
    return value


def count(name: str, value: Any, most: int = 2**53) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} is {shown(value)}, not an integer from 0 to {most}")
    return value


def count_or_none(name: str, value: Any) -> int | None:
    return None if value is None else count(name, value)


def counts(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is {shown(value)}, not a list of integers")
    return tuple(count(f"{name}[{i}]", item) for i, item in enumerate(value))


def flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"{name} is {shown(value)}, not true or false")
    return value


def real(name: str, value: Any) -> float:
    if type(value) not in (int, float) or not abs(value) <= 1e300 or not math.isfinite(value):
        raise ValueError(f"{name} is {shown(value)}, not a finite number")
    return value


def real_or_none(name: str, value: Any) -> float | None:
    return None if value is None else real(name, value)


def text_or_none(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, not a text")
    return value


def names_or_none(name: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is {shown(value)}, not a list of names")
    return tuple(value)


def vector(arrays: Arrays, name: str, dtype: Any, length: int | None = None) -> NDArray[Any]:
    """An array of one dimension, of the dtype and length that the rest of the file asks for."""
    array = arrays[name]
    if array.dtype != dtype or array.ndim != 1 or length not in (None, len(array)):
        wanted = np.dtype(dtype).name if length is None else f"{np.dtype(dtype).name} of shape ({length},)"
        raise ValueError(f"{name} is {array.dtype} of shape {shown(array.shape)}, not {wanted}")
    return array


def finite(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds values that are not finite")
    return array


def weights(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Parameters of a flow, within the bound that training keeps."""
    if not np.all(np.abs(finite(name, array)) <= MAX_PARAMETER):
        raise ValueError(f"{name} holds values beyond {MAX_PARAMETER:g}, which no training reaches")
    return array
