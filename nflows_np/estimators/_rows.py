"""Rows that a user gives, under the name of their argument, so that an error in one never speaks of another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _get_feature_names, check_array, validate_data

from nflows_np._distinct import first_copies
from nflows_np._finite import check_finite
from nflows_np._warnings import warn
from nflows_np.columns.coding import Coder, within_dtype
from nflows_np.columns.empirical import evenly_spread
from nflows_np.columns.frames import Frame, column_of, is_frame
from nflows_np.columns.keys import check_columns, kinds_by_position, named
from nflows_np.columns.kinds import Bounded, Categorical, Kind, Ordinal, Periodic, Real
from nflows_np.columns.suggest import suggestions, warn_of_kinds
from nflows_np.columns.table import TableColumns, TableRows
from nflows_np.specs import Flow

LOOKED_AT = 2**17
"""Rows that are looked at for what their columns are."""


def read_table(estimator: Any, X: Any, least: int) -> tuple[TableRows, TableColumns, list[int]]:
    """Rows to fit, what their columns are, and of which used ones a warning has said more.

    The estimator takes its columns from them.

    Parameters
    ----------
    estimator : FlowEstimator
    X : array-like or frame of shape (n_samples, n_features)
    least : int
        How many rows there must be.

    Raises
    ------
    ValueError, TypeError
        If a cell is not of its column's kind.
    """
    X, given, missing = _unmasked(X), estimator.columns, estimator.missing == "observed"
    check_columns(given)
    by_dtype = isinstance(given, str) and given == "from_dtype"
    if by_dtype and not missing and not _has_kinds(X):
        rows = check_rows(estimator, X, reset=True, ensure_min_samples=least)
        has_names = is_frame(X) and _get_feature_names(X) is not None
        read, columns = TableRows(rows, None), TableColumns.plain(Frame.of(X if has_names else rows))
    else:
        X = _table_like(estimator, X, reset=True, least=least)
        names, n = _get_feature_names(X), X.shape[1]
        kinds: list[Kind | None] = [None] * n
        if not isinstance(given, str):
            kinds = kinds_by_position(given, X, None if names is None else [str(name) for name in names], n)
        columns = TableColumns.of(X, kinds, missing)
        read = columns.rows(X, of_model=True)
    looked_at = isinstance(given, str) and not isinstance(estimator.flow, Flow)  # a Flow is taken as it is
    found = suggestions(_some_distinct(read.numbers), columns) if looked_at else {}
    if found and by_dtype:
        warn_of_kinds(found, columns.frame.names)
    elif found:
        found = {
            j: kind for j, kind in found.items() if _all_can_be(read.numbers[:, columns.used.index(j)], kind)
        }
        kinds = [_acted_on(found.get(j, kind)) for j, kind in enumerate(columns.kinds)]
        columns = TableColumns.of(X, kinds, missing)
        read = columns.rows(X, of_model=True)
    return read, columns, [place for place, j in enumerate(columns.used) if by_dtype and j in found]


def read_rows(
    estimator: Any, X: Any, columns: TableColumns, name: str = "X", *, fitting: bool = False
) -> TableRows:
    """Rows of a table with the columns that were fitted; where rows that cannot be are an error, for `fitting`.

    Raises
    ------
    ValueError, TypeError
        If they are not such rows.
    """
    X = _unmasked(X)
    if columns.is_plain and not _has_kinds(X):
        return TableRows(check_rows(estimator, X, name), None)
    table = _table_like(estimator, X, name)
    try:
        return columns.rows(table, estimator.handle_unknown, of_model=fitting)
    except ValueError as error:
        if name == "X":
            raise
        raise ValueError(f"{name}: {error}") from None


def _acted_on(kind: Kind) -> Kind:
    """What "auto" takes a column for: that its ends are one place is no more than a guess."""
    return Bounded(kind.low, kind.high) if isinstance(kind, Periodic) else kind


def _all_can_be(numbers: NDArray[Any], kind: Kind) -> bool:
    """Whether all numbers are of the kind that some of them suggest."""
    return not Coder(kind, "").impossible(numbers).any()


def _some_distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Rows to see from what columns are: a repeated row is no tie, but for a table of one column."""
    rows: NDArray[Any] = numbers[evenly_spread(len(numbers), LOOKED_AT)]
    if rows.shape[1] == 1:
        return rows
    distinct: NDArray[Any] = rows[np.unique(first_copies(rows, np.arange(len(rows))))]
    return distinct


def _unmasked(X: Any) -> Any:
    """Masked cells as left-out ones: what lies below a mask is not data."""
    if not isinstance(X, np.ma.MaskedArray) or not np.ma.is_masked(X):
        return X
    return np.ma.filled(X.astype(np.float64), np.nan)


def check_same_kinds(given: Any, X: Any, columns: TableColumns) -> None:
    """Refuse to go on with a fit of columns of other kinds."""
    if isinstance(given, str):
        return
    names = None if columns.frame.names is None else list(columns.frame.names)
    kinds = kinds_by_position(given, X, names, len(columns.kinds))
    for j, (kind, fitted) in enumerate(zip(kinds, columns.kinds, strict=True)):
        by_levels = isinstance(kind, Categorical) and kind.levels is None and isinstance(fitted, Categorical)
        by_dtype = kind is None and (fitted == Real() or isinstance(fitted, (Categorical, Ordinal)))
        same = kind is not None and within_dtype(kind, columns.frame.range_of(j)) == fitted
        if not (by_levels or by_dtype or same):
            raise ValueError(
                f"warm_start and partial_fit go on with the columns that were fitted, and {named(j, names)} was "
                f"{fitted}, which columns now says is {kind}. Set warm_start=False to fit anew."
            )


def _has_kinds(X: Any) -> bool:
    """Whether a dtype says more of a column than that it holds numbers."""
    if isinstance(X, np.ndarray):
        return X.dtype.kind == "b"
    return is_frame(X) and any(column_of(X, j).kind != "number" for j in range(X.shape[1]))


def _table_like(estimator: Any, X: Any, name: str = "X", *, reset: bool = False, least: int = 1) -> Any:
    """A frame, or an array of numbers or, where it is no array of numbers, of objects."""
    owner = type(estimator).__name__
    if is_frame(X):
        if len(X) < least:
            raise ValueError(
                f"Found array with {len(X)} sample(s) (shape={tuple(X.shape)}) while a minimum of {least} is required "
                f"by {owner}."
            )
        if name == "X":
            validate_data(estimator, X, reset=reset, skip_check_array=True)
            return X
    else:
        objects = np.asarray(X) if not hasattr(X, "toarray") else X
        if not isinstance(X, np.ndarray) and getattr(objects, "dtype", np.dtype(float)).kind in "US":
            objects = np.array(X, dtype=object)  # numbers among texts stay numbers
        is_text = getattr(objects, "dtype", np.dtype(float)).kind in "OUST"
        if not is_text or getattr(objects, "ndim", 2) != 2 or isinstance(estimator.columns, str):
            if name == "X" and reset:
                X = validate_data(
                    estimator,
                    X,
                    reset=True,
                    dtype="numeric",
                    order=None,
                    ensure_all_finite=False,
                    ensure_min_samples=least,
                )
            else:
                X = check_array(
                    X, dtype="numeric", order=None, ensure_all_finite=False, ensure_min_samples=least,
                    input_name=name, estimator=estimator,
                )  # fmt: skip
            if X.dtype.kind not in "biuf":
                raise ValueError(
                    f"{owner} takes columns of real numbers, got an array of {X.dtype} for {name}."
                )
            if name == "X" and not reset:
                validate_data(estimator, X, reset=False, skip_check_array=True)
        else:
            X = objects.astype(object)
            if len(X) < least:
                raise ValueError(
                    f"Found array with {len(X)} sample(s), while a minimum of {least} is required by {owner}."
                )
            if name == "X":
                validate_data(estimator, X, reset=reset, skip_check_array=True)
    if name != "X":
        if X.shape[1] != estimator.n_features_in_:
            raise ValueError(
                f"{name} has {X.shape[1]} features, but {owner} is expecting {estimator.n_features_in_} features."
            )
        _check_names(estimator, X, name)
    return X


def check_rows(
    estimator: Any, X: Any, name: str = "X", *, reset: bool = False, ensure_min_samples: int = 1
) -> NDArray[Any]:
    """Validate rows without copying them: any real dtype, order or memory map stays what it is.

    Parameters
    ----------
    estimator : FlowEstimator
        Whose columns they have.
    X : array-like of shape (n_samples, n_features)
        The rows.
    name : {"X", "X_val", "Z"}
        The argument that holds them. Latent rows, "Z", have columns without names.
    reset : bool, default=False
        Whether the estimator takes its columns from these rows, in place of comparing them.
    ensure_min_samples : int, default=1
        How many rows there must be.

    Raises
    ------
    ValueError, TypeError
        If they are not rows of finite real numbers in the estimator's columns.
    """
    owner = type(estimator).__name__
    options: dict[str, Any] = {
        "dtype": "numeric",
        "order": None,
        "copy": False,
        "ensure_all_finite": False,  # said below, with the place
        "ensure_min_samples": ensure_min_samples,
    }
    try:
        rows: NDArray[Any]
        if name == "X":
            rows = validate_data(estimator, X, reset=reset, **options)
        else:
            rows = check_array(X, input_name=name, estimator=estimator, **options)
    except OverflowError:
        raise ValueError(f"Input {name} contains an integer that is too large for float64.") from None
    except (ValueError, TypeError) as error:
        if name == "X":
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}") from None
    if name != "X":
        n_features = estimator._n_features_out if name == "Z" else estimator.n_features_in_
        if rows.shape[1] != n_features:
            raise ValueError(
                f"{name} has {rows.shape[1]} features, but {owner} is expecting {n_features} features."
            )
        if name != "Z":
            _check_names(estimator, X, name)
    if rows.dtype.kind not in "biuf":
        raise ValueError(f"{owner} takes columns of real numbers, got an array of {rows.dtype} for {name}.")
    columns = None if name == "Z" else getattr(estimator, "feature_names_in_", None)
    check_finite(rows, name, owner, _get_feature_names(X) if reset else columns)
    return rows


def _check_names(estimator: Any, X: Any, name: str) -> None:
    """Compare the names of columns with those of the estimator, as scikit-learn does for ``X``."""
    expected, given = getattr(estimator, "feature_names_in_", None), _get_feature_names(X)
    if expected is None and given is None:
        return
    if expected is None or given is None:
        does, other = ("has", "without") if expected is None else ("does not have", "with")
        warn(
            f"{name} {does} valid feature names, but {type(estimator).__name__} was fitted {other} feature names"
        )
    elif list(given) != list(expected):
        raise ValueError(
            f"{name} has the columns {list(map(str, given))}, but {type(estimator).__name__} was fitted with "
            f"{list(map(str, expected))}, in this order."
        )
