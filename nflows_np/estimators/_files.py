"""Model files: a fitted estimator in an archive, and back.

A document of format 2 is {"params": {...}, "fitted": {...}}: the constructor's parameters and the fields of
`nflows_np.estimators.fitted.Fitted`, among them "training" where the file was asked to hold it. Fields that a file
lacks take their defaults, and unknown ones are refused. Files of format 1 are read for ever, through `_format_1`.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

import numpy as np

from nflows_np import persistence
from nflows_np._messages import clipped, shown
from nflows_np._model import FlowModel
from nflows_np.columns.kinds import Kind
from nflows_np.estimators import _format_1, _params, _plain
from nflows_np.estimators._plain import Arrays
from nflows_np.estimators.fitted import Fitted
from nflows_np.persistence import Archive, ModelFileError

_classes: dict[str, type] = {}


def loadable(cls: type) -> type:
    """Class decorator: let :func:`load` build this class, a `FlowEstimator`."""
    _classes[cls.__name__] = cls
    return cls


def save(estimator: Any, path: str | os.PathLike[str], resumable: bool) -> None:
    """Write a fitted estimator to a file; see `FlowEstimator.save`."""
    cls = type(estimator)
    if _classes.get(cls.__name__) is not cls:
        raise TypeError(
            f"{cls.__module__}.{cls.__qualname__} has no place in a model file, which holds one of "
            f"{sorted(_classes)}: pickle it, or save an estimator of such a class."
        )
    params = estimator.get_params(deep=False) | {"device": "cpu"}  # a file knows no device
    if not isinstance(params["columns"], (str, Kind)):
        params["columns"] = estimator.columns_  # keys may be selectors
    params = _params.to_plain(params)
    fitted, arrays = estimator._fitted.to_file(resumable=resumable)
    persistence.write(path, Archive(cls.__name__, {"params": params, "fitted": fitted}, arrays))


def load(path: str | os.PathLike[str]) -> Any:
    """Read an estimator back that its ``save`` wrote.

    Parameters
    ----------
    path : str or path-like
        A model file.

    Returns
    -------
    estimator : FlowDensity
        Fitted. It scores bit for bit as the one that was saved, on any machine with the same instruction set, and
        within rounding on any other. A file that was saved with ``resumable=True`` is ready to go on training where
        it stood, bit for bit.

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
    archive = persistence.read(path)
    cls = _classes.get(archive.estimator) if isinstance(archive.estimator, str) else None
    if cls is None:
        raise ModelFileError(
            f"{path}: holds an estimator {shown(archive.estimator)}, which is none of {sorted(_classes)}."
        )
    try:
        document, arrays = archive.document, archive.arrays
        if archive.format == 1:
            document, arrays = _format_1.renamed(document, arrays)
        return _read(cls, document, arrays)
    except KeyError as error:
        raise ModelFileError(f"{path}: the model lacks {clipped(error)}.") from error
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a model that can be: {clipped(error)}") from error


def _read(cls: type, document: dict[str, Any], arrays: Arrays) -> Any:
    """The estimator of a document and its arrays, all of it checked."""
    _plain.section("the document", document, ["params", "fitted"])
    estimator = cls(**_params.from_plain("params", document["params"], inspect.signature(cls).parameters))
    estimator._validate_params()
    fitted = Fitted.from_file(document["fitted"], arrays)
    unknown = sorted(set(fitted.architecture) - set(estimator._architecture()))
    if unknown:
        raise ValueError(f"architecture has entries that this version does not know: {shown(unknown)}")
    estimator._adopt(fitted)
    _check_scores(estimator._model)
    return estimator


def _check_scores(model: FlowModel) -> None:
    """Refuse parameters that are within their bounds, and yet give ordinary rows no density.

    A network multiplies as many of them as it has layers: no bound that leaves room for training holds for all.
    """
    steps = np.array([[-1e6], [-3.0], [-0.5], [0.0], [0.5], [3.0], [1e6]])
    with np.errstate(over="ignore"):
        rows = model.scaler.loc + model.scaler.scale * steps
        if model.scaler.links is not None:
            rows = np.column_stack([model.scaler.links.inverse(j, u) for j, u in enumerate(rows.T)])
        rows = np.nan_to_num(rows)
    if not np.all(np.isfinite(model.log_prob(rows))):
        raise ValueError("its densities are not finite")
