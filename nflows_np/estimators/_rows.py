"""Rows that a user gives, under the name of their argument, so that an error in one never speaks of another."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.utils.validation import _get_feature_names, check_array, validate_data

from nflows_np._finite import check_finite
from nflows_np._warnings import warn


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
        if rows.shape[1] != estimator.n_features_in_:
            raise ValueError(
                f"{name} has {rows.shape[1]} features, but {owner} is expecting {estimator.n_features_in_} features."
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
