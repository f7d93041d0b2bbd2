"""Weights of rows: what is a weight, and sums and means of weights that neither overflow nor vanish.

Only the ratios of weights count, so they are divided by a power of two before they are added: that is exact,
and weights of 1e308 are as good as weights of 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight


def check_weights(sample_weight: Any, X: NDArray[Any], owner: str, at_least: int = 1) -> NDArray[np.float64]:
    """The weights of the rows of ``X``: finite, not negative, and positive for ``at_least`` rows.

    Raises
    ------
    ValueError
        If they are not.
    """
    try:
        weights: NDArray[np.float64] = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    except OverflowError:
        raise ValueError("sample_weight contains an integer that is too large for float64.") from None
    positive = np.count_nonzero(weights)
    if positive < at_least:
        raise ValueError(
            f"sample_weight is zero but for {positive} sample(s), while a minimum of {at_least} is required by "
            f"{owner}."
        )
    return weights


def scaled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights divided by a power of two, the largest of them at least 1/2 and below 1."""
    return np.ldexp(weights, -np.frexp(weights.max(initial=0.0))[1])


def normalised(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights with a mean of 1."""
    weights = scaled(weights)
    return weights / weights.mean()


def mean(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """The mean of values, weighted if there are weights. What has weight 0 may be infinite and does not count."""
    if weights is None:
        return float(np.mean(values))
    weights = scaled(weights)
    counted = weights > 0.0
    return float(np.average(values[counted], weights=weights[counted]))


def standard_error(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """The standard error of :func:`mean`; infinite for a single value."""
    shares = np.ones(len(values)) if weights is None else scaled(weights)
    counted = shares > 0.0
    values, shares = values[counted], shares[counted] / shares.sum()
    n = len(values)
    if n < 2:
        return float("inf")
    return float(np.sqrt(np.sum(np.square(shares * (values - shares @ values))) * n / (n - 1)))
