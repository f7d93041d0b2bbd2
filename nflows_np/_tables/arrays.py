"""Tables of numbers in NPY and NPZ files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import TableError, foreign_bytes, listed, quoted


def read_npy(path: str) -> NDArray[Any]:
    """The array of a file, mapped into memory."""
    values = _load(path, mmap_mode="r")
    if not isinstance(values, np.ndarray):
        raise TableError(f"{path}: an .npz archive under the name of a single array.")
    return _checked(path, values)


def read_npz(path: str, wanted: str | None) -> NDArray[Any]:
    """The array of an archive that is meant: the one of this name, the only one, or "X"."""
    arrays = _load(path)
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise TableError(f"{path}: not an .npz archive.")
    with arrays:
        names = arrays.files
        name = wanted or (names[0] if len(names) == 1 else "X")
        if name not in names:
            hint = "" if wanted else " Say which with --array."
            raise TableError(f"{path}: no array {quoted(name)} in it; there are {listed(names)}.{hint}")
        with foreign_bytes(path, f"array {quoted(name)} cannot be read"):
            values = np.asarray(arrays[name])
    return _checked(path, values)


def _load(path: str, **kwargs: Any) -> Any:
    with foreign_bytes(path, "not a NumPy file of numbers"):
        return np.load(path, allow_pickle=False, **kwargs)


def _checked(path: str, values: NDArray[Any]) -> NDArray[Any]:
    """Two dimensions of real numbers."""
    if values.ndim != 2 or values.dtype.kind not in "biuf" or values.shape[1] == 0:
        raise TableError(
            f"{path}: holds {values.dtype} of shape {values.shape}, not rows and columns of real numbers."
        )
    return values
