"""Model files: one zip archive of a JSON document and plain arrays, nothing in it that can run.

    model.json            {"format": 1, "nflows_np": "0.1.0", "estimator": "FlowDensity", "document": {...},
                           "arrays": {"parameters": {"dtype": "<f4", "shape": [29412], "sha256": "..."}, ...}}
    arrays/<name>.npy     one array each, little-endian, in C order

A file comes from anywhere, so reading trusts nothing in it. Members are read by the names that the document
lists and never extracted to a path; they must be stored without compression, so a file cannot unfold into
more than its own size; arrays hold numbers of three dtypes, of the size that their headers say, with the
checksum that the document says; no array of objects, no pickle, no expression is ever evaluated. What the
document means is then checked by the estimator's class.

Writing goes to a temporary file beside the target, which takes its place in one step: a model file is the old
one or the new one, whole, whatever happens in between.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["FORMAT", "ModelFileError", "load", "loadable", "save"]

FORMAT = 1
"""The format that is written, and the newest that can be read. Older ones stay readable."""

_DOCUMENT = "model.json"
_MAX_DOCUMENT_BYTES = 64 << 20
_MAX_MEMBERS = 256
_DTYPES = ("<f4", "<f8", "<i8")
_ARRAY_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

# What zipfile raises over archives that are none: it checks less than it relies on.
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)

_estimators: dict[str, type] = {}


class ModelFileError(ValueError):
    """A file is no model file, is damaged, was written by a newer version, or describes what cannot be."""


def loadable(cls: type) -> type:
    """Class decorator: let :func:`load` build this class.

    It needs two methods: ``_to_document() -> (document, arrays)``, of plain JSON and named arrays, and the
    class method ``_from_document(document, arrays)``, which checks all of it and raises ``ValueError`` where
    something is wrong.
    """
    _estimators[cls.__name__] = cls
    return cls


def save(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator to a file; a file that is there is replaced in one step.

    Parameters
    ----------
    estimator : FlowDensity
        Fitted.
    path : str or path-like
        Where to; any ending will do.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    TypeError
        If a parameter of the estimator is of a type that has no place in a file.
    OSError
        If the file cannot be written. What was there before is still there.
    """
    from nflows_np import __version__

    document, arrays = estimator._to_document()
    members = {name: _encode(array) for name, array in arrays.items()}
    manifest = {
        "format": FORMAT,
        "nflows_np": __version__,
        "estimator": type(estimator).__name__,
        "document": document,
        "arrays": {
            name: {
                "dtype": _portable(arrays[name]).dtype.str,
                "shape": list(arrays[name].shape),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for name, data in members.items()
        },
    }
    text = json.dumps(manifest, allow_nan=False, indent=1)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_DOCUMENT, text)
            for name, data in members.items():
                archive.writestr(f"arrays/{name}.npy", data)

    _replace(Path(path), write)


def load(path: str | os.PathLike[str]) -> Any:
    """Read an estimator back that its ``save`` wrote.

    Parameters
    ----------
    path : str or path-like
        A model file.

    Returns
    -------
    estimator : FlowDensity
        Fitted, and ready to go on training where it stood. It scores bit for bit as the one that was saved,
        on any machine with the same instruction set, and within rounding on any other.

    Raises
    ------
    ModelFileError
        If the file is no model file, is truncated or damaged, was written by a newer version, or describes a
        model that cannot be. It is a ``ValueError``. Nothing in the file is executed, and no file makes it
        allocate more than a small multiple of the file's own size.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import nflows_np
    >>> X = np.random.RandomState(0).normal(size=(200, 2))
    >>> flow = nflows_np.FlowDensity(flow="linear", random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.flow")
    ...     flow.save(path)
    ...     again = nflows_np.load(path)
    >>> bool(np.all(again.score_samples(X) == flow.score_samples(X)))
    True
    """
    import nflows_np.estimators  # noqa: F401  (its classes register themselves)

    manifest, arrays = _read(path)
    name = manifest.get("estimator")
    if not isinstance(name, str) or name not in _estimators:
        raise ModelFileError(f"{path}: holds an estimator {name!r}, which is none of {sorted(_estimators)}.")
    document = manifest.get("document")
    if not isinstance(document, dict):
        raise ModelFileError(f"{path}: model.json has no document.")
    try:
        return _estimators[name]._from_document(document, arrays)  # type: ignore[attr-defined]
    except KeyError as error:
        raise ModelFileError(f"{path}: the model lacks {error}.") from error
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a model that can be: {error}") from error


def _replace(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Fill a temporary file in the target's folder, then move it into the target's place.

    A link stays a link: what it points at is replaced. A device or a pipe is written to, for nothing can take
    its place.
    """
    if path.exists() and not path.is_file():
        with open(path, "wb") as file:
            write(file)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _portable(array: NDArray[Any]) -> NDArray[Any]:
    """The array in C order and little-endian, of a dtype that may stand in a file."""
    portable = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    if portable.dtype.str not in _DTYPES:
        raise TypeError(f"arrays of {array.dtype} have no place in a model file.")
    return portable


def _encode(array: NDArray[Any]) -> bytes:
    """An array as the bytes of an .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, _portable(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and the arrays of a file, every size, dtype and checksum verified."""
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            members = _members(path, archive, os.fstat(file.fileno()).st_size)
            manifest = _manifest(path, archive, members)
            return manifest, {
                name: _decode(f"{path}: array {name!r}", archive.read(members[f"arrays/{name}.npy"]), entry)
                for name, entry in manifest["arrays"].items()
            }
    except ModelFileError:
        raise
    except _DAMAGED as error:
        raise ModelFileError(f"{path}: not a model file, or a damaged one ({error}).") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ModelFileError(f"{path}: damaged: it points at places before its own beginning.") from error


def _members(path: Any, archive: zipfile.ZipFile, file_size: int) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by name: few, distinct, stored as they are, together no larger than the file."""
    infos = archive.infolist()
    members = {info.filename: info for info in infos}
    if len(members) != len(infos) or len(infos) > _MAX_MEMBERS:
        raise ModelFileError(
            f"{path}: {len(infos)} members, {len(members)} of them distinct: not a model file."
        )
    for info in infos:
        if (
            info.compress_type != zipfile.ZIP_STORED
            or info.compress_size != info.file_size
            or info.flag_bits & 1
        ):
            raise ModelFileError(
                f"{path}: member {info.filename!r} is compressed or encrypted: not a model file."
            )
    if sum(info.file_size for info in infos) > file_size:
        raise ModelFileError(f"{path}: its members are larger than the file: damaged.")
    return members


def _manifest(path: Any, archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    """The parsed model.json: of a known format, and naming exactly the arrays that are there."""
    info = members.get(_DOCUMENT)
    if info is None or info.file_size > _MAX_DOCUMENT_BYTES:
        raise ModelFileError(f"{path}: no {_DOCUMENT} of a sensible size in it: not a model file.")
    try:
        manifest = json.loads(archive.read(info).decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: {_DOCUMENT} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int or manifest["format"] < 1:
        raise ModelFileError(f"{path}: {_DOCUMENT} states no format: not a model file.")
    if manifest["format"] > FORMAT:
        raise ModelFileError(
            f"{path}: written in format {manifest['format']} by nflows_np {manifest.get('nflows_np')!r}; "
            f"this version reads formats up to {FORMAT}. Upgrade nflows_np."
        )
    arrays = manifest.get("arrays")
    if not isinstance(arrays, dict) or not all(_ARRAY_NAME.fullmatch(name) for name in arrays):
        raise ModelFileError(f"{path}: {_DOCUMENT} lists no arrays, or badly named ones.")
    expected = {_DOCUMENT, *(f"arrays/{name}.npy" for name in arrays)}
    if expected != set(members):
        raise ModelFileError(f"{path}: members {sorted(expected ^ set(members))} are missing or not listed.")
    return manifest


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _decode(what: str, data: bytes, entry: Any) -> NDArray[Any]:
    """The array of an .npy member, if header, size and checksum are what the manifest's entry says."""
    dtype, shape, checksum = (
        entry.get(k) if isinstance(entry, dict) else None for k in ("dtype", "shape", "sha256")
    )
    if (
        dtype not in _DTYPES
        or not isinstance(shape, list)
        or not all(type(n) is int and n >= 0 for n in shape)
    ):
        raise ModelFileError(f"{what} is listed with dtype {dtype!r} and shape {shape!r}.")
    if hashlib.sha256(data).hexdigest() != checksum:
        raise ModelFileError(f"{what} does not have its checksum: damaged.")
    buffer = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(buffer) != (1, 0):
            raise ValueError("another version of .npy")
        header = np.lib.format.read_array_header_1_0(buffer)
    except Exception as error:  # the header is a Python literal, and fails in all the ways of Python's parser
        raise ModelFileError(f"{what} is no .npy array: {error}") from error
    content = data[buffer.tell() :]
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if header != (tuple(shape), False, np.dtype(dtype)) or len(content) != expected:
        raise ModelFileError(f"{what} is not the {dtype!r} array of shape {shape} that is listed.")
    return np.frombuffer(content, dtype=dtype).reshape(shape).astype(np.dtype(dtype).newbyteorder("="))
