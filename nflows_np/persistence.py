"""The archive of a model file: one zip of a JSON document and plain arrays, nothing in it that can run.

    model.json            {"format": 2, "nflows_np": "0.1.0", "estimator": "FlowDensity", "document": {...},
                           "arrays": {"parameters": {"dtype": "<f4", "shape": [29412], "sha256": "..."}, ...}}
    arrays/<name>.npy     one array each, little-endian, in C order

A file comes from anywhere, so reading trusts nothing in it. Members are read by the names that the document
lists and never extracted to a path; they must be stored without compression, so a file cannot unfold into
more than its own size; arrays hold numbers of three dtypes, of the size that their headers say, with the
checksum that the document says; no array of objects, no pickle, no expression is ever evaluated. What the
document means is not known here: `nflows_np.estimators` says it, and checks it.

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
import stat
import struct
import zipfile
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nflows_np._messages import clipped, shown
from nflows_np._replacing import replace

__all__ = ["FORMAT", "Archive", "ModelFileError", "read", "write"]

FORMAT = 2
"""The format that is written, and the newest that can be read. Older ones stay readable."""

_DOCUMENT = "model.json"
_MAX_DOCUMENT_BYTES = (
    8 << 20
)  # specs and names of 20,000 columns take two; Python makes twenty times as much of it
_MAX_MEMBERS = 256
_MAX_DIRECTORY_BYTES = 1 << 20  # the zip's own list of its members
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


class ModelFileError(ValueError):
    """A file is no model file, is damaged, was written by a newer version, or describes what cannot be."""


@dataclass(frozen=True)
class Archive:
    """What is in a model file: the name of an estimator's class, its document and its arrays."""

    estimator: Any
    document: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    format: int = FORMAT


def write(path: str | os.PathLike[str], archive: Archive) -> None:
    """Write a file; one that is there is replaced in one step.

    Parameters
    ----------
    path : str or path-like
        Where to; any ending will do.
    archive : Archive
        A document of plain JSON, and arrays of float32, float64 or int64.

    Raises
    ------
    TypeError
        If an array is of another dtype.
    ValueError
        If the document is larger than what would be read.
    OSError
        If the file cannot be written. What was there before is still there.
    """
    from nflows_np import __version__

    members = {name: _encode(array) for name, array in archive.arrays.items()}
    manifest = {
        "format": archive.format,
        "nflows_np": __version__,
        "estimator": archive.estimator,
        "document": archive.document,
        "arrays": {
            name: {
                "dtype": _portable(archive.arrays[name]).dtype.str,
                "shape": list(archive.arrays[name].shape),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
            for name, data in members.items()
        },
    }
    text = json.dumps(manifest, allow_nan=False)
    if len(text) > _MAX_DOCUMENT_BYTES:  # which json keeps to ASCII
        raise ValueError(
            f"The names and specs of this model take {len(text)} bytes; a model file may hold {_MAX_DOCUMENT_BYTES}."
        )

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as target:
            target.writestr(_DOCUMENT, text)
            for name, data in members.items():
                target.writestr(f"arrays/{name}.npy", data)

    replace(path, fill)


def read(path: str | os.PathLike[str]) -> Archive:
    """Read a file, every size, dtype and checksum verified.

    Parameters
    ----------
    path : str or path-like
        A model file.

    Returns
    -------
    archive : Archive
        What the document says is not checked.

    Raises
    ------
    ModelFileError
        If the file is no model file, is truncated or damaged, or was written by a newer version. Nothing in the
        file is executed, and no file makes it allocate more than a small multiple of the file's own size.
    OSError
        If the file cannot be read.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # of which the system itself says what it is
        raise ModelFileError(f"{path}: a device or a pipe: not a model file.")
    try:
        with _Cautious(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            members = _members(path, archive, os.fstat(file.fileno()).st_size)
            file.most = max([file.most, *(info.file_size for info in members.values())])
            manifest = _manifest(path, archive, members)
            arrays = {
                name: _decode(f"{path}: array {name!r}", archive.read(members[f"arrays/{name}.npy"]), entry)
                for name, entry in manifest["arrays"].items()
            }
    except ModelFileError:
        raise
    except _DAMAGED as error:
        raise ModelFileError(f"{path}: not a model file, or a damaged one ({clipped(error)}).") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise ModelFileError(f"{path}: damaged: it points at places before its own beginning.") from error
    return Archive(manifest.get("estimator"), manifest["document"], arrays, manifest["format"])


class _Cautious(io.BufferedReader):
    """A file that is not read in pieces of any size that it asks for, as the directory of an archive would be."""

    most = _MAX_DIRECTORY_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.most:
            raise ModelFileError(f"{self.name}: not a model file: {size} bytes for the list of its members.")
        return super().read(self.most if size is None or size < 0 else size)


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
                f"{path}: member {shown(info.filename)} is compressed or encrypted: not a model file."
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
        raise ModelFileError(f"{path}: {_DOCUMENT} cannot be read: {clipped(error)}") from error
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int or manifest["format"] < 1:
        raise ModelFileError(f"{path}: {_DOCUMENT} states no format: not a model file.")
    if manifest["format"] > FORMAT:
        raise ModelFileError(
            f"{path}: written in format {shown(manifest['format'])} by nflows_np {shown(manifest.get('nflows_np'))}; "
            f"this version reads formats up to {FORMAT}. Upgrade nflows_np."
        )
    arrays = manifest.get("arrays")
    if not isinstance(arrays, dict) or not all(_ARRAY_NAME.fullmatch(name) for name in arrays):
        raise ModelFileError(f"{path}: {_DOCUMENT} lists no arrays, or badly named ones.")
    expected = {_DOCUMENT, *(f"arrays/{name}.npy" for name in arrays)}
    if expected != set(members):
        raise ModelFileError(
            f"{path}: members {shown(sorted(expected ^ set(members)))} are missing or not listed."
        )
    if not isinstance(manifest.get("document"), dict):
        raise ModelFileError(f"{path}: {_DOCUMENT} has no document.")
    return manifest


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


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
        raise ModelFileError(f"{what} is listed with dtype {shown(dtype)} and shape {shown(shape)}.")
    if hashlib.sha256(data).hexdigest() != checksum:
        raise ModelFileError(f"{what} does not have its checksum: damaged.")
    buffer = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(buffer) != (1, 0):
            raise ValueError("another version of .npy")
        header = np.lib.format.read_array_header_1_0(buffer)
    except Exception as error:  # the header is a Python literal, and fails in all the ways of Python's parser
        raise ModelFileError(f"{what} is no .npy array: {clipped(error)}") from error
    content = data[buffer.tell() :]
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if header != (tuple(shape), False, np.dtype(dtype)) or len(content) != expected:
        raise ModelFileError(f"{what} is not the {dtype!r} array of shape {shown(shape)} that is listed.")
    return np.frombuffer(content, dtype=dtype).reshape(shape).astype(np.dtype(dtype).newbyteorder("="))
